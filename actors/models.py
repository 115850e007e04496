"""Tables of who speaks: actors, their keys, who follows whom, the servers they live on."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fedi.core.tables import Base, new_id, partial_index


def reference(target: str, *, index: bool = False, ondelete: str = "CASCADE") -> Any:
    """Declare a foreign key that is checked at commit, so a unit may store rows in any order."""
    key = ForeignKey(target, ondelete=ondelete, deferrable=True, initially="DEFERRED")
    return mapped_column(key, index=index)


class Role(StrEnum):
    """What a local actor is to this node."""

    INSTANCE = "instance"
    NETWORK = "network"
    GROUP = "group"
    PERSON = "person"


class Actor(Base):
    """Somebody who can speak: a Person, a Group, a server; ours or a peer's."""

    __tablename__ = "actors"
    __table_args__ = (
        partial_index(
            "ux_actors_local_handle",
            "handle",
            unique=True,
            where="role IS NOT NULL",
        ),
        Index(None, "origin", "handle"),
        partial_index("ix_actors_role", "role", where="role IS NOT NULL"),
        Index(None, "handle"),  # names are completed while somebody writes
        Index(None, "name"),
        Index(None, "outbox"),
        partial_index(
            "ix_actors_suspended_at",  # read every ten seconds
            "suspended_at",
            where="suspended_at IS NOT NULL",
        ),
    )

    uri: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role | None]  # set exactly on local actors
    type: Mapped[str]  # Person, Group, Application, Service or Organization
    origin: Mapped[str]  # scheme://host[:port] of the uri: the peer it lives on
    handle: Mapped[str]  # preferredUsername
    name: Mapped[str] = mapped_column(default="")  # plain text
    summary: Mapped[str] = mapped_column(default="")  # plain text on ours, clean HTML of peers
    url: Mapped[str | None]
    icon: Mapped[str | None]
    inbox: Mapped[str]
    shared_inbox: Mapped[str | None]
    outbox: Mapped[str | None]
    followers: Mapped[str | None]
    following: Mapped[str | None]
    featured: Mapped[str | None]
    moderators: Mapped[str | None]  # attributedTo of a Group
    language: Mapped[str | None]
    approves_followers: Mapped[bool] = mapped_column(default=False)
    discoverable: Mapped[bool] = mapped_column(default=True)
    indexable: Mapped[bool] = mapped_column(default=True)
    verifies_proofs: Mapped[bool] = mapped_column(default=False)  # publishes an Ed25519 key
    also_known_as: Mapped[list[str]] = mapped_column(JSON, default=list)
    moved_to: Mapped[str | None]
    #: Of a Group: ids of the networks that keep copies of its debates; and who goes on with them.
    mirrors: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    successors: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    closing_at: Mapped[datetime | None]  # its network has said that it closes
    key_number: Mapped[int] = mapped_column(default=1)  # of ours: how often keys were made
    #: Who carried its document here when its own server was silent: its keys count for proofs only.
    vouched_by: Mapped[str | None]
    fields: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)  # PropertyValues
    document: Mapped[bytes | None]  # the peer's document as last fetched
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]  # of peers' actors
    suspended_at: Mapped[datetime | None]
    silenced_at: Mapped[datetime | None]  # its debates are not put forward here
    gone_at: Mapped[datetime | None]  # 410: nothing is asked of it again
    #: A key made when its names last changed: who follows changes reads them in this order.
    stamp: Mapped[int] = mapped_column(default=new_id, index=True)

    @property
    def is_local(self) -> bool:
        """Whether it lives on this node."""
        return self.role is not None

    @property
    def domain(self) -> str:
        """Host, with the port when it is not the usual one."""
        return self.origin.partition("://")[2]

    @property
    def acct(self) -> str:
        """The handle by which the Fediverse finds it, without the leading @."""
        return f"{self.handle}@{self.domain}"

    @property
    def delivery_inbox(self) -> str:
        """The inbox one POST should go to: the shared one when there is one."""
        return self.shared_inbox or self.inbox


