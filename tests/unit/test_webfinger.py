"""Names such as climat@reseau.example, read and answered for."""

import pytest

from actors.models import Actor, Role
from actors.webfinger import Handle, read_handle, write_jrd
from fedi.core.errors import Malformed
from fedi.core.urls import Site

SITE = Site("https://tilios.example")
CLIMAT = Actor(
    uri="https://tilios.example/g/climat",
    role=Role.GROUP,
    handle="climat",
    url="https://tilios.example/g/climat",
)


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("climat@tilios.example", "climat@tilios.example"),
        ("@climat@tilios.example", "climat@tilios.example"),
        (" acct:climat@tilios.example ", "climat@tilios.example"),
        ("@Climat@TILIOS.example", "Climat@tilios.example"),
        ("a@localhost:8081", "a@localhost:8081"),
        ("a@tilios.example:443", "a@tilios.example"),
        ("a@éco.example", "a@xn--co-9ia.example"),
    ],
)
def test_a_handle_is_read_however_people_write_it(text: str, handle: str) -> None:
    assert str(read_handle(text)) == handle


@pytest.mark.parametrize(
    "text",
    [
        "",
        "climat",
        "@climat",
        "@tilios.example@",
        "a@b@c",
        "a@b c",
        "a b@tilios.example",
        "a\x00@tilios.example",
        "a\u202e@tilios.example",
        "a@tilios.example/path",
        "a@tilios.example#x",
        "a@user:password@tilios.example",
        "https://tilios.example/g/climat",
        "a@" + "b" * 3000,
    ],
)
def test_what_is_no_handle_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read_handle(text)


def test_a_handle_is_asked_for_as_an_account() -> None:
    assert Handle("climat", "tilios.example").resource == "acct:climat@tilios.example"


def test_the_answer_leads_to_the_actor_and_to_what_a_visitor_can_do() -> None:
    answer = write_jrd(CLIMAT, SITE, aliases=["https://tilios.example/groupe/climat"])

    assert answer["subject"] == "acct:climat@tilios.example"
    assert answer["aliases"] == [CLIMAT.uri, "https://tilios.example/groupe/climat"]
    links = {link["rel"]: link for link in answer["links"]}
    assert links["self"] == {
        "rel": "self",
        "type": "application/activity+json",
        "href": CLIMAT.uri,
    }
    assert links["http://ostatus.org/schema/1.0/subscribe"]["template"] == (
        "https://tilios.example/authorize_interaction?uri={uri}"
    )
    assert links["https://w3id.org/fep/3b86/Create"]["template"] == (
        "https://tilios.example/authorize_interaction?uri={inReplyTo}"
    )
    assert links["https://w3id.org/fep/3b86/Object"]["template"].endswith("?uri={object}")


def test_nobody_acts_through_the_actor_of_the_node() -> None:
    application = Actor(
        uri="https://tilios.example/actor",
        role=Role.INSTANCE,
        handle="tilios.example",
        url="https://tilios.example/",
    )

    answer = write_jrd(application, SITE)

    assert answer["subject"] == "acct:tilios.example@tilios.example"
    assert answer["aliases"] == ["https://tilios.example/actor", "https://tilios.example/"]
    assert [link["rel"] for link in answer["links"]] == [
        "self",
        "http://webfinger.net/rel/profile-page",
    ]
