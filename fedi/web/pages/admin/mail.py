"""Letters that were not sent: on a node without mail, the links that an administrator passes on."""

from aiohttp import web

from fedi.accounts.letters import list_waiting
from fedi.core.appkeys import NODE
from fedi.web.render import render
from fedi.web.sessions import require_administrator


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/mail"""
    require_administrator(request)
    node = request.app[NODE]
    async with node.db.reading() as unit:
        letters = await list_waiting(unit)
    sends = bool(node.config.mail.host)
    return render(request, "admin/mail.html", letters=letters, sends=sends)
