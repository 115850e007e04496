"""The tags in use, like the index of a book."""

from itertools import groupby

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.debates.tags import list_tags
from fedi.web.render import render


async def index(request: web.Request) -> web.StreamResponse:
    """GET /tags"""
    async with request.app[NODE].db.reading() as unit:
        tags = sorted(await list_tags(unit), key=lambda tag: tag.name)
    letters = [
        (letter.upper(), list(rows)) for letter, rows in groupby(tags, key=lambda tag: tag.name[:1])
    ]
    return render(request, "tags.html", for_all=True, letters=letters)
