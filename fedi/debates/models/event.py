"""Table of what happened to debates as a whole."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base


class EventKind(StrEnum):
    """What happened to a debate."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"


class ThreadEvent(Base):
    """Something that was done to a debate, by whom and why; it is told among its posts."""

    __tablename__ = "thread_events"
    __table_args__ = (Index(None, "thread_id"),)

    thread_id: Mapped[int] = reference("threads.id")
    kind: Mapped[EventKind]
    actor_id: Mapped[int] = reference("actors.id")  # a moderator, or a Group of a peer
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
