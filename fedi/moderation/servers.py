"""What is decided about servers, one by one or by lists that others keep.

Lists come as Mastodon writes them (CSV), as GoToSocial does (JSON), or as plain text with one
server a line.  A list is taken over whole or not at all.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, or_, select

from actors.models import Actor, Dialect, Follow, Peer, Policy
from actors.policies import DECIDED, set_policy
from fedi.accounts.models import Account, AccountRole
from fedi.core.config import is_reserved
from fedi.core.errors import Invalid, Malformed
from fedi.core.i18n import N_
from fedi.core.tables import IN_LIMIT
from fedi.core.text import safe_cell, strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import Site, new_key, parse_url
from fedi.moderation.acts import read_reason
from fedi.moderation.audit import record
from fedi.moderation.models import Act, Decision

TO_SERVERS = (Act.BLOCK, Act.FILTER, Act.OPEN, Act.ALLY)
POLICIES = {
    Act.BLOCK: Policy.BLOCKED,
    Act.FILTER: Policy.FILTERED,
    Act.OPEN: Policy.OPEN,
    Act.ALLY: Policy.ALLOWED,
}
MAX_LINES = 10_000
MAX_COMMENT = 300

_MASTODON = (
    "#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate",
)  # fmt: skip
#: What Mastodon calls what we do.
_SEVERITIES = {"suspend": Policy.BLOCKED, "silence": Policy.FILTERED}


async def act_on_server(
    unit: Unit, who: Account | None, act: Act, host: str, *, reason: str
) -> Decision:
    """Block, filter, open or ally a server with its sub-domains; a block ends all follows.

    `who` is None for the command line, where a reason may be left out.  Raises `Invalid` without
    one otherwise, and for what is no server, or our own.
    """
    reason = read_reason(reason) if who is not None or reason else ""
    policy = POLICIES[act]
    peers = await _peers_named(unit, host)
    before = peers[0].policy.value if peers else Policy.OPEN.value
    changed = await set_policy(unit, host, policy, reason)
    severed = await _sever(unit, [changed[0].host]) if policy is Policy.BLOCKED else 0
    after = f"{policy.value}, {severed} follows ended" if severed else policy.value
    decision = _decide(unit, who, act, changed[0].host, reason)
    await record(
        unit,
        who=who,
        act=act.value,
        target=changed[0].host,
        before=before,
        after=after,
        reason=reason,
    )
    return decision


def _decide(unit: Unit, who: Account | None, act: Act, host: str, reason: str) -> Decision:
    return unit.add(
        Decision(
            key=new_key(),
            act=act,
            made_at=unit.now,
            by_id=who.actor_id if who is not None else None,
            role=(who.role if who is not None else AccountRole.ADMINISTRATOR).value,
            host=host,
            reason=reason,
        )
    )


async def _peers_named(unit: Unit, host: str) -> list[Peer]:
    name = host.strip().lower().partition("://")[2] or host.strip().lower()
    query = select(Peer).where(Peer.host == name.partition("/")[0].partition(":")[0])
    return list(await unit.session.scalars(query))


# --- follows that a block ends -------------------------------------------------------------


async def severed_by(unit: Unit, hosts: Collection[str]) -> int:
    """How many follows between these servers, or their sub-domains, and us a block would end."""
    query = select(func.count()).select_from(Follow)
    origins = await _origins_under(unit, hosts)
    return await unit.session.scalar(query.where(_touches(origins))) or 0


async def _sever(unit: Unit, hosts: Collection[str]) -> int:
    await unit.flush()
    origins = await _origins_under(unit, hosts)
    gone = (await unit.session.scalars(select(Follow.id).where(_touches(origins)))).all()
    for start in range(0, len(gone), IN_LIMIT):
        part = gone[start : start + IN_LIMIT]
        await unit.session.execute(delete(Follow).where(Follow.id.in_(part)))
    unit.wake("networks")
    return len(gone)


def _touches(origins: Sequence[str]) -> ColumnElement[bool]:
    actors = select(Actor.id).where(Actor.origin.in_(origins))
    return or_(Follow.follower_id.in_(actors), Follow.followed_id.in_(actors))


async def _origins_under(unit: Unit, hosts: Collection[str]) -> list[str]:
    wanted = {host.partition(":")[0] for host in hosts}
    known = await unit.session.execute(select(Peer.uri, Peer.host))
    return [uri for uri, host in known if wanted & set(_with_parents(host))]


def _with_parents(host: str) -> list[str]:
    parts = host.split(".")
    return [".".join(parts[index:]) for index in range(len(parts))]


# --- lists ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A server in a list, and what the list says of it."""

    host: str
    policy: Policy
    comment: str = ""


@dataclass
class BlockList:
    """A list as it was read: what can be taken over, and what cannot, with why."""

    entries: dict[str, Entry] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # what stands there, a sentence


@dataclass(frozen=True)
class Outlook:
    """What taking a list over would do."""

    new: list[Entry]
    known: list[Entry]
    severed: int


def read_block_list(text: str, site: Site) -> BlockList:
    """Read a list, whichever of the three forms it has; `Invalid` when it is none or too long."""
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise Invalid("there is no server in this list", code="empty-list")
    rows = _read_json(text) if text[0] in "[{" else _read_lines(text)
    if len(rows) > MAX_LINES:
        raise Invalid("a list has ten thousand servers at most", code="long-list")
    found = BlockList()
    for name, severity, comment in rows:
        _take(found, site, name.strip(), severity.strip().lower(), strip_controls(comment))
    return found


