"""Whether this process lives and can serve: for supervisors and balancers."""

from aiohttp import hdrs, web
from sqlalchemy import text

from fedi.core.appkeys import NODE
from fedi.web.keys import DEPARTURE


async def live(request: web.Request) -> web.Response:
    """GET /livez: the loop turns."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: the database answers and this process stays; 503 otherwise."""
    if request.app[DEPARTURE].is_announced:
        raise web.HTTPServiceUnavailable(
            text="this process is about to end\n", headers={hdrs.RETRY_AFTER: "5"}
        )
    try:
        async with request.app[NODE].db.reading() as unit:
            await unit.session.execute(text("SELECT 1"))
    except Exception as error:  # whatever the driver raises, the answer is the same
        raise web.HTTPServiceUnavailable(
            text="the database does not answer\n", headers={hdrs.RETRY_AFTER: "5"}
        ) from error
    return web.Response(text="ok\n")


async def let_go(request: web.Request, response: web.StreamResponse) -> None:
    """End the connection with this answer when the process is on its way out; a signal.

    Whoever asks again does so on a new connection, and somebody else takes that one.
    """
    if request.app[DEPARTURE].is_letting_go:
        response.headers[hdrs.CONNECTION] = "close"
        response.force_close()
