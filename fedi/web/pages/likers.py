"""Who likes a message, and from where."""

from collections import defaultdict

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.errors import Gone
from fedi.debates.history import likers
from fedi.web.networks import Label
from fedi.web.people import Byline, byline_of
from fedi.web.posts import find_shown
from fedi.web.render import render


async def show(request: web.Request) -> web.StreamResponse:
    """GET /posts/KEY/likes: names, network by network, those of most names first."""
    async with request.app[NODE].db.reading() as unit:
        post, scene, shown = await find_shown(request, unit, key=request.match_info["key"])
        if shown.stub:
            raise Gone("this message is withheld")
        people = await likers(unit, post)
    by_network: defaultdict[Label, list[Byline]] = defaultdict(list)
    for person in people:
        by = byline_of(scene.networks, person)
        by_network[by.label].append(by)
    return render(
        request,
        "likers.html",
        thread=scene.thread,
        path=shown.link,
        post=shown,
        total=len(people),
        networks=sorted(by_network.items(), key=lambda item: -len(item[1])),
    )
