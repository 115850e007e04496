"""What filtered servers write, before anybody else reads it."""

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.errors import FediError
from fedi.debates.filtering import decide, waiting_posts
from fedi.moderation.audit import record
from fedi.web.forms import read_form
from fedi.web.keys import FIND_POST, NETWORKS
from fedi.web.people import byline_of
from fedi.web.render import render
from fedi.web.sessions import require_moderator

LINES = 50


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/held"""
    require_moderator(request)
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        posts = [
            (held, byline_of(networks, author)) for held, author in await waiting_posts(unit, LINES)
        ]
    return render(
        request, "admin/held.html", posts=posts, missing=request.query.get("done") == "missing"
    )


async def choose(request: web.Request) -> web.StreamResponse:
    """POST /admin/held/KEY: let it in, or keep it out; what is let in is fetched."""
    member = require_moderator(request)
    form = await read_form(request)
    let_in = form.pressed("let-in")
    async with request.app[NODE].db.unit() as unit:
        held = await decide(unit, request.match_info["key"], let_in=let_in)
        act = "let-in" if let_in else "keep-out"
        await record(unit, who=member.account, act=act, target=held.uri)
    found = True
    if let_in:
        try:
            found = await request.app[FIND_POST](held.uri) is not None
        except FediError:
            found = False
    raise web.HTTPSeeOther("/admin/held" if found else "/admin/held?done=missing")
