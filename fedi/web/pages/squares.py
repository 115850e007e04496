"""Addresses as squares that a telephone reads: on a poster, at the door of a meeting."""

import asyncio
from importlib import import_module
from io import BytesIO

from aiohttp import hdrs, web

from fedi.core.appkeys import NODE
from fedi.web.pages.groups import find_actor

#: Seconds; the address of a group never changes.
KEPT = 7 * 24 * 60 * 60


async def group(request: web.Request) -> web.StreamResponse:
    """GET /g/NAME/qr.svg: the page of a group, from which one follows it."""
    async with request.app[NODE].db.reading() as unit:
        found = await find_actor(unit, request.match_info["name"], group=True)
    drawing = await asyncio.to_thread(draw, found.url or found.uri)
    headers = {hdrs.CACHE_CONTROL: f"public, max-age={KEPT}"}
    return web.Response(body=drawing, content_type="image/svg+xml", headers=headers)


def draw(text: str) -> bytes:
    """A QR code (ISO/IEC 18004) as an SVG document, dark on light in every scheme.

    The library is loaded by the first who asks: most nodes draw none for days.
    """
    drawing = BytesIO()
    import_module("segno").make_qr(text, error="m").save(
        drawing, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True
    )
    return drawing.getvalue()
