"""Group A: requests that are no proper HTTP, or not for the inbox they reach."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
import pytest_asyncio
from siege import MARK, Case, Siege, read_reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

Send = Callable[[Siege], bytes]

MEBIBYTE = 1024 * 1024
AS2 = "https://www.w3.org/ns/activitystreams"
#: Connections that begin a request and never end it; one of those that get as far as a body.
STALLED, HALF_A_BODY = 400, 3

Crowd = Sequence[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


def sent(body: bytes | None = None, **how: Any) -> Send:
    """Mallory's own words, signed as they should be; `how` spoils the request around them."""
    return lambda siege: siege.post(
        siege.mallory,
        siege.mallory.say("View", siege.debate) if body is None else body,
        **how,
    )


def typed(content_type: str | None) -> Send:
    return sent(headers={"content-type": content_type})


def encoded(name: str, body: bytes = b"{}") -> Send:
    return sent(body, headers={"content-encoding": name})


def unsigned(target: str) -> Send:
    return sent(target=target, headers={"signature": None})


def method(name: str) -> Send:
    """Signed for that method, too."""
    return sent(method=name, covered="(request-target) host date digest")


def chunked(size: int) -> Send:
    """A body whose length is told only piece by piece."""
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    def send(siege: Siege) -> bytes:
        fields = {"content-length": None, "transfer-encoding": "chunked"}
        head = siege.post(siege.mallory, b"", headers=fields)
        return head + piece * (size // 0x10000) + b"0\r\n\r\n"

    return send


def broken(chunk: bytes) -> Send:
    """A body in pieces of which one is none."""
    fields = {"content-length": None, "transfer-encoding": "chunked"}
    return lambda siege: siege.post(siege.mallory, b"", headers=fields) + chunk


def meant_for(host: str) -> Send:
    """Signed for another host name, and sent here."""
    return lambda siege: sent(fields={"host": host.format(port=siege.node.port)})(siege)


CASES = [
    *(Case(f"A1-{name}", method(name), 405) for name in ("GET", "PUT", "DELETE", "PATCH")),
    Case("A2-no-type", typed(None), 415, "media-type"),
    *(
        Case(f"A3-{name}", typed(name), 415, "media-type")
        for name in ("text/html", "application/json", "multipart/form-data; boundary=x", MARK)
    ),
    Case("A4-no-profile", typed("application/ld+json"), 415, "media-type"),
    Case("A4-profile", typed(f'application/ld+json; profile="{AS2}x"'), 415, "media-type"),
    Case("A4-ld+json", typed(f'application/ld+json; profile="x {AS2}"'), 202),
    Case("A5-utf-16", typed("application/activity+json; charset=utf-16"), 415, "media-type"),
    # What aiohttp cannot unpack it refuses by itself.
    *(Case(f"A6-{name}", encoded(name), (415, 400)) for name in ("gzip", "deflate", "br", "zstd")),
    Case("A6-twice", encoded("identity, gzip"), (415, 400)),
    Case("A7-bomb", encoded("gzip", gzip.compress(b" " * 50 * MEBIBYTE)), 415, "content-encoding"),
    Case("A8-announced", sent(headers={"content-length": f"{MEBIBYTE + 1}"}), 413, "too-large"),
    Case("A9-chunked", chunked(MEBIBYTE + 0x10000), 413, "too-large"),
    Case("A9-bad-chunk", broken(b"zz\r\n"), 400),
    Case("A9-bad-length", broken(b"2\r\n{}x\r\n"), 400),
    Case("A10-two-framings", sent(lines=b"Transfer-Encoding: chunked\r\n"), 400),
    Case("A10-two-lengths", sent(lines=b"Content-Length: 2\r\n"), 400),
    Case("A10-length-below-0", sent(headers={"content-length": "-1"}), 400),
    Case("A10-two-hosts", sent(lines=b"Host: paris.example\r\n"), 400),
    Case("A10-no-host", sent(headers={"host": None}), 400),
    Case("A10-no-version", lambda _: b"POST /inbox\r\n\r\n", (400, 421)),
    Case("A10-no-http", lambda _: b"\x16\x03\x01\x02\x00\x01\r\n\r\n", (400, 0)),
    Case("A11-long-header", sent(lines=b"X-Long: " + b"x" * 8200 + b"\r\n"), (400, 431)),
    Case(
        "A11-many-headers",
        sent(lines=b"".join(b"X-%d: x\r\n" % number for number in range(200))),
        (400, 431),
    ),
    Case(
        "A13-expect",
        sent(headers={"expect": "100-continue", "signature": None}),
        401,
        "unsigned",
    ),
    Case("A13-expect-else", sent(headers={"expect": "x"}), 417),
    *(
        Case(f"A14-{host}", meant_for(host), 421, "wrong-host")
        for host in ("paris.example", "127.0.0.1:{port}", "localhost", "localhost:1", "[::1]")
    ),
    Case("A14-absolute", sent(target="http://paris.example/inbox"), 421, "wrong-host"),
    *(
        Case(f"A15-{target}", unsigned(target), (404, 405, 401))
        for target in (
            "//inbox",
            "/inbox/",
            "/%69nbox",
            "/inbox;x",
            "/inbox%00",
            "/INBOX",
            "/./inbox",
            "/x/../inbox",
            "/p/camille//inbox",
            "/p/camille%2finbox",
            "/p/%00/inbox",
        )
    ),
    Case("A15-nobody", sent(target="/p/nobody/inbox"), 404, "no-such-inbox"),
    Case(
        "A16-forwarded-host",
        lambda siege: sent(
            fields={"host": "paris.example"},
            lines=f"X-Forwarded-Host: localhost:{siege.node.port}\r\n".encode(),
        )(siege),
        421,
        "wrong-host",
    ),
    Case(
        "A16-forwarded-away",
        sent(lines=b"X-Forwarded-Host: paris.example\r\nX-Forwarded-Proto: https\r\n"),
        202,
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(siege: Siege) -> AsyncIterator[Crowd]:
    """Connections that begin a request and never end it, while everything else here goes on."""
    whole = sent()(siege)
    head = whole.index(b"\r\n\r\n") + 4
    beginnings = [b"", whole[: head // 2], whole[:head], whole[: head + 10]]
    opened = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", siege.node.port) for _ in range(STALLED))
    )
    for number, (_, writer) in enumerate(opened):
        writer.write(beginnings[number % len(beginnings)])
    yield opened
    for _, writer in opened:
        writer.close()


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_only_a_proper_post_reaches_an_inbox(siege: Siege, case: Case) -> None:
    await siege.withstand(case)


async def test_every_inbox_asks_for_a_signature(siege: Siege) -> None:
    for owner in ("", "/actor", "/p/camille", f"/g/{siege.node.handle}"):
        await siege.withstand(Case(owner, unsigned(f"{owner}/inbox"), 401, "unsigned"))


async def test_requests_that_never_end_keep_nobody_waiting(siege: Siege, crowd: Crowd) -> None:
    reader, _ = crowd[HALF_A_BODY]
    reply = await asyncio.wait_for(read_reply(reader), 30)
    assert reply.code == "too-slow"
    await siege.is_well()


@pytest.mark.parametrize("end", [b"", b"zz\r\n"], ids=["hangs up", "goes astray"])
async def test_whoever_breaks_off_is_no_surprise(siege: Siege, end: bytes) -> None:
    fields = {"content-length": None, "transfer-encoding": "chunked"}
    whole = siege.post(siege.mallory, b"", headers=fields) + b"5\r\n{"
    for length in (5, len(whole) // 2, len(whole)):
        _, writer = await asyncio.open_connection("127.0.0.1", siege.node.port)
        writer.write(whole[:length])
        await siege.is_well()  # and so the beginning has been read
        writer.write(end)
        await siege.is_well()
        writer.transport.abort()
    await siege.is_well()
