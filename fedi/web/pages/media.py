"""Images of members, under an address that tells their bytes."""

import re

from aiohttp import hdrs, web

from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.core.images import ENDINGS
from fedi.debates.images import find_served
from fedi.web.files import FOREVER
from fedi.web.keys import GALLERY

#: Whatever a browser takes a file for, it runs nothing of it and shows nothing in it.
ALONE = "default-src 'none'; sandbox"

_NAME = re.compile(r"([0-9a-f]{64})\.([a-z]{3})")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /media/DIGEST.ENDING"""
    name = _NAME.fullmatch(request.match_info["name"])
    if name is None:
        raise NotFound("there is no such image here")
    async with request.app[NODE].db.reading() as unit:
        image = await find_served(unit, name[1])
    if image is None or ENDINGS[image.media_type] != name[2]:
        raise NotFound("there is no such image here")
    headers = {
        hdrs.CONTENT_TYPE: image.media_type,
        hdrs.CACHE_CONTROL: FOREVER,
        "Content-Security-Policy": ALONE,
        "Cross-Origin-Resource-Policy": "cross-origin",  # other servers show it in their pages
    }
    return web.FileResponse(request.app[GALLERY].place(image.digest), headers=headers)
