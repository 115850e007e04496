"""What an activity must look like before anybody reads it."""

from typing import Any

import pytest

from fedi.core.errors import FediError, Forbidden, Malformed
from fedi.core.urls import Site
from fedi.core.vocab import AS2, LD_JSON
from inbox.frame import (
    MAX_BODY,
    NotTheSigner,
    TooLarge,
    WrongHost,
    WrongMediaType,
    check_content,
    check_host,
    check_length,
    check_signer,
    read_farewell,
    read_frame,
)

SITE = Site("https://paris.example")
ANA = "https://lisbon.example/users/ana"


def activity(**members: Any) -> dict[str, Any]:
    document = {
        "@context": AS2,
        "id": "https://lisbon.example/a/1",
        "type": "Like",
        "actor": ANA,
        "object": "https://paris.example/o/1",
    }
    return {name: value for name, value in (document | members).items() if value is not ...}


# --- the request -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        "application/activity+json; charset=utf-8",
        'application/activity+json;charset="UTF-8"',
        LD_JSON,
        f'application/ld+json; profile="https://evil.example {AS2}"',
    ],
)
def test_activitystreams_is_taken_by_either_of_its_names(content_type: str) -> None:
    check_content(content_type, [])


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/html",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/ld+json",
        'application/ld+json; profile="https://evil.example"',
        "application/activity+json; charset=utf-16",
    ],
)
def test_any_other_media_type_is_refused(content_type: str) -> None:
    with pytest.raises(WrongMediaType):
        check_content(content_type, [])


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "identity, gzip"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    with pytest.raises(WrongMediaType):
        check_content("application/activity+json", [encoding])


def test_a_body_that_says_it_is_not_compressed_is_taken() -> None:
    check_content("application/activity+json", ["identity"])


def test_a_body_may_be_as_long_as_the_limit_and_no_longer() -> None:
    check_length(None)
    check_length(MAX_BODY)
    with pytest.raises(TooLarge):
        check_length(MAX_BODY + 1)


@pytest.mark.parametrize("host", ["paris.example", "PARIS.example", "paris.example:443"])
def test_our_own_name_is_ours_in_any_spelling(host: str) -> None:
    check_host("https", host, SITE)


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1", "paris.example:8443", "a b"])
def test_a_request_for_another_host_is_refused(host: str) -> None:
    with pytest.raises(WrongHost):
        check_host("https", host, SITE)


def test_a_request_for_the_other_scheme_is_refused() -> None:
    with pytest.raises(WrongHost):
        check_host("http", "paris.example", SITE)


# --- the activity ------------------------------------------------------------------------


def test_an_activity_says_who_speaks_and_under_which_id() -> None:
    frame = read_frame(activity(), SITE)

    assert (frame.uri, frame.type, frame.actor_uri) == ("https://lisbon.example/a/1", "Like", ANA)


@pytest.mark.parametrize("actor", [{"id": ANA, "type": "Person"}, [ANA], [{"id": ANA}]])
def test_an_actor_may_be_embedded_or_alone_in_a_list(actor: object) -> None:
    assert read_frame(activity(actor=actor), SITE).actor_uri == ANA


def test_ids_that_differ_only_in_the_fragment_stay_different() -> None:
    uri = f"{ANA}#likes/1"

    assert read_frame(activity(id=uri), SITE).uri == uri


def test_a_type_alone_in_a_list_is_taken() -> None:
    assert read_frame(activity(type=["Like"]), SITE).type == "Like"


def test_a_type_nobody_here_knows_is_taken() -> None:
    assert read_frame(activity(type="Warn"), SITE).type == "Warn"


@pytest.mark.parametrize("kind", ["Accept", "Reject", "Undo"])
def test_an_answer_may_have_no_id(kind: str) -> None:
    assert read_frame(activity(id=..., type=kind), SITE).uri is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("@context", ...),
        ("@context", "https://evil.example/context"),
        ("id", ...),
        ("id", ""),
        ("id", 1),
        ("id", ["https://lisbon.example/a/1"]),
        ("id", "urn:uuid:1"),
        ("id", "javascript:alert(1)"),
        ("id", "https://lisbon.example@evil.example/a/1"),
        ("id", "https://LISBON.example/a/1"),
        ("id", "https://evil.example/a/1"),
        ("type", ...),
        ("type", ""),
        ("type", None),
        ("type", "as:Create"),
        ("type", f"{AS2}#Create"),
        ("type", ["Create", "Delete"]),
        ("actor", ...),
        ("actor", None),
        ("actor", 1),
        ("actor", {"name": "ana"}),
        ("actor", [ANA, "https://evil.example/users/eve"]),
    ],
)
def test_an_activity_whose_frame_is_not_clear_is_refused(member: str, value: object) -> None:
    with pytest.raises(Malformed):
        read_frame(activity(**{member: value}), SITE)


def test_nobody_else_speaks_for_an_actor_of_ours() -> None:
    ours = "https://paris.example/p/camille"

    with pytest.raises(Forbidden):
        read_frame(activity(id="https://paris.example/a/1", actor=ours), SITE)


# --- who signed --------------------------------------------------------------------------

EVE = "https://evil.example/users/eve"
PROOF = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "verificationMethod": f"{ANA}#ed25519-key",
}


def signer_is_actor(signer: str = EVE, **members: Any) -> bool:
    document = activity(**members)
    return check_signer(read_frame(document, SITE), document, signer)


def test_an_actor_that_signs_is_heard() -> None:
    assert signer_is_actor(ANA, type="Follow")


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete", "Like", "Announce"])
def test_what_can_be_asked_of_its_own_server_may_be_carried_by_anybody(kind: str) -> None:
    assert not signer_is_actor(type=kind)


def test_what_bears_a_proof_of_its_actor_may_be_carried_by_anybody() -> None:
    assert not signer_is_actor(type="Undo", proof=PROOF)


@pytest.mark.parametrize("kind", ["Follow", "Accept", "Undo", "Block", "Move", "Flag"])
def test_nobody_carries_what_is_between_two_actors(kind: str) -> None:
    with pytest.raises(NotTheSigner):
        signer_is_actor(type=kind)


def test_a_proof_by_another_server_lets_nobody_in() -> None:
    proof = PROOF | {"verificationMethod": f"{EVE}#ed25519-key"}

    with pytest.raises(NotTheSigner):
        signer_is_actor(type="Follow", proof=proof)


def test_only_an_actor_that_deletes_itself_says_farewell() -> None:
    assert read_farewell(activity(type="Delete", object=ANA)) == ANA
    assert read_farewell(activity(type="Delete", object={"id": ANA, "type": "Person"})) == ANA
    assert read_farewell(activity(type="Delete")) is None
    assert read_farewell(activity(type="Delete", actor=1, object=2)) is None
    assert read_farewell(activity(object=ANA)) is None


def test_every_refusal_has_a_code_of_its_own() -> None:
    kinds: list[type[FediError]] = [NotTheSigner, TooLarge, WrongHost, WrongMediaType]

    assert len({kind.code for kind in kinds}) == len(kinds)
