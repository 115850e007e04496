"""What every request goes through first: it gets a name for the log, and is counted."""

import re
import time
from collections.abc import Sequence
from itertools import count

from aiohttp import web
from aiohttp.typedefs import Middleware

from fedi.core.log import about
from fedi.core.metrics import OTHER, REQUEST_SECONDS, REQUESTS
from fedi.core.tables import new_id
from fedi.web.negotiate import Handler
from fedi.web.proxies import know_proxies

REQUEST_ID = "X-Request-Id"
#: What we take over from a proxy is repeated in every line: it must be short and tame.
_TAME = re.compile(r"[\w.+/=:-]{1,64}", re.ASCII)
_CLASSES = ("", "1xx", "2xx", "3xx", "4xx", "5xx")
#: When the other side went away before the answer; nginx calls it so.
_HUNG_UP = 499


def watch_requests(proxies: Sequence[str]) -> Middleware:
    """Name each request, or keep the name that one of these proxies gave it, and count it.

    Whoever met an error of ours is told the name, to quote it: the log has it in every line.
    """
    is_ours = know_proxies(proxies)
    numbers = count(1)
    process = f"{new_id():x}"

    def name(request: web.Request) -> str:
        given = request.headers.get(REQUEST_ID)
        if given is not None and is_ours(request) and _TAME.fullmatch(given):
            return given
        return f"{process}-{next(numbers)}"

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        started, status, called = time.perf_counter(), _HUNG_UP, name(request)
        with about(request=called):
            try:
                response = await handler(request)
                status = response.status
            except web.HTTPException as error:
                status = error.status
                raise
            finally:
                _count(request, status, time.perf_counter() - started)
        if status >= 500:
            response.headers[REQUEST_ID] = called
        return response

    return watch


def _count(request: web.Request, status: int, seconds: float) -> None:
    """By the pattern of the address, never by the address: there is no end to those."""
    resource = request.match_info.route.resource
    method, route = (request.method, resource.canonical) if resource else (OTHER, OTHER)
    REQUESTS[method, route, _CLASSES[status // 100]].inc()
    REQUEST_SECONDS[route].observe(seconds)
