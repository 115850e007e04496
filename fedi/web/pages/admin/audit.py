"""The audit log: read, sifted, taken away."""

import csv
import io
from collections.abc import Sequence

import orjson
from aiohttp import web
from sqlalchemy import select

from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.core.text import safe_cell
from fedi.core.unit import Unit
from fedi.moderation.models import AuditEntry
from fedi.web.render import render
from fedi.web.sessions import require_administrator

LINES = 100
#: Entries that one file holds.
MAX_EXPORT = 50_000
COLUMNS = ("number", "at", "who", "role", "act", "target", "before", "after", "reason")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/audit?before=NUMBER&who=HANDLE&act=ACT"""
    require_administrator(request)
    async with request.app[NODE].db.reading() as unit:
        entries = await _entries(unit, request, LINES + 1)
    older = entries[LINES - 1].number if len(entries) > LINES else None
    return render(
        request,
        "admin/audit.html",
        entries=entries[:LINES],
        older=older,
        who=request.query.get("who", ""),
        act=request.query.get("act", ""),
    )


async def export(request: web.Request) -> web.StreamResponse:
    """GET /admin/audit/NAME: what `show` shows, as `audit.csv` or `audit.json`."""
    require_administrator(request)
    name = request.match_info["name"]
    async with request.app[NODE].db.reading() as unit:
        entries = await _entries(unit, request, MAX_EXPORT)
    match name:
        case "audit.csv":
            text, kind = _csv(entries), "text/csv"
        case "audit.json":
            rows = [{**_row(entry), "digest": entry.digest.hex()} for entry in entries]
            text, kind = orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode(), "application/json"
        case _:
            raise NotFound("there is no such file")
    response = web.Response(text=text, content_type=kind, charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _entries(unit: Unit, request: web.Request, limit: int) -> Sequence[AuditEntry]:
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(limit)
    before = request.query.get("before", "")
    if before.isdecimal() and len(before) < 16:
        query = query.where(AuditEntry.number < int(before))
    if who := request.query.get("who", "").strip().removeprefix("@"):
        query = query.where(AuditEntry.who == who)
    if act := request.query.get("act", "").strip():
        query = query.where(AuditEntry.act == act)
    return (await unit.session.scalars(query)).all()


def _row(entry: AuditEntry) -> dict[str, object]:
    return {column: getattr(entry, column) for column in COLUMNS}


def _csv(entries: Sequence[AuditEntry]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([safe_cell(str(value)) for value in _row(entry).values()])
    return out.getvalue()
