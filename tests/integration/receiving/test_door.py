"""What the inbox lets in, over real requests."""

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from factories import FakeClock, make_person
from hostile import answer, hang_up
from inboxes import Neighbour, OpenSite, Voice, open_site
from sqlalchemy import select

from actors.models import Actor, Policy
from actors.policies import set_policy
from fedi.core.vocab import PUBLIC
from inbox.models import InboxItem

MINUTE = 60


def like(voice: Voice, **members: object) -> dict[str, object]:
    return voice.say("Like", "https://far.example/o/1", **members)


async def test_a_signed_activity_is_on_disk_when_it_is_answered(site: OpenSite, ana: Voice) -> None:
    activity = like(ana)
    body = json.dumps(activity).encode()

    given = await site.post(body, ana.key)

    assert given.status == 202
    (item,) = await site.items()
    assert item.body == body
    assert (item.signer_uri, item.activity_uri, item.type) == (ana.uri, activity["id"], "Like")
    assert item.recipient is None


async def test_an_actors_own_inbox_is_written_down(site: OpenSite, ana: Voice) -> None:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")

    assert await site.deliver(ana, like(ana), target="/p/camille/inbox") == 202
    (item,) = await site.items()
    assert item.recipient == camille.uri


@pytest.mark.parametrize("target", ["/p/nobody/inbox", "/g/nobody/inbox", "/p/reseau/inbox"])
async def test_an_inbox_that_nobody_has_is_not_found(
    site: OpenSite, ana: Voice, target: str
) -> None:
    assert await site.deliver(ana, like(ana), target=target) == 404


async def test_the_same_delivery_a_hundred_times_is_kept_once(site: OpenSite, ana: Voice) -> None:
    body = json.dumps(like(ana)).encode()

    given = await asyncio.gather(*(site.post(body, ana.key) for _ in range(30)))

    assert {answer.status for answer in given} <= {202, 503}
    assert len(await site.items()) == 1


async def test_an_update_with_an_id_seen_before_is_kept_again(site: OpenSite, ana: Voice) -> None:
    """GoToSocial gives every Update of a post one id."""
    post = ana.note("hello")
    first = ana.say("Update", post, id=f"{post['id']}#update")
    second = ana.say("Update", post | {"content": "again"}, id=f"{post['id']}#update")

    for activity in (first, second, first):
        assert await site.deliver(ana, activity) == 202

    assert len(await site.items()) == 2


async def test_a_follow_repeated_later_is_kept_again(site: OpenSite, ana: Voice) -> None:
    follow = ana.say("Follow", site.network.uri)

    await site.deliver(ana, follow)
    await site.deliver(ana, follow)
    site.clock.now = site.clock.now.replace(hour=site.clock.now.hour + 2)
    await site.deliver(ana, follow)

    assert len(await site.items()) == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "text/html"}, 415),
        ({"Content-Type": "application/ld+json"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Signature": None}, 401),
        ({"Signature": "x"}, 400),
        ({"Digest": None}, 401),
        ({"Digest": "SHA-256=AAAA"}, 401),
        ({"Date": None}, 401),
        ({"Host": "evil.example"}, 421),
    ],
)
async def test_a_request_that_is_not_as_it_should_be_is_refused(
    site: OpenSite, ana: Voice, headers: dict[str, str | None], status: int
) -> None:
    given = await site.post(json.dumps(like(ana)).encode(), ana.key, headers=headers)

    assert given.status == status
    assert not await site.items()


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"null",
        b"[]",
        b"1",
        b"{",
        b"{} {}",
        b'{"a":NaN}',
        b'{"a":1e999}',
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"a":1}',
        b'{"id":"a","id":"b"}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud800"}',
        b'{"@graph":[]}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
async def test_what_is_no_plain_json_is_refused(site: OpenSite, ana: Voice, body: bytes) -> None:
    given = await site.post(body, ana.key)

    assert given.status == 400
    assert not await site.items()


