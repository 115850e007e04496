"""Names to complete while somebody writes a mention."""

from dataclasses import asdict

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.debates.naming import find_names
from fedi.debates.threads import find_thread
from fedi.web.keys import LIMITS
from fedi.web.sessions import require_member


async def find(request: web.Request) -> web.StreamResponse:
    """GET /names?start=CAM&thread=KEY: `[{"mention": "@camille", "name": "Camille"}, …]`"""
    member = require_member(request)
    request.app[LIMITS].completing.take(str(member.account.id))
    start, key = request.query.get("start", "")[:64], request.query.get("thread", "")
    async with request.app[NODE].db.reading() as unit:
        thread = await find_thread(unit, key) if key else None
        found = await find_names(unit, start, thread=thread)
    response = web.json_response([asdict(named) for named in found])
    response.headers["Cache-Control"] = "private, no-store"
    return response
