"""What every request of the web door goes through: its reader, its errors, its headers."""

from collections.abc import Mapping

import structlog
from aiohttp import hdrs, web
from multidict import istr

from fedi.core.appkeys import NODE
from fedi.core.errors import (
    Conflict,
    FediError,
    Forbidden,
    Gone,
    Invalid,
    Malformed,
    NotFound,
    Overloaded,
    Unauthenticated,
    Unreachable,
)
from fedi.web.apologies import apologise
from fedi.web.keys import CHOSEN, LANGUAGE, MEMBER, SENT, SESSION
from fedi.web.limits import TooMany
from fedi.web.negotiate import Handler
from fedi.web.render import choose_language, render
from fedi.web.sessions import identify

log = structlog.get_logger()

#: The first class that an error is tells its status.
STATUSES: Mapping[type[Exception], int] = {
    Gone: 410,
    NotFound: 404,
    Unauthenticated: 401,
    Forbidden: 403,
    Conflict: 409,
    Invalid: 422,
    Malformed: 400,
    Unreachable: 502,
    Overloaded: 503,
    TooMany: 429,
}
RETRY_AFTER = 30

#: Nothing inline, nothing from elsewhere, no frame around us (CSP level 3).
CONTENT_SECURITY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    istr("Content-Security-Policy"): CONTENT_SECURITY,  # a name that need not be lowered again
    istr("X-Content-Type-Options"): "nosniff",
    istr("X-Frame-Options"): "DENY",
    istr("Referrer-Policy"): "same-origin",
    istr("Cross-Origin-Opener-Policy"): "same-origin",
    istr("Permissions-Policy"): "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TRANSPORT_SECURITY = "max-age=31536000"


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to every answer; a signal, so that none escapes."""
    response.headers[hdrs.SERVER] = "fedi"  # aiohttp tells its version, and Python's
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if request.app[NODE].site.origin.scheme == "https":
        response.headers[hdrs.STRICT_TRANSPORT_SECURITY] = TRANSPORT_SECURITY


#: What other servers ask, who have no session and read no language.
_FOR_SERVERS: set[Handler] = set()


def for_servers(handler: Handler) -> Handler:
    """Spare the requests for this handler the question who reads."""
    _FOR_SERVERS.add(handler)
    return handler


@web.middleware
async def know_reader(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who reads, and in which language."""
    if request.match_info.handler in _FOR_SERVERS:
        return await handler(request)
    await request.app[CHOSEN].refresh()
    await identify(request)
    request[LANGUAGE] = choose_language(request)
    return await handler(request)


@web.middleware
async def show_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what goes wrong into a page with a way back, or into a line for machines."""
    request[MEMBER] = request[SESSION] = None
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400 or not wants_page(request):
            raise
        return await show(request, error.status, error)
    except (FediError, TooMany) as error:
        return await show(request, status_of(error), error)
    except Exception as error:
        log.exception("request failed", method=request.method, path=request.path)
        return await show(request, 500, error)


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 for one that nobody expected to come this far."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)


def wants_page(request: web.Request) -> bool:
    """Whether a person is looking."""
    return "text/html" in request.headers.get(hdrs.ACCEPT, "")


async def show(request: web.Request, status: int, error: Exception) -> web.StreamResponse:
    """Tell an error to whoever asked: in words to people, in one line to machines."""
    if wants_page(request):
        if LANGUAGE not in request:  # It went wrong before we knew who reads.
            request[LANGUAGE] = choose_language(request)
        response = await _page(request, status, error)
    else:
        response = _line(status, error)
    if isinstance(error, TooMany):
        response.headers[hdrs.RETRY_AFTER] = str(error.retry_after)
    elif isinstance(error, Overloaded):
        response.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER)
    elif isinstance(error, web.HTTPMethodNotAllowed):
        response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return response


async def _page(request: web.Request, status: int, error: Exception) -> web.Response:
    code = error.code if isinstance(error, FediError) else ""
    return render(
        request,
        "error.html",
        status=status,
        code=status,
        words=apologise(status, code, request[LANGUAGE]),
        said=str(error) if isinstance(error, Invalid | Forbidden | Conflict) else "",
        written=await _written(request),
    )


async def _written(request: web.Request) -> str:
    """The text a person was sending when it went wrong, to give it back to them."""
    if request.method != hdrs.METH_POST:
        return ""
    if SENT in request:
        return request[SENT].get("text", "")
    try:
        text = (await request.post()).get("text", "")
    except (web.HTTPException, ValueError):
        return ""
    return text if isinstance(text, str) else ""


def _line(status: int, error: Exception) -> web.Response:
    code = error.code if isinstance(error, FediError) else "internal"
    ours = status in (500, 503)  # the details of our own trouble are for the log
    return web.json_response({"error": code if ours else str(error)}, status=status)
