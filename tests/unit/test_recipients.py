"""Which inboxes an activity goes to."""

import pytest

from actors.followers import Reason, Target
from actors.models import Dialect
from outbox.publish import subject_of
from outbox.recipients import Destination, inboxes

POST = "https://tilios.example/o/1"
LIKE = {
    "id": "https://a.example/l/1",
    "type": "Like",
    "actor": "https://a.example/u",
    "object": POST,
}


def target(
    name: str,
    origin: str,
    reason: Reason = "follower",
    dialect: Dialect = Dialect.MICROBLOG,
    *,
    shared: bool = True,
) -> Target:
    uri = f"{origin}/users/{name}"
    return Target(
        1, uri, f"{uri}/inbox", f"{origin}/inbox" if shared else None, origin, dialect, reason
    )


def gotosocial(name: str, reason: Reason) -> Target:
    return target(name, "https://gts.example", reason, Dialect.GOTOSOCIAL, shared=False)


def test_a_server_with_a_shared_inbox_is_told_once() -> None:
    followers = [target(name, "https://big.example") for name in ("ana", "ben", "chloe")]

    assert inboxes(followers) == [Destination("https://big.example/inbox", "https://big.example")]


def test_without_a_shared_inbox_each_actor_is_told() -> None:
    followers = [target(name, "https://old.example", shared=False) for name in ("ana", "ben")]

    assert [place.inbox for place in inboxes(followers)] == [
        "https://old.example/users/ana/inbox",
        "https://old.example/users/ben/inbox",
    ]


def test_a_server_is_its_host_and_its_port() -> None:
    places = inboxes([target("ana", f"http://localhost:{port}") for port in (8081, 8082)])

    assert [place.origin for place in places] == ["http://localhost:8081", "http://localhost:8082"]


def test_gotosocial_is_told_through_who_is_addressed_before_who_follows() -> None:
    places = inboxes([gotosocial("bob", "follower"), gotosocial("alice", "addressed")])

    assert [place.inbox for place in places] == ["https://gts.example/users/alice/inbox"]


def test_gotosocial_is_told_through_the_first_of_those_addressed() -> None:
    places = inboxes([gotosocial("alice", "addressed"), gotosocial("carol", "addressed")])

    assert [place.inbox for place in places] == ["https://gts.example/users/alice/inbox"]


@pytest.mark.parametrize("reason", ["participant", "carrier"])
def test_gotosocial_is_not_told_what_it_would_drop(reason: Reason) -> None:
    assert inboxes([gotosocial("alice", reason)]) == []


def test_other_servers_of_participants_are_told() -> None:
    assert len(inboxes([target("ana", "https://big.example", "participant")])) == 1


# --- order -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
@pytest.mark.parametrize("content", [POST, {"id": POST, "type": "Note"}, [POST]])
def test_what_changes_a_post_is_about_the_post(kind: str, content: object) -> None:
    assert subject_of({"id": f"{POST}#x", "type": kind, "object": content}) == POST


def test_an_announced_activity_is_about_what_it_is_about() -> None:
    create = {"id": f"{POST}#create", "type": "Create", "actor": "https://a.example/u"}

    announce = {"id": "https://tilios.example/a/1", "type": "Announce"}

    assert subject_of(announce | {"object": create | {"object": {"id": POST}}}) == POST


def test_a_boost_waits_for_nothing() -> None:
    boost = {"id": "https://tilios.example/a/1", "type": "Announce", "object": POST}

    assert subject_of(boost) == boost["id"]


def test_an_undo_waits_for_what_it_undoes() -> None:
    undo = {"id": "https://a.example/u/1", "type": "Undo", "object": LIKE}

    assert subject_of(undo) == subject_of(LIKE) == LIKE["id"]