async def begin_post(site: OpenSite, header: str) -> tuple[asyncio.StreamReader, Any]:
    """Open a connection and send the head of a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.node.site.origin.port)
    head = (
        f"POST /inbox HTTP/1.1\r\nHost: {site.node.site.domain}\r\n"
        f"Content-Type: application/activity+json\r\n{header}\r\n\r\n"
    )
    writer.write(head.encode())
    return reader, writer


async def test_a_body_that_will_be_too_long_is_refused_unread(site: OpenSite) -> None:
    reader, writer = await begin_post(site, f"Content-Length: {1024 * 1024 + 1}")

    assert b" 413 " in await reader.readuntil(b"\r\n")
    writer.close()


async def test_an_endless_body_is_refused_once_it_is_too_long(site: OpenSite) -> None:
    reader, writer = await begin_post(site, "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with contextlib.suppress(ConnectionError):
        for _ in range(64):
            writer.write(piece)
            await writer.drain()

    assert b" 413 " in await reader.readuntil(b"\r\n")
    writer.close()


async def test_an_answer_never_repeats_what_was_sent(site: OpenSite, ana: Voice) -> None:
    given = await site.post(b'{"type": "<script>"}', ana.key)

    assert given.status == 400
    assert json.loads(given.text) == {"error": "context"}


# --- who speaks --------------------------------------------------------------------------


async def test_a_key_speaks_for_its_owner_only(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """CVE-2025-54888: signed by eve, said by ana."""
    eve = lisbon.actor("eve")

    assert await site.deliver(eve, ana.say("Follow", site.network.uri)) == 403
    assert not await site.items()


async def test_an_actor_of_ours_is_nobody_elses_to_play(site: OpenSite, ana: Voice) -> None:
    forged = like(ana, actor=site.network.uri, id=f"{site.node.site.url}/a/1")

    assert await site.deliver(ana, forged) == 403


async def test_an_id_of_another_server_is_refused(site: OpenSite, ana: Voice) -> None:
    assert await site.deliver(ana, like(ana, id="https://far.example/a/1")) == 400


async def test_a_blocked_server_is_refused_before_its_key_is_fetched(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    async with site.node.db.unit() as unit:
        await set_policy(unit, lisbon.origin.removeprefix("http://"), Policy.BLOCKED)

    assert await site.deliver(ana, like(ana)) == 403
    assert lisbon.requests == []


async def test_a_suspended_actor_may_only_take_back(site: OpenSite, ana: Voice) -> None:
    await site.deliver(ana, like(ana))
    async with site.node.db.unit() as unit:
        actor = await unit.find(Actor, uri=ana.uri)
        assert actor is not None
        actor.suspended_at = unit.now
        unit.wake("policies")

    assert await site.deliver(ana, like(ana)) == 403
    assert await site.deliver(ana, ana.say("Undo", like(ana))) == 202


async def test_a_key_server_that_hangs_up_means_again_later(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    lisbon.on("/users/ana", hang_up)

    given = await site.post(json.dumps(like(ana)).encode(), ana.key)

    assert given.status == 503
    assert given.retry_after


@pytest.mark.parametrize("status", [404, 410])
async def test_a_key_that_is_not_there_proves_nothing(
    site: OpenSite, lisbon: Neighbour, ana: Voice, status: int
) -> None:
    lisbon.on("/users/ana", answer(status))

    assert await site.deliver(ana, like(ana)) == 401


async def test_a_stranger_that_leaves_is_let_go_without_a_question(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    assert await site.deliver(ana, ana.say("Delete", ana.uri)) == 202
    assert lisbon.requests == []
    assert not await site.items()


async def test_a_stranger_cannot_say_another_farewell(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """It is a Delete of somebody else: the signature is asked for as ever."""
    lisbon.gone(ana.uri)

    assert await site.deliver(ana, ana.say("Delete", f"{lisbon.origin}/users/ben")) == 401


# --- our own trouble ---------------------------------------------------------------------


async def test_a_peer_that_sends_too_fast_is_asked_to_wait(
    tmp_path: Path, clock: FakeClock
) -> None:
    limits = {"inbox_per_minute": 2}
    async with open_site(tmp_path, clock, limits=limits) as site, Neighbour() as lisbon:
        ana = lisbon.actor("ana")
        given = [await site.post(json.dumps(like(ana)).encode(), ana.key) for _ in range(3)]

    assert [answer.status for answer in given] == [202, 202, 429]
    assert given[-1].retry_after == MINUTE


async def test_an_overfull_inbox_means_again_later(tmp_path: Path, clock: FakeClock) -> None:
    limits = {"inbox_waiting": 10}
    async with open_site(tmp_path, clock, limits=limits) as site, Neighbour() as lisbon:
        ana = lisbon.actor("ana")
        async with site.node.db.unit() as unit:
            for number in range(10):
                unit.add(_waiting_item(site, number))
        async with asyncio.timeout(5):
            while (await site.post(json.dumps(like(ana)).encode(), ana.key)).status != 503:
                continue  # The queue is counted behind the first answers.

        assert len(await site.items()) < 30


def _waiting_item(site: OpenSite, number: int) -> InboxItem:
    return InboxItem(
        fingerprint=number.to_bytes(32),
        type="Like",
        signer_uri="https://far.example/users/x",
        origin="https://far.example",
        body=b"{}",
        received_at=site.clock.now,
        next_attempt_at=site.clock.now,
    )


async def test_what_was_not_stored_is_not_accepted(site: OpenSite, ana: Voice) -> None:
    await site.deliver(ana, like(ana))
    async with site.node.db.writer.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE inbox_items RENAME TO elsewhere")

    given = await site.post(json.dumps(like(ana)).encode(), ana.key)

    assert given.status == 503
    async with site.node.db.writer.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO inbox_items")
    assert await site.deliver(ana, like(ana)) == 202


async def test_what_waits_at_the_end_is_stored(site: OpenSite, ana: Voice) -> None:
    waiting = [asyncio.create_task(site.deliver(ana, like(ana))) for _ in range(5)]
    await asyncio.gather(*waiting)
    await site.acceptor.stop()

    assert len(await site.items()) == 5
    assert await site.deliver(ana, like(ana)) == 503


async def test_every_refusal_is_in_the_journal(site: OpenSite, ana: Voice) -> None:
    await site.post(b"{}", ana.key)
    await site.post(b"{}", ana.key, headers={"Signature": None})
    await site.post(b"{}", ana.key, headers={"Content-Type": "text/html"})
    await site.deliver(ana, like(ana, id="https://far.example/a/1"))

    assert {"context", "unsigned", "media-type", "id-origin"} <= await site.journal_codes()


async def test_a_connection_that_sends_nothing_harms_nobody(site: OpenSite, ana: Voice) -> None:
    port = site.node.site.origin.port
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]

    assert await site.deliver(ana, like(ana, to=[PUBLIC])) == 202

    for connection in idle:
        connection.close()


async def test_a_first_post_makes_an_actor_known_and_a_refused_one_does_not(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    eve = lisbon.actor("eve")
    await site.post(b"{}", eve.key, headers={"Digest": "SHA-256=AAAA"})
    await site.deliver(ana, like(ana))

    async with site.node.db.reading() as unit:
        uris = set(await unit.session.scalars(select(Actor.uri)))
    assert ana.uri in uris
    assert eve.uri not in uris
