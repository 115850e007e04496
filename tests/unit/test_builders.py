"""Our activities, as other servers need to find them (docs in FEDERATION.md)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fedi.core.jsonld import dumps, embed
from fedi.core.urls import Site
from fedi.core.vocab import AS2, PUBLIC
from outbox.builders import (
    build_accept,
    build_add,
    build_announce,
    build_block,
    build_create,
    build_delete,
    build_flag,
    build_follow,
    build_like,
    build_reject,
    build_remove,
    build_undo,
    build_update,
)

SITE = Site("https://tilios.example")
CAMILLE = "https://tilios.example/p/camille"
GROUP = "https://tilios.example/g/gouvernance"
ZOE = "https://mastodon.example/users/zoe"
POST = "https://tilios.example/o/01kb1root"
NOON = datetime(2026, 11, 23, 12, 0, 0, 999, tzinfo=UTC)

ARTICLE = {
    "@context": [AS2, {"sensitive": "as:sensitive"}],
    "id": POST,
    "type": "Article",
    "attributedTo": CAMILLE,
    "to": [GROUP, PUBLIC],
    "cc": [f"{CAMILLE}/followers"],
    "audience": GROUP,
    "proof": {"type": "DataIntegrityProof"},
}
LIKE = build_like(SITE, "01like", CAMILLE, POST, to=[ZOE, GROUP], audience=GROUP)
FOLLOW = {
    "id": "https://mastodon.example/8f2c",
    "type": "Follow",
    "actor": {"id": ZOE, "type": "Person"},
    "object": GROUP,
    "summary": "zoe follows",
}
EVERY_ACTIVITY = [
    build_accept(SITE, "01a", GROUP, FOLLOW),
    build_add(SITE, "01b", GROUP, POST, f"{GROUP}/featured", to=[PUBLIC]),
    build_announce(SITE, "01c", GROUP, POST, published=NOON),
    build_block(SITE, "01d", CAMILLE, ZOE),
    build_create(SITE, CAMILLE, ARTICLE, NOON),
    build_delete(SITE, "01e", CAMILLE, POST, to=[PUBLIC]),
    build_flag(SITE, "01f", f"{SITE.url}/actor", [ZOE], "spam", to=[ZOE]),
    build_follow(SITE, "01g", GROUP, ZOE),
    LIKE,
    build_reject(SITE, "01h", GROUP, FOLLOW),
    build_remove(SITE, "01i", GROUP, POST, f"{GROUP}/featured", to=[PUBLIC]),
    build_undo(SITE, "01j", CAMILLE, LIKE),
    build_update(SITE, "01k", CAMILLE, ARTICLE),
]


@pytest.mark.parametrize("activity", EVERY_ACTIVITY, ids=lambda activity: activity["type"])
def test_every_activity_can_be_read_by_the_strictest_parsers(activity: dict[str, Any]) -> None:
    assert activity["@context"][0] == AS2
    assert activity["id"].startswith(f"{SITE.url}/")
    assert isinstance(activity["actor"], str)
    assert isinstance(activity["to"], list)
    assert isinstance(activity["cc"], list)
    assert isinstance(activity.get("audience", ""), str)
    assert activity["object"]


def test_only_a_create_has_the_id_of_its_post() -> None:
    ids = {activity["type"]: activity["id"] for activity in EVERY_ACTIVITY}

    assert ids.pop("Create") == f"{POST}#create"
    assert all(uri.startswith(f"{SITE.url}/a/01") and "#" not in uri for uri in ids.values())


def test_a_create_goes_where_its_post_goes() -> None:
    create = build_create(SITE, CAMILLE, ARTICLE, NOON)

    assert create["published"] == "2026-11-23T12:00:00Z"
    assert [create[name] for name in ("to", "cc", "audience")] == [
        ARTICLE[name] for name in ("to", "cc", "audience")
    ]
    assert create["object"] is ARTICLE  # byte for byte what is served at its id


def test_nobody_creates_for_another_server() -> None:
    with pytest.raises(ValueError, match="another server"):
        build_create(SITE, CAMILLE, ARTICLE | {"id": "https://autre.example/o/1"}, NOON)


def test_an_update_says_when_only_through_its_object() -> None:
    update = build_update(SITE, "01k", CAMILLE, ARTICLE)

    assert update["object"] is ARTICLE
    assert update["to"] == ARTICLE["to"]
    assert "updated" not in update


def test_an_update_can_go_to_others_than_its_object() -> None:
    update = build_update(SITE, "01k", CAMILLE, {"id": CAMILLE, "type": "Person"}, to=[PUBLIC])

    assert update["to"] == [PUBLIC]


def test_a_deleted_post_leaves_a_tombstone() -> None:
    delete = build_delete(SITE, "01e", CAMILLE, POST, to=[PUBLIC], cc=[GROUP], audience=GROUP)

    assert delete["object"] == {"id": POST, "type": "Tombstone"}
    assert "summary" not in delete


def test_a_moderator_gives_a_reason() -> None:
    delete = build_delete(SITE, "01e", CAMILLE, POST, summary="hors sujet", to=[PUBLIC])

    assert delete["summary"] == "hors sujet"


def test_an_actor_that_leaves_is_named_by_its_id() -> None:
    assert build_delete(SITE, "01e", CAMILLE, CAMILLE, to=[PUBLIC])["object"] == CAMILLE


def test_an_answer_repeats_the_request_and_goes_to_who_asked() -> None:
    for build in (build_accept, build_reject):
        answer = build(SITE, "01a", GROUP, FOLLOW)

        assert answer["to"] == [ZOE]
        assert answer["object"] == {
            "id": FOLLOW["id"],
            "type": "Follow",
            "actor": ZOE,
            "object": GROUP,
        }


def test_a_quote_is_allowed_with_a_stamp() -> None:
    request = {
        "id": f"{ZOE}/statuses/9/quote",
        "type": "QuoteRequest",
        "actor": ZOE,
        "object": POST,
        "instrument": f"{ZOE}/statuses/9",
    }

    accept = build_accept(SITE, "01q", CAMILLE, request, result=f"{SITE.url}/q/01stamp")

    assert accept["object"] == request
    assert accept["result"] == f"{SITE.url}/q/01stamp"


def test_an_undo_embeds_the_whole_activity_and_goes_where_it_went() -> None:
    undo = build_undo(SITE, "01j", CAMILLE, LIKE | {"proof": {"type": "DataIntegrityProof"}})

    assert undo["object"] == {name: LIKE[name] for name in LIKE if name != "@context"}
    assert undo["to"] == [ZOE, GROUP]
    assert undo["audience"] == GROUP


def test_an_announced_activity_keeps_every_byte() -> None:
    received = b'{"type":"Create", "b":1,"a" :{"unknown":null}}'

    announce = build_announce(SITE, "01c", GROUP, embed(received), published=NOON, audience=GROUP)

    assert received in dumps(announce)
    assert json.loads(dumps(announce))["to"] == [PUBLIC]


def test_a_boost_can_be_for_followers_first() -> None:
    announce = build_announce(
        SITE, "01c", CAMILLE, POST, published=NOON, to=[f"{CAMILLE}/followers"], cc=[PUBLIC]
    )

    assert announce["object"] == POST
    assert announce["to"] == [f"{CAMILLE}/followers"]


def test_a_report_gives_its_reason_where_each_peer_reads_it() -> None:
    flag = build_flag(SITE, "01f", SITE.instance_actor, [ZOE, f"{ZOE}/1"], "spam", to=[ZOE])

    assert flag["object"] == [ZOE, f"{ZOE}/1"]
    assert flag["content"] == flag["summary"] == "spam"


def test_nobody_is_addressed_twice() -> None:
    assert build_like(SITE, "01l", CAMILLE, POST, to=[ZOE, ZOE])["to"] == [ZOE]
