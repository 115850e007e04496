"""What depends on the networks this node knows: their colours, our mark."""

from hashlib import sha256

from aiohttp import hdrs, web

from fedi.core.appkeys import NODE
from fedi.web.colours import ink
from fedi.web.keys import CHOSEN, NETWORKS
from fedi.web.marks import mark
from fedi.web.networks import stylesheet

MINUTE, DAY = 60, 24 * 60 * 60


async def colours(request: web.Request) -> web.StreamResponse:
    """GET /networks.css: a network met a moment ago may stay grey for a minute."""
    node = request.app[NODE]
    async with node.db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
    text = stylesheet(networks, request.app[CHOSEN].now.theme)
    return _cached(request, text, "text/css", MINUTE)


async def icon(request: web.Request) -> web.StreamResponse:
    """GET /mark.svg: the ornament of this network, for tabs and bookmarks."""
    node = request.app[NODE]
    colour = ink(request.app[CHOSEN].now.theme).light
    drawing = mark(node.site.actor("network", node.config.network.handle), colour=colour)
    return _cached(request, drawing, "image/svg+xml", DAY)


def _cached(request: web.Request, text: str, content_type: str, seconds: int) -> web.Response:
    etag = sha256(text.encode()).hexdigest()[:20]
    if any(known.value == etag for known in request.if_none_match or ()):
        response = web.Response(status=304)
    else:
        response = web.Response(text=text, content_type=content_type)
    response.etag = etag
    response.headers[hdrs.CACHE_CONTROL] = f"public, max-age={seconds}"
    return response
