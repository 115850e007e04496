"""The other servers: how each is, and which of them take part here."""

from dataclasses import dataclass, replace

from aiohttp import web
from sqlalchemy import func, select

from actors.models import JournalEntry, Peer, Policy
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid, NotFound
from fedi.core.i18n import N_
from fedi.core.unit import Unit
from fedi.moderation.servers import (
    POLICIES,
    decided_servers,
    foresee,
    read_block_list,
    take_over,
    write_csv_list,
    write_json_list,
)
from fedi.web.forms import Form, read_form
from fedi.web.judging import WORDS
from fedi.web.keys import LANGUAGE
from fedi.web.render import render
from fedi.web.sessions import require_administrator
from fedi.web.troubles import code_in_words, trouble_in_words
from fedi.web.words import Health, health
from outbox.models import Delivery

LINES = 100
#: A list of ten thousand servers, with a comment each.
ROOM = 4 * 1024 * 1024

TRUST = {
    Policy.OPEN: N_("open"),
    Policy.ALLOWED: N_("allied"),
    Policy.FILTERED: N_("filtered"),
    Policy.BLOCKED: N_("blocked"),
}


@dataclass(frozen=True)
class Server:
    """A server, with how it is in words."""

    peer: Peer
    name: str
    health: Health
    trust: str
    trouble: str  # its last error, in words
    waiting: int


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/servers?after=HOST&trust=POLICY&server=HOST"""
    require_administrator(request)
    trust, after = request.query.get("trust", ""), request.query.get("after", "")
    if named := request.query.get("server", "").strip():
        raise web.HTTPSeeOther(f"/admin/servers/{_host(named)}")
    query = select(Peer).where(Peer.host > after).order_by(Peer.host, Peer.id).limit(LINES + 1)
    if trust in set(Policy):
        query = query.where(Peer.policy == trust)
    async with request.app[NODE].db.reading() as unit:
        peers = list(await unit.session.scalars(query))
        servers = await _tell(request, unit, peers[:LINES])
    return render(
        request,
        "admin/servers.html",
        servers=servers,
        trust=trust,
        trusts=TRUST,
        next=peers[LINES - 1].host if len(peers) > LINES else None,
    )


def _host(text: str) -> str:
    """The host in what was typed: a name or an address."""
    name = text.rpartition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    if not name or any(letter in name for letter in "?#%\\ "):
        raise NotFound("there is no such server here")
    return name


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/servers/HOST: one server, its last troubles, and what can be decided."""
    require_administrator(request)
    name = _host(request.match_info["name"])
    async with request.app[NODE].db.reading() as unit:
        query = select(Peer).where(Peer.host == name.partition(":")[0]).order_by(Peer.id)
        peers = list(await unit.session.scalars(query))
        servers = await _tell(request, unit, peers)
        servers = [server for server in servers if name in (server.peer.host, server.name)]
        journal = (
            select(JournalEntry)
            .where(JournalEntry.origin.in_([server.peer.uri for server in servers]))
            .order_by(JournalEntry.last_at.desc())
            .limit(20)
        )
        lines = [
            (entry, trouble_in_words(entry, request[LANGUAGE]))
            for entry in await unit.session.scalars(journal)
        ]
    now = {server.peer.policy for server in servers} or {Policy.OPEN}
    choices = [(act.value, WORDS[act]) for act, policy in POLICIES.items() if now != {policy}]
    return render(
        request, "admin/server.html", name=name, servers=servers, lines=lines, choices=choices
    )


async def ask_list(request: web.Request) -> web.StreamResponse:
    """GET /admin/server-lists: take a list over, or give ours away."""
    require_administrator(request)
    return render(request, "admin/server_lists.html", form=Form(), outlook=None, skipped=[])


async def take_list(request: web.Request) -> web.StreamResponse:
    """POST /admin/server-lists: tell what a list would do; once confirmed, do it whole."""
    member = require_administrator(request)
    form = await read_form(request, room=ROOM)
    if sent := next(iter(form.files.get("file", ())), None):
        form = replace(form, values={**form.values, "list": sent.decode(errors="replace")})
    node, outlook, skipped = request.app[NODE], None, []
    try:
        found = read_block_list(form["list"], node.site)
        entries, skipped = list(found.entries.values()), found.skipped
        if form.pressed("confirm"):
            async with node.db.unit() as unit:
                await take_over(unit, member.account, entries, reason=form["reason"])
            raise web.HTTPSeeOther("/admin/servers?trust=blocked")
    except Invalid as error:
        form.errors["reason" if error.code == "no-reason" else "list"] = str(error)
    if "list" not in form.errors:
        async with node.db.reading() as unit:
            outlook = await foresee(unit, entries)
    return render(
        request,
        "admin/server_lists.html",
        status=422 if form.errors else 200,
        form=form,
        outlook=outlook,
        skipped=skipped,
        trusts=TRUST,
    )


async def give_list(request: web.Request) -> web.StreamResponse:
    """GET /admin/server-lists/NAME: ours, as `blocks.csv`, `blocks.json` or `blocks.txt`."""
    require_administrator(request)
    name = request.match_info["name"]
    async with request.app[NODE].db.reading() as unit:
        entries = await decided_servers(unit)
    match name:
        case "blocks.csv":
            text, kind = write_csv_list(entries), "text/csv"
        case "blocks.json":
            text, kind = write_json_list(entries), "application/json"
        case "blocks.txt":
            blocked = [entry.host for entry in entries if entry.policy is Policy.BLOCKED]
            text, kind = "".join(f"{host}\n" for host in blocked), "text/plain"
        case _:
            raise NotFound("there is no such list")
    response = web.Response(text=text, content_type=kind, charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _tell(request: web.Request, unit: Unit, peers: list[Peer]) -> list[Server]:
    language, now = request[LANGUAGE], request.app[NODE].clock()
    query = (
        select(Delivery.origin, func.count())
        .where(
            Delivery.origin.in_([peer.uri for peer in peers]),
            Delivery.next_attempt_at.is_not(None),
        )
        .group_by(Delivery.origin)
    )
    waiting = {origin: count for origin, count in await unit.session.execute(query)}  # noqa: C416  typed

    def trouble(peer: Peer) -> str:
        if not peer.last_error or peer.failing_since is None:
            return ""
        return code_in_words(peer.last_error.partition(":")[0], language, sent=True)

    return [
        Server(
            peer,
            name=peer.uri.rpartition("://")[2],
            health=health(peer, language, now),
            trust=language.gettext(TRUST[peer.policy]),
            trouble=trouble(peer),
            waiting=waiting.get(peer.uri, 0),
        )
        for peer in peers
    ]
