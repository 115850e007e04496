"""The reader's language."""

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.web.forms import read_form, safe_path
from fedi.web.keys import CHOSEN
from fedi.web.render import LANGUAGE_COOKIE
from fedi.web.sessions import remember


async def choose(request: web.Request) -> web.StreamResponse:
    """POST /language: remember it in this browser, and go back to the page."""
    form = await read_form(request)
    response = web.HTTPSeeOther(safe_path(form["next"]))
    if form["language"] in request.app[CHOSEN].now.languages:
        remember(response, request.app[NODE].site, LANGUAGE_COOKIE, form["language"])
    raise response
