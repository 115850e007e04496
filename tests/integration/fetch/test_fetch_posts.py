"""What a client makes of the answers to its own posts."""

import pytest
from hostile import (
    ENDLESS,
    HostilePeer,
    answer,
    begins,
    drip,
    redirect,
)

from fedi.core.errors import Malformed
from fedi.core.fetch import Fetcher


async def test_a_post_is_sent_as_it_was_signed(fetcher: Fetcher, peer: HostilePeer) -> None:
    body = b'{ "id": 1 }'
    url = peer.on("/inbox", answer(202))
    posted = await fetcher.post(url, body, {"Content-Type": "x/y", "Signature": "s", "Host": "h"})
    assert posted.accepted
    assert posted.status == 202
    (request,) = peer.requests
    assert request.body == body
    assert request.headers["signature"] == "s"
    assert request.headers["content-type"] == "x/y"
    assert request.headers["host"] == "h"


async def test_a_post_is_not_redirected(fetcher: Fetcher, peer: HostilePeer) -> None:
    peer.on("/else", answer(202))
    posted = await fetcher.post(peer.on("/inbox", redirect("/else", 307)), b"{}", {})
    assert posted.status == 307
    assert not posted.accepted
    assert peer.targets == ["/inbox"]


async def test_a_refusal_tells_what_and_when(fetcher: Fetcher, peer: HostilePeer) -> None:
    url = peer.on("/inbox", answer(503, b"\xffbusy" * 9999, Retry_After="120"))
    posted = await fetcher.post(url, b"{}", {})
    assert posted.status == 503
    assert posted.retry_after == 120
    assert posted.text.startswith("\ufffdbusy")
    assert len(posted.text) <= 2048
    peer.on("/inbox", answer(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"))
    assert (await fetcher.post(url, b"{}", {})).retry_after == 0
    peer.on("/inbox", answer(429, Retry_After="soon"))
    assert (await fetcher.post(url, b"{}", {})).retry_after is None


async def test_a_status_counts_though_its_body_never_ends(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    accepted = ENDLESS.replace("200 OK", "202 Accepted")
    url = peer.on("/inbox", begins(accepted, then=drip, pause=0.05))
    assert (await fetcher.post(url, b"{}", {})).accepted


async def test_a_header_that_cannot_be_sent_is_malformed(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    url = peer.on("/inbox", answer(202))
    with pytest.raises(Malformed):
        await fetcher.post(url, b"{}", {"Digest": "x\r\nEvil: y"})
    assert peer.requests == []
