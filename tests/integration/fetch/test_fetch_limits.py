"""How much time and room a client leaves to a peer."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from hostile import (
    AS2,
    ENDLESS,
    HostilePeer,
    Open,
    Script,
    answer,
    begins,
    code_of,
    document,
    drip,
    gzip_bomb,
    hang_up,
    silence,
)

from fedi.core.errors import (
    Unreachable,
)
from fedi.core.fetch import Fetcher, Patience


@pytest.mark.parametrize(
    "script",
    [
        silence,
        begins("HTTP/1.1 200", then=lambda: itertools.repeat(b" "), pause=0.05),
        begins(ENDLESS, then=drip, pause=0.05),
        begins("", then=lambda: itertools.repeat(b"HTTP/1.1 100 Go on\r\n\r\n"), pause=0.05),
    ],
    ids=["silence", "slow head", "slow body", "endless 100"],
)
async def test_a_slow_peer_is_given_up(fetcher: Fetcher, peer: HostilePeer, script: Script) -> None:
    url = peer.on("/o/1", script)
    assert await code_of(fetcher.get_document(url)) == "time-out"


async def test_slow_peers_do_not_keep_others_waiting(
    open_fetcher: Open, peer: HostilePeer, stack: AsyncExitStack
) -> None:
    fetcher = open_fetcher(allow_private=True, patience=Patience())
    slow = [await stack.enter_async_context(HostilePeer()) for _ in range(20)]
    stuck = [
        asyncio.create_task(fetcher.get_document(server.on("/o/1", silence))) for server in slow
    ]
    async with asyncio.timeout(5):
        assert await fetcher.get_document(peer.serve("/o/1"))
    assert not any(task.done() for task in stuck)
    await fetcher.close()
    assert all(isinstance(end, asyncio.CancelledError) for end in await gathered(stuck))


async def gathered(tasks: list[asyncio.Task[object]]) -> list[object]:
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_endless_body_is_cut_short(fetcher: Fetcher, peer: HostilePeer) -> None:
    sent = 0

    def flood() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(4096):
            sent += 65536
            yield b"10000\r\n" + b" " * 65536 + b"\r\n"

    url = peer.on("/o/1", begins(ENDLESS, then=flood))
    assert await code_of(fetcher.get_document(url)) == "too-large"
    assert sent < 32 * 1024 * 1024


@pytest.mark.parametrize(
    "script",
    [
        gzip_bomb(),
        answer(200, b" " * (1024 * 1024 + 1), "application/activity+json"),
        begins(
            "HTTP/1.1 200 OK\nContent-Type: application/activity+json\n"
            "Content-Length: 1073741824\n\n",
            then=lambda: iter([b"{}"]),
        ),
    ],
    ids=["gzip bomb", "a byte too many", "a gigabyte announced"],
)
async def test_a_large_document_is_refused(
    fetcher: Fetcher, peer: HostilePeer, script: Script
) -> None:
    assert await code_of(fetcher.get_document(peer.on("/o/1", script))) == "too-large"


async def test_a_compressed_document_is_read(fetcher: Fetcher, peer: HostilePeer) -> None:
    url = peer.on("/o/1", gzip_bomb(100))
    fetched = await fetcher.get_json(url)
    assert fetched.document == {"a": "0" * 100}


@pytest.mark.parametrize(
    "script",
    [
        hang_up,
        begins("SMTP 220 hello\n\n", then=lambda: iter(())),
        begins(ENDLESS, then=lambda: iter([b"zz\r\n"])),
        begins(
            "HTTP/1.1 200 OK\nContent-Type: application/activity+json\n"
            "Content-Encoding: gzip\nContent-Length: 9\n\n",
            then=lambda: iter([b"not gzip!"]),
        ),
        begins("HTTP/1.1 200 OK\nX: " + "x" * 20_000 + "\n\n", then=lambda: iter(())),
        begins("HTTP/1.1 200 OK\n" + "X: y\n" * 2000 + "\n", then=lambda: iter(())),
    ],
    ids=["hang up", "no http", "bad chunk", "bad gzip", "long header", "many headers"],
)
async def test_a_broken_answer_is_unreachable(
    fetcher: Fetcher, peer: HostilePeer, script: Script
) -> None:
    with pytest.raises(Unreachable):
        await fetcher.get_document(peer.on("/o/1", script))


async def test_cookies_are_not_kept(fetcher: Fetcher, peer: HostilePeer) -> None:
    note = {"@context": AS2, "id": peer.url("/o/1")}
    peer.on("/o/1", document(note, Set_Cookie="a=b; Path=/"))
    await fetcher.get_document(peer.url("/o/1"))
    await fetcher.get_document(peer.serve("/o/2"))
    assert all("cookie" not in request.headers for request in peer.requests)
    assert peer.connections == 1


async def test_webfinger_and_nodeinfo_are_any_json_but_small(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    for content_type in ("application/jrd+json", "application/json; profile=x"):
        url = peer.on("/d", document({"subject": "acct:a@b"}, content_type))
        fetched = await fetcher.get_json(url, accept="application/jrd+json")
        assert fetched.document == {"subject": "acct:a@b"}
    assert peer.requests[0].headers["accept"] == "application/jrd+json"
    peer.on("/d", document({"a": "x"}, "text/html"))
    assert await code_of(fetcher.get_json(url)) == "media-type"
    peer.on("/d", document({"a": "x" * 65536}, "application/json"))
    assert await code_of(fetcher.get_json(url)) == "too-large"
