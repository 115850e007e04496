"""Taking part from another server: a visitor goes home and comes back with a reply.

The visitor says where their account is; their server says, over WebFinger, where it takes
replies (FEP-3b86), or where it takes any object (OStatus subscribe, which Mastodon and most
others publish).
"""

import contextlib
import re
from urllib.parse import quote, urlsplit

from aiohttp import web

from actors.webfinger import INTENT, SUBSCRIBE, lookup_intents, read_handle
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError, Malformed, NotFound
from fedi.core.i18n import N_
from fedi.core.urls import parse_url, read_id
from fedi.web.forms import Form, read_form
from fedi.web.keys import LIMITS, MEMBER
from fedi.web.limits import address_of
from fedi.web.posts import find_shown
from fedi.web.render import render
from fedi.web.sessions import HANDLE_COOKIE, remember

MAX_HANDLE = 300

_PARAMETER = re.compile(r"\{[^{}]*\}")
#: What each kind of template is filled in with, the most telling first.
_PARAMETERS = (
    (f"{INTENT}Create", "{inReplyTo}"),
    (f"{INTENT}Object", "{object}"),
    (SUBSCRIBE, "{uri}"),
)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /interact?post=KEY, or ?uri=POST: ask a visitor where they have an account.

    A member needs no other server and goes to the page that shows the post here.
    """
    key = request.query.get("post")
    uri = await _uri_of(request, key) if key else _read_uri(request.query.get("uri"))
    if request[MEMBER] is not None:
        raise web.HTTPSeeOther(f"/authorize_interaction?uri={quote(uri, safe='')}")
    form = Form({"handle": request.cookies.get(HANDLE_COOKIE, "")[:MAX_HANDLE]})
    return await _ask(request, uri, form)


async def go(request: web.Request) -> web.StreamResponse:
    """POST /interact: find the way, remember the handle, lead on.

    The answer is a page that leads on by itself, not a redirect: browsers apply our
    `form-action 'self'` to where a form's redirects lead as well.
    """
    request.app[LIMITS].looking_up.take(address_of(request))
    form = await read_form(request)
    uri, handle = _read_uri(form["uri"]), form.line("handle")[:MAX_HANDLE]
    target = await _find_way(request, form, handle, uri)
    if target is None:
        return await _ask(request, uri, form, status=422)
    host = urlsplit(target).netloc
    response = render(request, "away.html", target=target, host=host, uri=uri)
    response.headers["Refresh"] = f"0; url={target}"
    remember(response, request.app[NODE].site, HANDLE_COOKIE, handle)
    return response


async def _find_way(request: web.Request, form: Form, handle: str, uri: str) -> str | None:
    """Where the server of a handle takes a reply; None, and an error in the form, when nowhere."""
    try:
        known_as = str(read_handle(handle))
    except Malformed:
        form.errors["handle"] = N_("an address looks like @name@server.example")
        return None
    try:
        return fill(await lookup_intents(request.app[NODE].fetcher, known_as), uri)
    except FediError:
        form.errors["handle"] = N_(
            "that server does not say where it takes replies: search there for the address below"
        )
        return None


def fill(templates: dict[str, str], uri: str) -> str:
    """The address that a visitor's server gives for replying to a post.

    Other parameters that a template may hold (a text, for instance) are left empty.
    Raises `NotFound` when it gives none that we understand, `Malformed` for no usable address.
    """
    for rel, parameter in _PARAMETERS:
        template = templates.get(rel)
        if template is not None and parameter in template:
            filled = _PARAMETER.sub("", template.replace(parameter, quote(uri, safe="")))
            return parse_url(filled).request
    raise NotFound("that server takes no replies this way")


async def _uri_of(request: web.Request, key: str) -> str:
    async with request.app[NODE].db.reading() as unit:
        post, _, _ = await find_shown(request, unit, key=key)
    return post.uri


def _read_uri(text: str | None) -> str:
    try:
        return read_id(text)
    except Malformed as error:
        raise web.HTTPBadRequest from error


async def _ask(
    request: web.Request, uri: str, form: Form, *, status: int = 200
) -> web.StreamResponse:
    shown, title = None, ""
    async with request.app[NODE].db.reading() as unit:
        with contextlib.suppress(NotFound):
            _, scene, shown = await find_shown(request, unit, uri=uri)
            title = scene.thread.title
    return render(
        request, "interact.html", status=status, uri=uri, form=form, post=shown, title=title
    )
