"""Tables of what happened to debates as a whole, and of what stands elsewhere since."""

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
    SPLIT = "split"  # some of it became a debate of its own
    PARTED = "parted"  # it was a part of another debate
    MERGED = "merged"  # all of it went into another debate
    JOINED = "joined"  # another debate came into it
    MOVED = "moved"  # to another Group


class ThreadEvent(Base):
    """Something that was done to a debate, by whom and why; it is told among its posts.

    What concerns two debates is told in both, under the same activity.
    """

    __tablename__ = "thread_events"
    __table_args__ = (Index(None, "thread_id"), Index(None, "act_uri"))

    thread_id: Mapped[int] = reference("threads.id")
    kind: Mapped[EventKind]
    actor_id: Mapped[int] = reference("actors.id")  # a moderator, or a Group of a peer
    reason: Mapped[str] = mapped_column(default="")
    act_uri: Mapped[str | None]  # of the activity, by which it is undone
    other_id: Mapped[int | None] = reference("threads.id")  # the other debate
    post_id: Mapped[int | None] = reference("posts.id", ondelete="SET NULL")  # told below this one
    left_group_id: Mapped[int | None] = reference("actors.id")  # of what moved
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class Placement(Base):
    """A post stands elsewhere than below what it answers, because its Group decided so.

    Where several say so, the last counts.  It waits for a post that is not known yet.
    """

    __tablename__ = "placements"
    __table_args__ = (Index(None, "post_uri"), Index(None, "act_uri"))

    act_uri: Mapped[str]  # the activity that decided it
    post_uri: Mapped[str]
    from_id: Mapped[int] = reference("threads.id")  # only out of this debate
    thread_id: Mapped[int] = reference("threads.id")  # into this one
    above_uri: Mapped[str | None]  # below this post; of an opening, none
