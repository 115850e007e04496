"""The federation journal: what was refused or failed, in words, with its JSON on demand."""

from dataclasses import dataclass

import orjson
from aiohttp import web
from sqlalchemy import select

from actors.models import JournalEntry
from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.core.unit import Unit
from fedi.debates.models.post import ArchivedActivity
from fedi.web.keys import LANGUAGE, RECEIVED
from fedi.web.render import render
from fedi.web.sessions import require_administrator
from fedi.web.troubles import trouble_in_words
from outbox.models import Activity

LINES = 100
#: Letters of a document that are shown.
MAX_SHOWN = 200_000


@dataclass(frozen=True)
class Line:
    """A line of the journal, in words."""

    entry: JournalEntry
    host: str
    sentence: str


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/journal?server=HOST&code=CODE"""
    require_administrator(request)
    host, code = request.query.get("server", "").strip(), request.query.get("code", "").strip()
    query = select(JournalEntry).order_by(JournalEntry.last_at.desc()).limit(LINES)
    if host:
        name = host.rpartition("://")[2]
        origins = [f"https://{name}", f"http://{name}"]
        query = query.where(JournalEntry.origin.in_(origins))
    if code:
        query = query.where(JournalEntry.code == code)
    async with request.app[NODE].db.reading() as unit:
        lines = [_line(request, entry) for entry in await unit.session.scalars(query)]
    codes = sorted({line.entry.code for line in lines} | ({code} if code else set()))
    return render(request, "admin/journal.html", lines=lines, server=host, code=code, codes=codes)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/journal/ID: one line, with the document it is about while it is kept."""
    require_administrator(request)
    number = request.match_info["key"]
    async with request.app[NODE].db.reading() as unit:
        key = int(number) if number.isdecimal() and len(number) < 20 else 0
        entry = await unit.session.get(JournalEntry, key)
        if entry is None:
            raise NotFound("there is no such line in the journal")
        body = await request.app[RECEIVED](unit, entry.subject) or await _said(unit, entry.subject)
    return render(request, "admin/trouble.html", line=_line(request, entry), document=_pretty(body))


async def _said(unit: Unit, uri: str) -> bytes | None:
    """What we said under this id, or what is kept of it as evidence."""
    said = await unit.session.scalar(select(Activity.body).where(Activity.uri == uri))
    kept = select(ArchivedActivity.body).where(ArchivedActivity.activity_uri == uri).limit(1)
    body: bytes | None = said or await unit.session.scalar(kept)
    return body or None


def _pretty(body: bytes | None) -> str:
    """A document with one thing a line; what is no JSON, as it came."""
    if body is None:
        return ""
    try:
        text = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        text = body.decode(errors="replace")
    return text[:MAX_SHOWN]


def _line(request: web.Request, entry: JournalEntry) -> Line:
    host = entry.origin.rpartition("://")[2]
    return Line(entry, host, trouble_in_words(entry, request[LANGUAGE]))