def _take(found: BlockList, site: Site, name: str, severity: str, comment: str) -> None:
    policy = _SEVERITIES.get(severity or "suspend")
    if policy is None:
        return found.skipped.append((name, N_("the list asks for nothing to be done")))
    host, why = _read_host(name, site)
    if host is None:
        return found.skipped.append((name[:100], why))
    found.entries[host] = Entry(host, policy, comment[:MAX_COMMENT])
    return None


def _read_host(name: str, site: Site) -> tuple[str | None, str]:
    """The host, or why it is none."""
    if "*" in name:
        return None, N_("its name is partly hidden, or stands for several")
    try:
        origin = parse_url(f"https://{name}").origin
    except Malformed:
        return None, N_("this is not the name of a server")
    if name.lower().rstrip(".") not in (origin.host, origin.authority) and name.isascii():
        return None, N_("this is not the name of a server")
    if origin.authority == site.domain or origin.host == site.origin.host:
        return None, N_("this is our own server")
    if "." not in origin.host and not is_reserved(origin.host) and not origin.is_ip_literal:
        return None, N_("this is a whole top-level domain")
    return origin.host, ""


def _read_json(text: str) -> list[tuple[str, str, str]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("this list cannot be read", code="bad-list") from error
    if not isinstance(rows, list):
        raise Invalid("this list cannot be read", code="bad-list")
    return [
        (
            str(row.get("domain", "")),
            str(row.get("severity") or ""),
            str(row.get("public_comment") or row.get("comment") or ""),
        )
        for row in rows
        if isinstance(row, dict)
    ]


def _read_lines(text: str) -> list[tuple[str, str, str]]:
    """CSV with or without Mastodon's header, or a plain list with comments after `#`."""
    lines = [line for line in text.splitlines() if line.strip()]
    header = [name.strip().lstrip("#").lower() for name in lines[0].split(",")]
    if "domain" not in header:
        plain = (line.partition("#")[0].split(",")[0].strip() for line in lines)
        return [(name, "", "") for name in plain if name]
    try:
        rows = list(csv.DictReader(lines[1:], fieldnames=header))
    except csv.Error as error:
        raise Invalid("this list cannot be read", code="bad-list") from error
    return [
        (row.get("domain") or "", row.get("severity") or "", row.get("public_comment") or "")
        for row in rows
    ]


async def foresee(unit: Unit, entries: Collection[Entry]) -> Outlook:
    """Tell what taking these over would do, without doing it."""
    query = select(Peer.host, Peer.policy).where(Peer.policy.in_(DECIDED))
    decided = {row.host: row.policy for row in await unit.session.execute(query)}
    new = [entry for entry in entries if decided.get(entry.host) is not entry.policy]
    known = [entry for entry in entries if decided.get(entry.host) is entry.policy]
    blocked = [entry.host for entry in new if entry.policy is Policy.BLOCKED]
    return Outlook(new, known, await severed_by(unit, blocked) if blocked else 0)


async def take_over(unit: Unit, who: Account, entries: Collection[Entry], *, reason: str) -> int:
    """Decide about all of these at once; how many were decided otherwise before."""
    reason = read_reason(reason)
    outlook = await foresee(unit, entries)
    wanted = {entry.host: entry for entry in outlook.new}
    peers = await _peers_of(unit, wanted)
    for host, entry in wanted.items():
        for peer in peers.get(host) or [_new_peer(unit, host)]:
            peer.policy, peer.policy_reason = entry.policy, entry.comment or reason
    await unit.flush()
    blocked = [entry.host for entry in outlook.new if entry.policy is Policy.BLOCKED]
    severed = await _sever(unit, blocked) if blocked else 0
    unit.wake("policies")
    _decide(unit, who, Act.IMPORT, str(len(wanted)), reason)
    await record(
        unit,
        who=who,
        act=Act.IMPORT.value,
        target=f"{len(wanted)} servers",
        after=f"{severed} follows ended",
        reason=reason,
    )
    return len(wanted)


async def _peers_of(unit: Unit, hosts: Iterable[str]) -> dict[str, list[Peer]]:
    names, found = sorted(hosts), dict[str, list[Peer]]()
    for start in range(0, len(names), IN_LIMIT):
        query = select(Peer).where(Peer.host.in_(names[start : start + IN_LIMIT]))
        for peer in await unit.session.scalars(query):
            found.setdefault(peer.host, []).append(peer)
    return found


def _new_peer(unit: Unit, host: str) -> Peer:
    return unit.add(
        Peer(
            uri=f"https://{host}",
            host=host,
            policy=Policy.OPEN,
            dialect=Dialect.MICROBLOG,
            failures=0,
            created_at=unit.now,
        )
    )


async def decided_servers(unit: Unit) -> list[Entry]:
    """The servers about which something was decided, but for allies, by name."""
    query = (
        select(Peer.host, Peer.policy, Peer.policy_reason)
        .where(Peer.policy.in_((Policy.BLOCKED, Policy.FILTERED)))
        .order_by(Peer.host)
    )
    rows = (await unit.session.execute(query)).all()
    return [Entry(host, policy, reason or "") for host, policy, reason in rows]


def write_csv_list(entries: Iterable[Entry]) -> str:
    """Write a list as Mastodon reads it."""
    names = {policy: name for name, policy in _SEVERITIES.items()}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_MASTODON)
    for entry in entries:
        comment = safe_cell(entry.comment)
        writer.writerow((entry.host, names[entry.policy], False, False, comment, False))
    return out.getvalue()


def write_json_list(entries: Iterable[Entry]) -> str:
    """Write the blocks as GoToSocial reads them; it knows no filter."""
    rows = [
        {"domain": entry.host, "public_comment": entry.comment}
        for entry in entries
        if entry.policy is Policy.BLOCKED
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1)
