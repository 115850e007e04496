"""Table of what members are told: somebody answered, named, liked, followed them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from actors.models import reference
from fedi.core.tables import Base, partial_index


class NotificationKind(StrEnum):
    """What happened."""

    REPLY = "reply"
    MENTION = "mention"
    QUOTE = "quote"
    LIKE = "like"
    FOLLOW = "follow"  # or the wish to, for those who approve their followers
    APPROVAL = "approval"  # of a wish of their own
    WARNING = "warning"
    REPORT = "report"


class Notification(Base):
    """One thing a member is told; its key tells when."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "actor_id", "id"),
        Index(None, "post_id"),
        partial_index("ix_notifications_unread", "actor_id", "post_id", where="read_at IS NULL"),
    )

    actor_id: Mapped[int] = reference("actors.id")  # of the member who is told
    kind: Mapped[NotificationKind]
    by_id: Mapped[int | None] = reference("actors.id", index=True)
    post_id: Mapped[int | None] = reference("posts.id")  # the reply, or what was liked
    read_at: Mapped[datetime | None]
