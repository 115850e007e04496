"""Tables of what a member has of their own: what they have read, marked, and begun to write."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base


class Attention(StrEnum):
    """What a member wants to hear of a thread; who says nothing follows those they write in."""

    FOLLOW = "follow"
    NONE = "none"  # nothing more, though they wrote there
    MUTE = "mute"  # not even that there is something new


class Reading(Base):
    """What a member has read of a thread.

    Keys of posts tell when they came here, so a late reply that is dated long ago is new.  Of a
    debate of several pages the end may be read before the middle: that is what `ahead` is for.
    """

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("actor_id", "thread_id"), Index(None, "thread_id"))

    actor_id: Mapped[int] = reference("actors.id")
    thread_id: Mapped[int] = reference("threads.id")
    read_until: Mapped[int] = mapped_column(default=0)  # every post whose key is not greater
    ahead: Mapped[list[int]] = mapped_column(JSON, default=list)  # and these, in ascending order
    read_at: Mapped[datetime | None]  # when they last read in it
    attention: Mapped[Attention | None]


class Bookmark(Base):
    """A member wants to find a post again; nobody else learns of it."""

    __tablename__ = "bookmarks"
    __table_args__ = (UniqueConstraint("actor_id", "post_id"), Index(None, "post_id"))

    actor_id: Mapped[int] = reference("actors.id")
    post_id: Mapped[int] = reference("posts.id")
    created_at: Mapped[datetime]


class Draft(Base):
    """What a member has begun to write and not published: one at each place."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("actor_id", "place"),)

    actor_id: Mapped[int] = reference("actors.id")
    place: Mapped[str]  # the key of the post that is answered, or `debate`
    fields: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # of the form, by name
    updated_at: Mapped[datetime]
