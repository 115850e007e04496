"""The small parts of the inbox that need neither a database nor a network."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fedi.core.answers import read_alternate
from fedi.core.errors import Overloaded
from fedi.core.vocab import ACTIVITY_JSON
from inbox.crawl import first_item, is_collection, items_of
from inbox.frame import Frame
from inbox.guard import IN_FLIGHT, Guard, TooMany
from inbox.receive import fingerprint
from inbox.types import WAITING, Need, Received

ANA = "https://lisbon.example/users/ana"
EVE = "https://evil.example/users/eve"
NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


# --- how much a peer may ask -------------------------------------------------------------


def test_a_peer_has_eight_requests_answered_at_once() -> None:
    guard = Guard(per_minute=100)
    passages = [guard.passage("https://lisbon.example") for _ in range(IN_FLIGHT)]
    for passage in passages:
        passage.__enter__()

    with pytest.raises(Overloaded), guard.passage("https://lisbon.example"):
        pass
    with guard.passage("https://porto.example"):
        pass
    passages[0].__exit__(None, None, None)
    with guard.passage("https://lisbon.example"):
        pass


def test_a_peer_may_send_its_rate_and_go_on_as_time_passes() -> None:
    now = 0.0
    guard = Guard(per_minute=3, clock=lambda: now)
    for _ in range(3):
        guard.count("https://lisbon.example")
    with pytest.raises(TooMany):
        guard.count("https://lisbon.example")
    guard.count("https://porto.example")

    now = 20.0
    guard.count("https://lisbon.example")
    with pytest.raises(TooMany):
        guard.count("https://lisbon.example")


# --- what was seen before ----------------------------------------------------------------


def seen(kind: str, *, uri: str | None = "https://lisbon.example/a/1", **more: Any) -> bytes:
    values = {"signer_uri": ANA, "body": b"{}", "now": NOON} | more
    return fingerprint(Frame(uri, kind, ANA), **values)


def test_an_activity_is_known_by_its_id_and_who_brought_it() -> None:
    assert seen("Like") == seen("Like", body=b"{ }", now=NOON + timedelta(days=9))
    assert seen("Like") != seen("Like", uri="https://lisbon.example/a/2")
    assert seen("Like") != seen("Like", signer_uri=EVE)


def test_updates_and_activities_without_an_id_are_known_by_what_they_say() -> None:
    assert seen("Update") == seen("Update")
    assert seen("Update") != seen("Update", body=b"{ }")
    assert seen("Undo", uri=None) != seen("Undo", uri=None, body=b"{ }")


def test_a_follow_may_be_repeated_after_an_hour() -> None:
    assert seen("Follow") == seen("Follow", now=NOON + timedelta(minutes=30))
    assert seen("Follow") != seen("Follow", now=NOON + timedelta(hours=1))


# --- asking ------------------------------------------------------------------------------


def test_an_activity_waits_until_everything_it_asked_is_answered() -> None:
    received = Received({}, b"{}", None, "Like", ANA, ANA, "signature")
    post, actor = Need("post", "https://x.example/1"), Need("actor", ANA)

    assert received.ask(post, actor) is WAITING
    received.answers[post] = "found"
    assert received.ask(post, actor) is WAITING
    assert received.wants == (actor,)
    received.answers[actor] = "failed"
    assert received.ask(post, actor) is None
    assert received.wants == ()


# --- collections and links ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "items"),
    [
        ({"orderedItems": [ANA, {"id": EVE}]}, [ANA, {"id": EVE}]),
        ({"items": ANA}, [ANA]),
        ({"items": {"id": ANA}}, [{"id": ANA}]),
        ({"orderedItems": [None, 4, [], {}, "x", {"id": 4}]}, []),
        ({"orderedItems": None}, []),
        ({}, []),
    ],
)
def test_a_page_holds_ids_and_objects_that_have_one(page: dict[str, Any], items: list[Any]) -> None:
    assert items_of(page) == items


def test_the_first_item_may_stand_in_an_embedded_page() -> None:
    assert first_item({"orderedItems": [{"id": ANA}]}) == ANA
    assert first_item({"first": {"type": "CollectionPage", "items": [ANA]}}) == ANA
    assert first_item({"first": "https://x.example/page"}) is None


@pytest.mark.parametrize("kind", ["Note", None, ["Collection"], {}])
def test_what_is_no_collection_is_told_apart(kind: object) -> None:
    assert is_collection({"type": "OrderedCollection"})
    assert not is_collection({"type": kind})


@pytest.mark.parametrize(
    ("links", "alternate"),
    [
        (f'<{ANA}>; rel="alternate"; type="{ACTIVITY_JSON}"', ANA),
        (f"<{ANA}>;rel=alternate;type={ACTIVITY_JSON}", ANA),
        (f'<{ANA}>; rel="self alternate"; type="application/ld+json"', None),
        (f'</style.css>; rel=preload, <{ANA}>; type="{ACTIVITY_JSON}"; rel="alternate"', ANA),
        (f'<{ANA}>; rel="alternate"; type="text/html"', None),
        (f'<{ANA}>; rel="canonical"; type="{ACTIVITY_JSON}"', None),
        ("", None),
        ("<" * 100_000, None),
        ('<a>;"' + '",' * 50_000, None),
    ],
)
def test_a_page_names_its_document_in_a_link(links: str, alternate: str | None) -> None:
    assert read_alternate(links) == alternate
