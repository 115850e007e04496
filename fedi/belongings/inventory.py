"""Which rows of the database are a member's: every table is either theirs or says why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, or_, select

from actors.models import Actor
from fedi.accounts.models import Account
from fedi.core.tables import Base
from fedi.core.unit import Unit


@dataclass(frozen=True)
class Whose:
    """A member, as rows name them."""

    account_id: int
    email: str
    actor_id: int
    uri: str
    handle: str

    @classmethod
    def of(cls, account: Account, actor: Actor) -> "Whose":
        """Of their login and their person."""
        return cls(account.id, account.email, actor.id, actor.uri, actor.handle)


@dataclass(frozen=True)
class Kept:
    """The rows of a table that are a member's, and what of them is secret or stands elsewhere."""

    which: Callable[[Any, Whose], ColumnElement[bool]]
    without: frozenset[str] = frozenset()


def _by_actor(*columns: str) -> Callable[[Any, Whose], ColumnElement[bool]]:
    return lambda table, who: or_(*(table[column] == who.actor_id for column in columns))


def _by_account(table: Any, who: Whose) -> ColumnElement[bool]:
    return or_(table["account_id"] == who.account_id)


def _of_their_posts(table: Any, who: Whose) -> ColumnElement[bool]:
    posts = _table("posts")
    return or_(table["post_id"].in_(select(posts.c.id).where(posts.c.author_id == who.actor_id)))


THEIRS: Mapping[str, Kept] = {
    "accounts": Kept(lambda t, who: t["id"] == who.account_id, frozenset({"password_hash"})),
    "actors": Kept(lambda t, who: t["id"] == who.actor_id),
    "actor_keys": Kept(_by_actor("actor_id"), frozenset({"private_sealed"})),
    "actor_snapshots": Kept(lambda t, who: t["actor_uri"] == who.uri),
    "sessions": Kept(_by_account, frozenset({"token_hash"})),
    "passkeys": Kept(_by_account),
    "authenticators": Kept(_by_account, frozenset({"secret", "recovery"})),
    "access_tokens": Kept(_by_account, frozenset({"token_hash"})),
    "one_time_links": Kept(_by_account, frozenset({"token_hash", "payload"})),
    "applications": Kept(
        lambda t, who: or_(t["email"] == who.email, t["handle"] == who.handle),
        frozenset({"password_hash"}),
    ),
    "letters": Kept(
        lambda t, who: or_(t["account_id"] == who.account_id, t["recipient"] == who.email),
        frozenset({"body"}),
    ),
    "exports": Kept(_by_account),
    "follows": Kept(_by_actor("follower_id", "followed_id")),
    "posts": Kept(_by_actor("author_id"), frozenset({"path"})),
    "revisions": Kept(_of_their_posts),
    "tags": Kept(_of_their_posts),
    "featured": Kept(_of_their_posts),
    "reactions": Kept(_by_actor("actor_id")),
    "retractions": Kept(lambda t, who: t["actor_uri"] == who.uri),
    "archive": Kept(lambda t, who: t["actor_uri"] == who.uri, frozenset({"body"})),
    "images": Kept(_by_actor("owner_id")),
    "threads": Kept(_by_actor("author_id")),
    "thread_events": Kept(_by_actor("actor_id")),
    "participations": Kept(_by_actor("actor_id")),
    "readings": Kept(_by_actor("actor_id")),
    "bookmarks": Kept(_by_actor("actor_id")),
    "drafts": Kept(_by_actor("actor_id")),
    "notifications": Kept(_by_actor("actor_id")),
    "receptions": Kept(_by_actor("actor_id")),
    "activities": Kept(lambda t, who: (t["actor_id"] == who.actor_id) & ~t["passed_on"]),
    "moderators": Kept(_by_actor("actor_id")),
    "reports": Kept(_by_actor("reporter_id")),
    "decisions": Kept(_by_actor("actor_id"), frozenset({"by_id", "answered_by_id", "report_id"})),
}

NOT_THEIRS: Mapping[str, str] = {
    "audit_log": "what was done for the node; it is evidence, and names people by handles alone",
    "backfills": "which debates of others are to be read",
    "continuations": "which debates go on elsewhere",
    "deliveries": "copies of `activities` on their way to servers",
    "gaps": "messages of others that are missing",
    "held_posts": "what filtered servers send",
    "inbox_items": "what others sent, as it came; `receptions` lists what is for the member",
    "journal": "troubles with servers, by their addresses",
    "legal_holds": "of those who have left",
    "peers": "servers",
    "placements": "where messages stood before a debate was rearranged",
    "post_words": "`posts` again, cut into words for search",
    "actor_words": "`actors` again, cut into words for search",
    "settings": "what administrators chose for all",
}


async def read_rows(unit: Unit, name: str, who: Whose) -> list[dict[str, Any]]:
    """The rows of a table that are the member's, ready for JSON."""
    table, kept = _table(name), THEIRS[name]
    query = select(*(column for column in table.c if column.name not in kept.without))
    query = query.where(kept.which(table.c, who)).order_by(table.c.id)
    return [
        {key: _plain(value) for key, value in row._mapping.items()}
        for row in await unit.session.execute(query)
    ]


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _plain(value: Any) -> Any:
    """A value as JSON has it: bytes that are text as text, others in hexadecimal."""
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.hex()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.value if isinstance(value, Enum) else value
