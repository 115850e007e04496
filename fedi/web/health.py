"""Whether this process lives and can serve: for supervisors and balancers."""

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

from fedi.core.appkeys import NODE


async def live(request: web.Request) -> web.Response:
    """GET /livez: the loop turns."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: the database answers; 503 otherwise."""
    try:
        async with request.app[NODE].db.reading() as unit:
            await unit.session.execute(text("SELECT 1"))
    except Exception as error:  # whatever the driver raises, the answer is the same
        raise web.HTTPServiceUnavailable(
            text="the database does not answer\n", headers={hdrs.RETRY_AFTER: "5"}
        ) from error
    return web.Response(text="ok\n")


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: counters of this process, for Prometheus."""
    return web.Response(body=generate_latest(), headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})
