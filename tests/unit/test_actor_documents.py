"""Actor documents: what we write for peers, and what we take from theirs."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from factories import key_pair, remote_document

from actors.document import read_actor, read_implements, read_keys, write_actor
from actors.models import Actor, ActorKey, Role
from fedi.core.errors import Malformed
from fedi.core.jsonld import Document, dumps, require_context
from fedi.core.signatures.keys import dump_public, read_multikey, read_pem
from fedi.core.urls import Site

SITE = Site("https://tilios.example")
ORIGIN = "https://lisbon.example"
ANA = f"{ORIGIN}/users/ana"


def our_actor(role: Role = Role.GROUP, handle: str = "gouvernance", **columns: Any) -> Actor:
    uri = SITE.actor(role, handle)
    is_group = role in (Role.GROUP, Role.NETWORK)
    return Actor(
        **{
            "id": 1,
            "uri": uri,
            "role": role,
            "type": {"person": "Person", "instance": "Application"}.get(role, "Group"),
            "origin": SITE.url,
            "handle": handle,
            "name": "Gouvernance",
            "summary": "",
            "url": uri,
            "inbox": f"{uri}/inbox",
            "outbox": f"{uri}/outbox",
            "followers": f"{uri}/followers",
            "following": f"{uri}/following",
            "featured": f"{uri}/featured" if is_group else None,
            "moderators": f"{uri}/moderators" if is_group else None,
            "approves_followers": False,
            "discoverable": True,
            "indexable": True,
            "also_known_as": [],
            "fields": [],
            "created_at": datetime(2026, 11, 1, 8, 0, 0, 123456, UTC),
            "updated_at": datetime(2026, 11, 20, 8, 0, tzinfo=UTC),
            **columns,
        }
    )


def our_keys(actor: Actor) -> list[ActorKey]:
    pair = key_pair("ours")
    return [
        ActorKey(
            uri=f"{actor.uri}#main-key",
            actor_id=1,
            kind="rsa",
            public=dump_public(pair.rsa.public_key()),
        ),
        ActorKey(
            uri=f"{actor.uri}#ed25519-key",
            actor_id=1,
            kind="ed25519",
            public=dump_public(pair.ed25519.public_key()),
        ),
    ]


def written(role: Role = Role.GROUP, handle: str = "gouvernance", **columns: Any) -> Document:
    actor = our_actor(role, handle, **columns)
    return write_actor(actor, our_keys(actor), SITE)


# --- ours --------------------------------------------------------------------------------


def test_a_group_is_a_forum_that_lemmy_and_mastodon_can_join() -> None:
    group = written(summary="Qui décide ?\nEt comment ?", language="fr")

    uri = "https://tilios.example/g/gouvernance"
    assert group["id"] == uri
    assert group["type"] == "Group"
    assert group["attributedTo"] == f"{uri}/moderators"
    assert group["featured"] == f"{uri}/featured"
    assert group["endpoints"] == {"sharedInbox": "https://tilios.example/inbox"}
    assert group["postingRestrictedToMods"] is False
    assert group["manuallyApprovesFollowers"] is False
    assert group["language"] == [{"identifier": "fr", "name": "Français"}]
    assert group["published"] == "2026-11-01T08:00:00Z"
    assert {entry["name"] for entry in group["generator"]["implements"]} >= {"FEP-1b12", "FEP-8b32"}


def test_the_summary_of_a_group_is_plain_because_nodebb_shows_its_tags() -> None:
    group = written(summary="Vie & règles")

    assert group["summary"] == "Vie & règles"
    assert group["source"] == {"content": "Vie & règles", "mediaType": "text/markdown"}


def test_the_summary_of_a_person_is_a_paragraph_of_escaped_text() -> None:
    person = written(Role.PERSON, "camille", summary="<b>Lille</b>\n& ailleurs")

    assert person["summary"] == "<p>&lt;b&gt;Lille&lt;/b&gt;<br>&amp; ailleurs</p>"
    assert "attributedTo" not in person
    assert "language" not in person


def test_the_fields_and_the_picture_of_a_person_are_shown() -> None:
    person = written(
        Role.PERSON,
        "camille",
        fields=[{"name": "Tiers-lieu", "value": "La Fabrique"}],
        icon="https://tilios.example/media/1.png",
    )

    assert person["attachment"] == [
        {"type": "PropertyValue", "name": "Tiers-lieu", "value": "La Fabrique"}
    ]
    assert person["icon"] == {"type": "Image", "url": "https://tilios.example/media/1.png"}


def test_the_instance_actor_says_itself_what_its_software_implements() -> None:
    application = written(Role.INSTANCE, "tilios.example", name="tilios.example")

    assert application["id"] == "https://tilios.example/actor"
    assert "generator" not in application
    assert "https://w3id.org/fep/8b32" in read_implements(application)


def test_a_closed_actor_says_that_it_is_suspended() -> None:
    closed = written(Role.PERSON, "camille", suspended_at=datetime(2026, 11, 2, tzinfo=UTC))

    assert closed["suspended"] is True
    assert "suspended" not in written(Role.PERSON, "camille")


def test_a_planned_move_is_told_in_both_directions() -> None:
    moved = written(also_known_as=["https://old.example/g/x"], moved_to="https://new.example/g/x")

    assert moved["alsoKnownAs"] == ["https://old.example/g/x"]
    assert moved["movedTo"] == "https://new.example/g/x"


def test_both_keys_can_be_read_back_from_the_document() -> None:
    group = written()

    pair = key_pair("ours")
    assert read_pem(group["publicKey"]["publicKeyPem"]) == pair.rsa.public_key()
    assert group["publicKey"]["owner"] == group["id"]
    [multikey] = group["assertionMethod"]
    assert read_multikey(multikey["publicKeyMultibase"]) == pair.ed25519.public_key()
    assert [key.id for key in read_keys(group)] == [
        f"{group['id']}#main-key",
        f"{group['id']}#ed25519-key",
    ]


def test_the_same_row_always_gives_the_same_bytes() -> None:
    assert dumps(written(language="fr", summary="x")) == dumps(written(language="fr", summary="x"))


def test_nothing_that_is_missing_is_written_as_null() -> None:
    assert b"null" not in dumps(written(Role.PERSON, "camille"))


def test_what_we_write_we_read() -> None:
    for role, handle in [(Role.GROUP, "climat"), (Role.PERSON, "camille"), (Role.INSTANCE, "x")]:
        document = json.loads(dumps(written(role, handle, language="fr")))
        require_context(document)
        read = read_actor(document)
        assert (read.uri, read.handle, len(read.keys)) == (document["id"], handle, 2)
        assert read.shared_inbox == "https://tilios.example/inbox"


# --- of peers ----------------------------------------------------------------------------


def test_an_actor_is_read_with_everything_we_use() -> None:
    actor = read_actor(
        remote_document(
            "ana",
            ORIGIN,
            name=" Ana \u202eoli ",
            summary='<p onclick="x()">Bonjour <script>alert(1)</script><b>vous</b></p>',
            url="https://lisbon.example/@ana",
            icon={"type": "Image", "url": "https://cdn.example/ana.png"},
            alsoKnownAs=["https://old.example/ana", 5, "javascript:alert(1)"],
            manuallyApprovesFollowers=True,
            published="2020-01-02T03:04:05Z",
            attachment=[
                {
                    "type": "PropertyValue",
                    "name": "Site",
                    "value": '<a href="https://a.pt">a.pt</a>',
                },
                {"type": "PropertyValue", "name": "", "value": "x"},
                {"type": "Note", "name": "no field"},
            ],
        )
    )

    assert (actor.uri, actor.origin, actor.handle, actor.type) == (ANA, ORIGIN, "ana", "Person")
    assert actor.name == "Ana oli"
    assert actor.summary == "<p>Bonjour <b>vous</b></p>"
    assert actor.url == "https://lisbon.example/@ana"
    assert actor.icon == "https://cdn.example/ana.png"
    assert actor.also_known_as == ["https://old.example/ana"]
    assert actor.approves_followers
    assert actor.published_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert [field["name"] for field in actor.fields] == ["Site"]
    assert "https://a.pt" in actor.fields[0]["value"]


REFUSED: dict[str, tuple[Document, str]] = {
    "no inbox": ({"inbox": None}, "actor-inbox"),
    "inbox of another server": ({"inbox": "https://evil.example/inbox"}, "actor-inbox"),
    "inbox on another port": ({"inbox": "https://lisbon.example:8443/inbox"}, "actor-inbox"),
    "inbox that is a script": ({"inbox": "javascript:alert(1)"}, "actor-inbox"),
    "inbox that is no address": ({"inbox": "http://["}, "actor-inbox"),
    "inbox as a number": ({"inbox": 5}, "actor-inbox"),
    "inbox as a list": ({"inbox": [f"{ANA}/inbox"]}, "actor-inbox"),
    "no id": ({"id": None}, "actor-type"),
    "id that is no address": ({"id": "acct:ana@lisbon.example"}, "actor-type"),
    "id in another spelling": ({"id": ANA.upper()}, "actor-type"),
    "a note": ({"type": "Note"}, "actor-type"),
    "two types": ({"type": ["Person", "Group"]}, "actor-type"),
    "no name to call it by": ({"preferredUsername": None}, "actor-handle"),
    "a path as handle": ({"preferredUsername": "../x"}, "actor-handle"),
    "markup as handle": ({"preferredUsername": "<b>"}, "actor-handle"),
    "a handle that turns the text": ({"preferredUsername": "ana\u202e"}, "actor-handle"),
    "an endless handle": ({"preferredUsername": "a" * 129}, "actor-handle"),
    "an empty handle": ({"preferredUsername": ""}, "actor-handle"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_actor_is_refused_for(case: str) -> None:
    members, code = REFUSED[case]

    with pytest.raises(Malformed) as refused:
        read_actor(remote_document("ana", ORIGIN) | members)
    assert refused.value.code == code


LEFT_OUT: dict[str, tuple[Document, str, object]] = {
    "a page on another host": ({"url": "https://bank.example/ana"}, "url", None),
    "a collection of another server": ({"followers": "https://evil.example/f"}, "followers", None),
    "a shared inbox of another server": (
        {"endpoints": {"sharedInbox": "https://evil.example/inbox"}},
        "shared_inbox",
        None,
    ),
    "endpoints that are none": ({"endpoints": ["x"]}, "shared_inbox", None),
    "a picture that is a script": ({"icon": "javascript:alert(1)"}, "icon", None),
    "a name that is an object": ({"name": {"fr": "Ana"}}, "name", "ana"),
    "a name of a megabyte": ({"name": "a" * 1_000_000}, "name", "a" * 500),
    "a summary that is too long": ({"summary": "a" * 20_001}, "summary", ""),
    "a summary of too many bytes": ({"summary": "😀" * 20_000}, "summary", ""),
    "a summary that is a list": ({"summary": ["x"]}, "summary", ""),
    "flags that are texts": ({"manuallyApprovesFollowers": "true"}, "approves_followers", False),
    "a move to nowhere": ({"movedTo": 5}, "moved_to", None),
    "moderators of a person": ({"attributedTo": f"{ORIGIN}/x"}, "moderators", None),
    "a language that is none": ({"language": "<b>"}, "language", None),
    "no language in the list": ({"language": []}, "language", None),
    "a date of another age": ({"published": "0000-01-01T00:00:00Z"}, "published_at", None),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_the_rest_is_kept_without(case: str) -> None:
    members, column, value = LEFT_OUT[case]

    assert getattr(read_actor(remote_document("ana", ORIGIN, **members)), column) == value


def test_a_person_who_says_nothing_did_not_ask_to_be_found() -> None:
    document = remote_document("ana", ORIGIN)
    del document["discoverable"]
    assert not read_actor(document).discoverable
    assert not read_actor(document).indexable

    assert read_actor({**document, "type": "Group"}).discoverable


def test_a_lemmy_group_is_read_with_its_moderators_and_languages() -> None:
    group = read_actor(
        remote_document(
            "tenforward",
            ORIGIN,
            "Group",
            attributedTo=f"{ORIGIN}/c/tenforward/moderators",
            featured=f"{ORIGIN}/c/tenforward/featured",
            language=[{"identifier": "fr", "name": "Français"}, {"identifier": "de"}],
        )
    )

    assert group.moderators == f"{ORIGIN}/c/tenforward/moderators"
    assert group.featured == f"{ORIGIN}/c/tenforward/featured"
    assert group.language == "fr"


def test_a_peertube_channel_attributed_to_an_account_has_no_moderators_collection() -> None:
    owners = [{"type": "Person", "id": f"{ORIGIN}/accounts/ana"}, {"type": "Group", "id": ORIGIN}]

    assert (
        read_actor(remote_document("chaine", ORIGIN, "Group", attributedTo=owners)).moderators
        is None
    )


def test_discourse_writes_its_shared_inbox_at_the_top_level() -> None:
    document = remote_document("forum", ORIGIN, "Group", sharedInbox=f"{ORIGIN}/ap/users/inbox")
    del document["endpoints"]

    assert read_actor(document).shared_inbox == f"{ORIGIN}/ap/users/inbox"


def test_a_server_without_a_name_of_its_own_goes_by_its_host() -> None:
    document = remote_document("x", ORIGIN, "Application")
    del document["preferredUsername"]

    assert read_actor(document).handle == "lisbon.example"


@pytest.mark.parametrize(
    "handle", ["dbzer0.com", "_HellPie", "ما-هر", "Дебаты", "a", "tilios.fr-2"]
)
def test_names_of_other_software_and_alphabets_are_taken(handle: str) -> None:
    assert read_actor(remote_document("ana", ORIGIN, preferredUsername=handle)).handle == handle


# --- keys --------------------------------------------------------------------------------


def keys_of(**members: Any) -> list[str]:
    document = remote_document("ana", ORIGIN, proofs=False) | members
    return [key.id for key in read_keys(document)]


def rsa(uri: str = f"{ANA}#main-key", owner: object = ANA, **more: Any) -> Document:
    pem = remote_document("ana", ORIGIN)["publicKey"]["publicKeyPem"]
    return {"id": uri, "owner": owner, "publicKeyPem": pem, **more}


def test_a_key_document_of_gotosocial_has_a_path_of_its_own() -> None:
    assert keys_of(publicKey=rsa(f"{ANA}/main-key")) == [f"{ANA}/main-key"]


def test_keys_come_from_both_members_and_one_name_counts_once() -> None:
    document = remote_document("ana", ORIGIN)
    double = {**document["assertionMethod"][0], "id": f"{ANA}#main-key"}
    document["assertionMethod"].append(double)

    first, second = read_keys(document)
    assert (first.id, second.id) == (f"{ANA}#main-key", f"{ANA}#ed25519-key")
    assert first.key == key_pair(ANA).rsa.public_key()
    assert first.owner == ANA


def test_several_keys_may_be_listed_and_ten_are_read() -> None:
    many = [rsa(f"{ANA}#key-{number}") for number in range(50)]

    assert keys_of(publicKey=many) == [f"{ANA}#key-{number}" for number in range(10)]


@pytest.mark.parametrize(
    "entry",
    [
        rsa(owner="https://lisbon.example/users/bob"),
        rsa(owner=[ANA, "https://lisbon.example/users/bob"]),
        rsa(owner=None),
        rsa("https://evil.example/users/ana#main-key"),
        rsa("acct:ana@lisbon.example"),
        rsa(publicKeyPem="-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"),
        rsa(publicKeyPem=5),
        {"id": f"{ANA}#main-key", "owner": ANA},
        rsa(revoked="2026-01-01T00:00:00Z"),
        f"{ANA}#main-key",
        5,
    ],
)
def test_a_key_that_cannot_be_used_is_left_out(entry: object) -> None:
    assert keys_of(publicKey=entry) == []


def test_a_document_without_an_id_has_no_keys() -> None:
    assert read_keys({"publicKey": rsa()}) == []


def test_what_a_peer_implements_is_read_wherever_it_says_so() -> None:
    entries = [{"href": "https://w3id.org/fep/1b12"}, {"name": "x"}, {"href": 5}, "y"]

    assert read_implements({"implements": entries}) == {"https://w3id.org/fep/1b12"}
    assert read_implements({"generator": {"implements": entries}}) == {"https://w3id.org/fep/1b12"}
    assert read_implements({"generator": "https://x.example"}) == frozenset()
