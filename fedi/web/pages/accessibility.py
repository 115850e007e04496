"""How far everybody can read and use this node."""

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.web.keys import NETWORKS
from fedi.web.render import render


async def show(request: web.Request) -> web.StreamResponse:
    """GET /accessibility: the declaration that French law asks for (RGAA, model of 2019)."""
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
    return render(request, "accessibility.html", for_all=True, network_path=networks.ours.path)