class ActorKey(Base):
    """A public key of an actor; with its sealed private half when the actor is ours."""

    __tablename__ = "actor_keys"

    uri: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[int] = reference("actors.id", index=True)
    kind: Mapped[str]  # rsa or ed25519
    public: Mapped[bytes] = mapped_column(LargeBinary)  # DER SubjectPublicKeyInfo
    private_sealed: Mapped[bytes | None]  # PKCS#8 DER, sealed by the vault
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]  # of ours: nothing is signed with it any more


class ActorSnapshot(Base):
    """The document of an actor as it stood while it published certain keys.

    Proofs of an archive are judged with these keys when the actor's server is gone or shows
    others.  The document that stands today is in `Actor.document`.
    """

    __tablename__ = "actor_snapshots"
    __table_args__ = (UniqueConstraint("actor_uri", "sha256"),)

    actor_uri: Mapped[str]
    sha256: Mapped[bytes]  # of the body
    body: Mapped[bytes]
    carried_by: Mapped[str | None]  # a network; None: the actor's own server served it
    taken_at: Mapped[datetime]


class Follow(Base):
    """One actor follows, or asks to follow, another; one of them is ours."""

    __tablename__ = "follows"
    __table_args__ = (UniqueConstraint("follower_id", "followed_id"), Index(None, "followed_id"))

    uri: Mapped[str] = mapped_column(unique=True)  # of the Follow activity
    follower_id: Mapped[int] = reference("actors.id")
    followed_id: Mapped[int] = reference("actors.id")
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    rejected_at: Mapped[datetime | None]


class Policy(StrEnum):
    """What this node decided about a peer."""

    OPEN = "open"
    ALLOWED = "allowed"  # an ally: explicitly, as it is needed in allow-list mode
    FILTERED = "filtered"  # what it writes is held until a moderator has read it
    BLOCKED = "blocked"


class Dialect(StrEnum):
    """How a peer wants to hear of group activities (FEDERATION.md, redistribution)."""

    NODE = "node"  # this software: everything, with proofs
    FORUM = "forum"  # FEP-1b12: Announce of whole activities
    GOTOSOCIAL = "gotosocial"  # boosts of roots, replies by group-signed forward, one POST each
    VERIFIER = "verifier"  # boosts of roots, forwards with a proof
    MICROBLOG = "microblog"  # boosts of roots only; also when unknown


class Peer(Base):
    """Another server: what it runs, how it is, what we decided about it."""

    __tablename__ = "peers"
    __table_args__ = (
        Index(None, "policy"),
        Index(None, "failures"),
        Index(None, "described_at", "id"),
        partial_index("ix_peers_failing_since", "failing_since", where="failing_since IS NOT NULL"),
        partial_index("ix_peers_paused_until", "paused_until", where="paused_until IS NOT NULL"),
    )

    uri: Mapped[str] = mapped_column(unique=True)  # its origin: scheme://host[:port]
    host: Mapped[str] = mapped_column(index=True)  # A-label, without port
    policy: Mapped[Policy] = mapped_column(default=Policy.OPEN)
    policy_reason: Mapped[str | None]
    software: Mapped[str | None]
    version: Mapped[str | None]
    dialect: Mapped[Dialect] = mapped_column(default=Dialect.MICROBLOG)
    described_at: Mapped[datetime | None]  # NodeInfo last read
    scheme: Mapped[str | None]  # signatures it took last: cavage, rfc9421 or ed25519
    scheme_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]  # last verified activity from it
    reached_at: Mapped[datetime | None]  # last 2xx from it
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # consecutive
    paused_until: Mapped[datetime | None]  # breaker open, or Retry-After
    answered_at: Mapped[datetime | None]  # last told what it runs: it is there
    declared_lost_at: Mapped[datetime | None]  # somebody here said so
    last_error: Mapped[str | None]


class JournalEntry(Base):
    """The federation journal: what was refused, ignored or given up, and why, in codes."""

    __tablename__ = "journal"
    __table_args__ = (Index(None, "origin", "last_at"),)

    direction: Mapped[str]  # in or out
    origin: Mapped[str]  # of the peer, or "" when unknown
    code: Mapped[str]
    subject: Mapped[str]  # id of the activity, actor or URL concerned, at most 200 characters
    detail: Mapped[str]
    count: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
