"""The table by which debates are found by their tags."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from actors.models import reference
from fedi.core.tables import Base


class Tag(Base):
    """A post bears a tag; it shows it as it was written, and is found whatever its accents."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("post_id", "name"), Index(None, "name", "post_id"))

    post_id: Mapped[int] = reference("posts.id")
    name: Mapped[str]  # folded: without accents, in lower case
    label: Mapped[str]  # as written, without the #
