"""The table of images that members brought here."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base


class Image(Base):
    """An image as it was painted anew here; its file is named by a digest of its bytes.

    One that no post shows and that is nobody's portrait waits for its author to publish, for a
    week.
    """

    __tablename__ = "images"

    key: Mapped[str] = mapped_column(unique=True)  # 26 characters, in the forms of its owner
    digest: Mapped[str] = mapped_column(index=True)  # SHA-256 in hexadecimal
    media_type: Mapped[str]
    width: Mapped[int]  # in pixels
    height: Mapped[int]
    size: Mapped[int]  # in bytes
    owner_id: Mapped[int] = reference("actors.id", index=True)
    post_id: Mapped[int | None] = reference("posts.id", index=True, ondelete="SET NULL")
    is_portrait: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
