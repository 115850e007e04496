"""Tables of what is said in debates: posts, their revisions, reactions, and what was taken back."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base, new_id, partial_index


class Visibility(StrEnum):
    """Who an author addressed."""

    PUBLIC = "public"
    UNLISTED = "unlisted"  # public, without being put forward
    FOLLOWERS = "followers"
    DIRECT = "direct"


class Post(Base):
    """One message of a debate, ours or a peer's.

    `path` is the reading order of its thread (depth first, siblings by date, then by a digest
    of their ids): one fixed-width segment per level, so a page is a range of an index.
    """

    __tablename__ = "posts"
    __table_args__ = (
        Index(None, "thread_id", "path"),
        Index(None, "thread_id", "published_at", "id"),
        Index(None, "author_id", "id"),
        Index(None, "parent_id", "published_at"),
        Index(None, "url"),
        partial_index(
            "ix_posts_ours",  # counted for NodeInfo
            "published_at",
            "author_id",
            "depth",
            where="document IS NOT NULL",
        ),
        partial_index(
            "ix_posts_continues_uri",  # openings of sequels
            "continues_uri",
            where="continues_uri IS NOT NULL",
        ),
        partial_index(
            "ix_posts_context_uri_waiting",  # replies that came before what they answer
            "context_uri",
            where="parent_id IS NULL",
        ),
    )

    uri: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str] = mapped_column(unique=True)  # 26 characters, in our own addresses
    thread_id: Mapped[int] = reference("threads.id")
    author_id: Mapped[int] = reference("actors.id")
    parent_id: Mapped[int | None] = reference("posts.id", ondelete="SET NULL")
    parent_uri: Mapped[str | None] = mapped_column(index=True)  # inReplyTo, known here or not
    depth: Mapped[int] = mapped_column(default=0)
    path: Mapped[str]
    type: Mapped[str]  # Article, Note, Question, Page…
    title: Mapped[str] = mapped_column(default="")  # plain text; of roots
    summary: Mapped[str] = mapped_column(default="")  # plain text: a root's question, or a warning
    content: Mapped[str] = mapped_column(default="")  # clean HTML
    source: Mapped[str | None]  # Markdown, when the author gave it
    language: Mapped[str | None]
    url: Mapped[str | None]
    context_uri: Mapped[str | None]
    audience_uri: Mapped[str | None]
    visibility: Mapped[Visibility] = mapped_column(default=Visibility.PUBLIC)
    #: To and cc as ids, without Public; of a private post also its author: who may read it.
    addressed: Mapped[list[str]] = mapped_column(JSON, default=list)
    mentions: Mapped[list[str]] = mapped_column(JSON, default=list)  # ids of actors named
    #: For whom its author says to speak, "La Fabrique, Lille": a claim, shown as text.
    hat: Mapped[str | None]
    hat_link: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # without the #
    #: Of ours: path, type, width, height and text of each, as shown and said.
    images: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    #: Of an opening that goes on with another debate: the context of that one.
    continues_uri: Mapped[str | None]
    document: Mapped[bytes | None]  # of ours: the object as served, proof included
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")  # a moderator
    removal_reason: Mapped[str | None]
    like_count: Mapped[int] = mapped_column(default=0)
    reply_count: Mapped[int] = mapped_column(default=0)
    share_count: Mapped[int] = mapped_column(default=0)
    #: A key made when what it says last changed: who follows changes reads them in this order.
    stamp: Mapped[int] = mapped_column(default=new_id, index=True)


class Revision(Base):
    """What a post said before an edit."""

    __tablename__ = "revisions"
    __table_args__ = (Index(None, "post_id", "id"),)

    post_id: Mapped[int] = reference("posts.id")
    title: Mapped[str]
    summary: Mapped[str]
    content: Mapped[str]
    source: Mapped[str | None]
    written_at: Mapped[datetime]


class Reaction(Base):
    """A like, a dislike or a share of a post: one of each kind per actor."""

    __tablename__ = "reactions"
    __table_args__ = (
        UniqueConstraint("actor_id", "post_id", "kind"),
        Index(None, "post_id", "kind", "id"),
    )

    uri: Mapped[str | None] = mapped_column(unique=True)  # of the activity
    actor_id: Mapped[int] = reference("actors.id")
    post_id: Mapped[int] = reference("posts.id")
    kind: Mapped[str]  # like, dislike or share
    emoji: Mapped[str | None]
    created_at: Mapped[datetime]


class Retraction(Base):
    """A Delete or an Undo, remembered for what it took back: that never comes (back) to life."""

    __tablename__ = "retractions"

    uri: Mapped[str] = mapped_column(unique=True)  # of what was taken back
    actor_uri: Mapped[str]  # who took it back
    body: Mapped[bytes | None]  # a Delete with its proof, until the post comes of which it tells
    created_at: Mapped[datetime]


class ArchivedActivity(Base):
    """The evidence of a debate: each activity as it was received or sent, byte for byte.

    Rows are only added.  Of what its author took back, the digest stays without the words.
    """

    __tablename__ = "archive"
    __table_args__ = (Index(None, "thread_id", "id"),)

    thread_id: Mapped[int] = reference("threads.id")
    activity_uri: Mapped[str] = mapped_column(index=True)
    object_uri: Mapped[str] = mapped_column(index=True)
    type: Mapped[str]
    actor_uri: Mapped[str]
    body: Mapped[bytes]  # empty once its author took it back
    sha256: Mapped[bytes]  # of the body as it came
    trust: Mapped[str]  # ours, signature, proof or fetched
    sender_uri: Mapped[str | None]  # the actor or the collection that brought it
    key_uri: Mapped[str | None]  # the key of the proof that it carries
    received_at: Mapped[datetime]
