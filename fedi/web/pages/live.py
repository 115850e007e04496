"""The thread that a page of a debate hangs on: it learns of replies that come meanwhile."""

from contextlib import aclosing

from aiohttp import hdrs, web

from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.debates.models.post import Post
from fedi.debates.permissions import may_read
from fedi.debates.threads import find_thread
from fedi.web.keys import LANGUAGE, LIVE, MEMBER
from fedi.web.limits import address_of
from fedi.web.sessions import still_reads
from fedi.web.words import news_in_words

HEADERS = {
    hdrs.CONTENT_TYPE: "text/event-stream",
    hdrs.CACHE_CONTROL: "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep events until it has a page of them
}
#: Milliseconds after which a browser comes back when the connection ends.
RETRY = 3000


async def follow(request: web.Request) -> web.StreamResponse:
    """GET /live/KEY?seen=N — events for a page that shows N posts: how many are new, in words.

    Server-sent events (HTML, section 9.2).  The first comes at once if there is something new.
    """
    key, seen = request.match_info["key"], request.query.get("seen", "")
    if not seen.isdecimal() or not await _may_follow(request, key):
        raise NotFound("there is no such debate here")
    live = request.app[LIVE]
    with live.seat(address_of(request)):
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        await response.write(f"retry: {RETRY}\n\n".encode())
        async with aclosing(live.follow(key)) as counts:
            async for count in counts:
                if not count and not await _still_reads(request):
                    break
                await response.write(_event(request, count and count - int(seen)))
    return response


async def _may_follow(request: web.Request, key: str) -> bool:
    member = request[MEMBER]
    async with request.app[NODE].db.reading() as unit:
        thread = await find_thread(unit, key)
        root = await unit.find(Post, id=thread.root_id) if thread is not None else None
        return (
            thread is not None
            and thread.key == key
            and root is not None
            and may_read(root, member.actor.uri if member else None)
        )


async def _still_reads(request: web.Request) -> bool:
    """Asked when nothing is new, so that a lively debate costs no more."""
    if request[MEMBER] is None:
        return True
    async with request.app[NODE].db.reading() as unit:
        return await still_reads(request, unit)


def _event(request: web.Request, news: int | None) -> bytes:
    """What is new, or a comment that only keeps the connection."""
    if not news or news < 0:
        return b":\n\n"
    return f"data: {news_in_words(news, request[LANGUAGE])}\n\n".encode()
