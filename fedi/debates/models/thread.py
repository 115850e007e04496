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
    #: The context in which it goes on, once its origin is lost and a Group has taken it up.
    continued_as: Mapped[str | None]
    locked_at: Mapped[datetime | None]
    #: Where all of it went: what leads here leads there.
    merged_into_id: Mapped[int | None] = reference("threads.id")
    is_rearranged: Mapped[bool] = mapped_column(default=False)  # split, merged or moved
    listed: Mapped[bool] = mapped_column(default=True)  # shown among the network's debates
    changed_at: Mapped[datetime]  # of anything its collections or pages show: the ETag


class Continuation(Base):
    """A second context of a debate: somebody goes on with it where its origin no longer can."""

    __tablename__ = "continuations"
    __table_args__ = (Index(None, "thread_id"),)

    uri: Mapped[str] = mapped_column(unique=True)  # of the context
    thread_id: Mapped[int] = reference("threads.id")
    root_uri: Mapped[str]  # of the post that opens it
    created_at: Mapped[datetime]


class Gap(Base):
    """A post that a carrier lists and that could not be had: what is known to be missing."""

    __tablename__ = "gaps"
    __table_args__ = (UniqueConstraint("thread_id", "uri"), Index(None, "uri"))

    thread_id: Mapped[int] = reference("threads.id")
    uri: Mapped[str]
    listed_by: Mapped[str]  # the collection that lists it
    reason: Mapped[str]  # a code
    noticed_at: Mapped[datetime]


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
