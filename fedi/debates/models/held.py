"""The table of what was written on servers that this node filters, until somebody has read it."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base, partial_index


class HeldPost(Base):
    """A post that is not shown before a moderator lets it in."""

    __tablename__ = "held_posts"
    __table_args__ = (partial_index("ix_held_posts_waiting", "id", where="decided_at IS NULL"),)

    uri: Mapped[str] = mapped_column(unique=True)  # of the post
    key: Mapped[str] = mapped_column(unique=True)  # in our own addresses
    author_id: Mapped[int] = reference("actors.id", index=True)
    parent_uri: Mapped[str | None]
    title: Mapped[str]
    excerpt: Mapped[str]  # its first words, plain
    held_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    let_in: Mapped[bool] = mapped_column(default=False)
