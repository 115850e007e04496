"""Tables of debates as a whole: threads, who takes part, what is pinned, who moderates."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base


class Thread(Base):
    """One debate: an opening post and everything that answers it, wherever it was written."""

    __tablename__ = "threads"
    __table_args__ = (Index(None, "listed", "active_at"), Index(None, "group_id", "active_at"))

    uri: Mapped[str] = mapped_column(unique=True)  # the context; the root's id when it names none
    key: Mapped[str] = mapped_column(unique=True)  # 26 characters, in our own addresses
    origin: Mapped[str] = mapped_column(index=True)  # of the node where it started
    root_id: Mapped[int]  # the opening post; of an orphan, the oldest post known
    root_uri: Mapped[str] = mapped_column(index=True)
    group_id: Mapped[int | None] = reference("actors.id")  # the Group it is addressed to
    author_id: Mapped[int] = reference("actors.id")
    title: Mapped[str]
    question: Mapped[str] = mapped_column(default="")  # the question put to debate, plain text
    opened_at: Mapped[datetime]
    active_at: Mapped[datetime]  # of the newest post
    last_author_id: Mapped[int | None] = reference("actors.id")
    post_count: Mapped[int] = mapped_column(default=0)  # root included, tombstones too
    locked_at: Mapped[datetime | None]
    listed: Mapped[bool] = mapped_column(default=True)  # shown among the network's debates
    changed_at: Mapped[datetime]  # of anything its collections or pages show: the ETag


class Participation(Base):
    """An actor wrote in a thread; their servers are where its news must travel."""

    __tablename__ = "participations"
    __table_args__ = (UniqueConstraint("thread_id", "actor_id"), Index(None, "actor_id"))

    thread_id: Mapped[int] = reference("threads.id")
    actor_id: Mapped[int] = reference("actors.id")
    post_count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime]


class Featured(Base):
    """A debate a Group keeps at hand."""

    __tablename__ = "featured"
    __table_args__ = (UniqueConstraint("group_id", "post_id"),)

    group_id: Mapped[int] = reference("actors.id")
    post_id: Mapped[int] = reference("posts.id")
    created_at: Mapped[datetime]


class Moderator(Base):
    """A person who looks after a Group."""

    __tablename__ = "moderators"
    __table_args__ = (UniqueConstraint("group_id", "actor_id"),)

    group_id: Mapped[int] = reference("actors.id")
    actor_id: Mapped[int] = reference("actors.id")
    created_at: Mapped[datetime]
