"""The stream that an open page of a debate listens to."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from opened import Opened, opened

from fedi.debates.models.thread import Thread
from fedi.web.keys import DEPARTURE
from fedi.web.live import SEATS_OF_ONE


async def address(it: Opened) -> str:
    async with it.site.node.db.reading() as unit:
        thread = await unit.find(Thread, id=it.root.thread_id)
    assert thread is not None
    return f"{it.site.node.site.url}/live/{thread.key}"


async def next_event(answer: aiohttp.ClientResponse) -> str:
    """The next event that is none of the comments which keep the connection."""
    async with asyncio.timeout(30):
        while not (line := (await answer.content.readline()).decode()).startswith("data: "):
            assert line, "the stream has ended"
    return line.removeprefix("data: ").rstrip()


async def test_a_reader_hears_of_each_reply_in_their_language(tmp_path: Path):
    async with opened(tmp_path) as it, aiohttp.ClientSession() as session:
        url = await address(it)
        for seen, language, news in ((1, "fr", "1 nouvelle réponse"), (2, "en", "1 new reply")):
            headers = {"Accept-Language": language}
            async with session.get(f"{url}?seen={seen}", headers=headers) as answer:
                assert answer.status == 200
                assert answer.content_type == "text/event-stream"
                assert answer.headers["Cache-Control"] == "no-store"
                await it.elise.send(f"/posts/{it.root.key}/reply", text="Une réponse.")
                assert await next_event(answer) == news


async def test_readers_find_seats_until_there_is_no_room(tmp_path: Path):
    async with opened(tmp_path) as it, AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        url = f"{await address(it)}?seen=1"
        seated = [await session.get(url) for _ in range(SEATS_OF_ONE)]
        assert {answer.status for answer in seated} == {200}

        async with session.get(url) as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) > 0
        for answer in seated:
            answer.close()


async def test_a_stream_ends_when_the_process_is_on_its_way_out(tmp_path: Path):
    async with opened(tmp_path) as it, aiohttp.ClientSession() as session:
        async with session.get(f"{await address(it)}?seen=1") as answer:
            await answer.content.readline()
            it.site.server.app[DEPARTURE].let_go()
            async with asyncio.timeout(30):
                await answer.content.read()
        async with session.get(f"{it.site.node.site.url}/livez") as answer:
            assert answer.headers["Connection"] == "close"


async def test_what_is_no_debate_has_no_stream(tmp_path: Path):
    async with opened(tmp_path) as it, aiohttp.ClientSession() as session:
        url = await address(it)
        for wrong in (url, f"{url}?seen=many", f"{it.site.node.site.url}/live/none?seen=1"):
            async with session.get(wrong) as answer:
                assert answer.status == 404
