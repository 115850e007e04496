"""What the inbox answers when it refuses: the one table from errors to HTTP statuses.

Peers read these codes with different eyes.  503 with Retry-After is the only answer that all
of them understand as "again later"; 410 and 418 are never given, since PieFed takes them for
the end of this server.
"""

import structlog
from aiohttp import web

from fedi.core.errors import (
    BudgetSpent,
    FediError,
    Forbidden,
    Malformed,
    NotFound,
    Overloaded,
    Unauthenticated,
    Unreachable,
)
from fedi.core.metrics import INBOX_ACCEPTED, INBOX_REFUSED
from fedi.core.signatures.errors import UnreadableSignature
from inbox.frame import NoSuchInbox, TooLarge, TooSlow, WrongHost, WrongMediaType
from inbox.guard import TooMany

log = structlog.get_logger()

RETRY_SECONDS = 60


#: The first class that fits gives the status, so the special cases stand before the general.
STATUSES: tuple[tuple[type[FediError], int], ...] = (
    (WrongMediaType, 415),
    (TooLarge, 413),
    (WrongHost, 421),
    (TooSlow, 408),
    (TooMany, 429),
    (Overloaded, 503),
    (Unreachable, 503),
    (BudgetSpent, 503),
    (NoSuchInbox, 404),
    (Forbidden, 403),
    (UnreadableSignature, 400),
    (Unauthenticated, 401),
    (NotFound, 401),  # of the key
    (Malformed, 400),
)


def accepted() -> web.Response:
    """202: it is on disk, and will be read."""
    INBOX_ACCEPTED.inc()
    return web.Response(body=b"{}", status=202, content_type="application/json")


def refused(error: Exception) -> web.Response:
    """The answer to an error; what is none of ours to explain is our own trouble, hence a 503.

    The body names the code and repeats nothing of the request.
    """
    if not isinstance(error, FediError):
        log.exception("inbox failed", exc_info=error)
        return _answer(503, "unavailable")
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 503)
    return _answer(status, error.code)


def _answer(status: int, code: str) -> web.Response:
    INBOX_REFUSED[code].inc()
    log.debug("refused", code=code, status=status)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status in (429, 503) else {}
    return web.json_response({"error": code}, status=status, headers=headers)
