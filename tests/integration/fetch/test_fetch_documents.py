"""What a client believes of a peer that lies."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hostile import (
    AS2,
    HostilePeer,
    Open,
    Script,
    answer,
    code_of,
    document,
    redirect,
)

from fedi.core.errors import BudgetSpent, FediError, Gone, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget, Fetcher, Signer

LD_JSON = f'application/ld+json; profile="https://a.example/x {AS2}"'


async def test_a_document_found_at_its_id_is_returned_with_its_bytes(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    body = b'{ "@context": "%s",\n "id": "%s" }' % (AS2.encode(), peer.url("/o/1").encode())
    url = peer.on("/o/1", answer(200, body, "application/activity+json", ETag='"7"'))
    fetched = await fetcher.get_document(url)
    assert fetched.body == body
    assert fetched.document["id"] == url == fetched.url
    assert fetched.etag == '"7"'
    (request,) = peer.requests
    assert "application/activity+json" in request.headers["accept"]
    assert request.headers["user-agent"] == "fedi/test"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json; charset=utf-8",
        "Application/Activity+JSON",
        LD_JSON,
        f'application/ld+json; charset=utf-8;profile="{AS2}"',
    ],
)
async def test_the_media_types_of_activitystreams_are_taken(
    fetcher: Fetcher, peer: HostilePeer, content_type: str
) -> None:
    note = {"@context": AS2, "id": peer.url("/o/1")}
    assert await fetcher.get_document(peer.on("/o/1", document(note, content_type)))


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "application/json",
        "application/ld+json",
        "text/plain",
        "image/png",
        'application/ld+json; profile="https://a.example/x"',
        "application/activity+jsonx",
    ],
)
async def test_a_file_somebody_uploaded_speaks_for_nobody(
    fetcher: Fetcher, peer: HostilePeer, content_type: str
) -> None:
    note = {"@context": AS2, "id": peer.url("/o/1")}
    url = peer.on("/o/1", document(note, content_type))
    assert await code_of(fetcher.get_document(url)) == "media-type"


@pytest.mark.parametrize("status", [201, 203, 204, 206, 300])
async def test_only_status_200_is_a_document(
    fetcher: Fetcher, peer: HostilePeer, status: int
) -> None:
    body = b"" if status == 204 else b'{"id":"x"}'
    url = peer.on("/o/1", answer(status, body, "application/activity+json"))
    assert await code_of(fetcher.get_document(url)) == f"http-{status}"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, NotFound, "http-401"),
        (403, NotFound, "http-403"),
        (404, NotFound, "not-found"),
        (410, Gone, "gone"),
        (418, NotFound, "http-418"),
        (429, Unreachable, "http-429"),
        (500, Unreachable, "http-500"),
        (503, Unreachable, "http-503"),
    ],
)
async def test_each_status_has_its_error(
    fetcher: Fetcher, peer: HostilePeer, status: int, error: type[FediError], code: str
) -> None:
    with pytest.raises(error) as failed:
        await fetcher.get_document(peer.on("/o/1", answer(status)))
    assert failed.value.code == code


async def test_an_id_of_another_server_is_not_believed_nor_asked(
    fetcher: Fetcher, peer: HostilePeer, stack: AsyncExitStack
) -> None:
    victim = await stack.enter_async_context(HostilePeer())
    victim.serve("/users/ana")
    evil = peer.on("/x", document({"@context": AS2, "id": victim.url("/users/ana")}))
    assert await code_of(fetcher.get_document(evil)) == "id-mismatch"
    assert victim.requests == []


async def test_another_id_of_the_same_server_is_asked_once(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    actor = peer.serve("/users/ana", type="Person")
    key = peer.on("/users/ana/main-key", document({"@context": AS2, "id": actor}))
    fetched = await fetcher.get_document(key)
    assert fetched.url == actor
    assert fetched.document["type"] == "Person"
    assert peer.targets == ["/users/ana/main-key", "/users/ana"]


async def test_a_chain_of_ids_is_not_followed(fetcher: Fetcher, peer: HostilePeer) -> None:
    for number in range(5):
        following = {"@context": AS2, "id": peer.url(f"/{number + 1}")}
        peer.on(f"/{number}", document(following))
    assert await code_of(fetcher.get_document(peer.url("/0"))) == "id-mismatch"
    assert peer.targets == ["/0", "/1"]


@pytest.mark.parametrize("value", [None, 5, "", ["x"], "acct:a@b.example", "/o/1"])
async def test_a_document_without_an_id_is_refused(
    fetcher: Fetcher, peer: HostilePeer, value: object
) -> None:
    url = peer.on("/o/1", document({"@context": AS2, "id": value}))
    with pytest.raises(Malformed):
        await fetcher.get_document(url)


async def test_an_id_with_a_fragment_is_found_in_its_document(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    actor = peer.serve("/users/ana")
    assert (await fetcher.get_document(f"{actor}#main-key")).document["id"] == actor
    part = f"{peer.url('/o/1')}#create"
    peer.on("/o/1", document({"@context": AS2, "id": part}))
    assert (await fetcher.get_document(part)).document["id"] == part
    assert peer.targets == ["/users/ana", "/o/1"]


async def test_a_redirect_on_the_same_server_is_followed_and_signed_anew(
    open_fetcher: Open, peer: HostilePeer
) -> None:
    asked = []

    def sign(url: str) -> dict[str, str]:
        asked.append(url)
        return {"Signature": f"of {url}"}

    fetcher = open_fetcher(allow_private=True, signers=[sign])
    target = peer.serve("/users/1")
    fetched = await fetcher.get_document(peer.on("/@ana", redirect("/users/1")))
    assert fetched.url == target
    assert asked == [peer.url("/@ana"), target]
    assert [request.headers["signature"] for request in peer.requests] == [
        f"of {peer.url('/@ana')}",
        f"of {target}",
    ]


def way(name: str) -> Signer:
    return lambda url: {"Signature": name}


def for_the_new(peer: HostilePeer, document: Script, refusal: Script) -> Script:
    async def script(writer: asyncio.StreamWriter) -> None:
        is_new = peer.requests[-1].headers["signature"] == "new"
        await (document if is_new else refusal)(writer)

    return script


@pytest.mark.parametrize("status", [400, 401])
async def test_a_server_that_cannot_read_a_signature_is_shown_another(
    open_fetcher: Open, peer: HostilePeer, status: int
) -> None:
    """And the next time that one first."""
    fetcher = open_fetcher(allow_private=True, signers=[way("old"), way("new")])

    def understood() -> list[str]:
        return [request.headers["signature"] for request in peer.requests]

    for path in ("/o/1", "/o/2"):
        note = document({"@context": AS2, "id": peer.url(path)})
        peer.on(path, for_the_new(peer, note, answer(status)))
        assert await fetcher.get_document(peer.url(path))
    assert understood() == ["old", "new", "new"]

    peer.on("/o/3", answer(status))
    assert await code_of(fetcher.get_document(peer.url("/o/3"))) == f"http-{status}"
    assert understood()[3:] == ["new", "old"]


async def test_asking_again_in_another_way_is_paid_for(
    open_fetcher: Open, peer: HostilePeer
) -> None:
    fetcher = open_fetcher(allow_private=True, signers=[way("old"), way("new")])
    peer.on("/o/1", answer(401))
    with pytest.raises(BudgetSpent):
        await fetcher.get_document(peer.url("/o/1"), Budget(gets=1))
    assert len(peer.requests) == 1


async def test_a_redirect_to_another_server_is_not_followed(
    fetcher: Fetcher, peer: HostilePeer, stack: AsyncExitStack
) -> None:
    other = await stack.enter_async_context(HostilePeer())
    url = peer.on("/x", redirect(other.serve("/o/1")))
    assert await code_of(fetcher.get_document(url)) == "redirect-origin"
    assert other.connections == 0
    peer.on("/back", redirect("/x"))
    assert await code_of(fetcher.get_document(peer.url("/back"))) == "redirect-origin"


async def test_a_mere_link_may_lead_to_another_server(
    fetcher: Fetcher, peer: HostilePeer, stack: AsyncExitStack
) -> None:
    other = await stack.enter_async_context(HostilePeer())
    note = other.serve("/o/1")
    moved = peer.on("/moved", redirect(note))
    copied = peer.on("/copy", document({"@context": AS2, "id": note, "content": "altered"}))
    assert (await fetcher.get_document(moved, any_origin=True)).url == note
    fetched = await fetcher.get_document(copied, any_origin=True)
    assert fetched.url == note
    assert "content" not in fetched.document


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "data:application/activity+json,{}",
        "ftp://peer.example/",
        "//[",
        "http://us@peer.example/",
        "http://peer.example:99999/",
        "gopher://x",
        "",
    ],
)
async def test_a_redirect_to_what_is_no_address_is_refused(
    fetcher: Fetcher, peer: HostilePeer, location: str
) -> None:
    with pytest.raises(Malformed):
        await fetcher.get_document(peer.on("/x", redirect(location)))


async def test_redirects_end_after_three(fetcher: Fetcher, peer: HostilePeer) -> None:
    for number in range(9):
        peer.on(f"/{number}", redirect(f"/{number + 1}", [301, 302, 303, 307, 308][number % 5]))
    peer.on("/self", redirect("/self"))
    peer.on("/a", redirect("/b"))
    peer.on("/b", redirect("/a"))
    for start in ("/0", "/self", "/a"):
        peer.requests.clear()
        assert await code_of(fetcher.get_document(peer.url(start))) == "redirect-loop"
        assert len(peer.requests) == 4
