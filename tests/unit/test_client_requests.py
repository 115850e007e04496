"""What members' programs may ask for, and how they are told no."""

from typing import Any

import pytest

from fedi.core.errors import Invalid, Malformed
from fedi.core.vocab import PUBLIC
from outbox.client import (
    BlockActor,
    Edit,
    FollowActor,
    OpenThread,
    React,
    Remove,
    Reply,
    Report,
    Share,
    UndoActivity,
    Written,
    read_request,
)

CAMILLE = "https://tilios.example/p/camille"
GROUP = "https://tilios.example/g/gouvernance"
INES = "https://autre.example/p/ines"
POST = "https://autre.example/o/1"

REPLY = {"type": "Note", "inReplyTo": POST, "content": "<p>Oui.</p>"}
ROOT = {"type": "Article", "name": "Un atelier ?", "content": "<p>Qui ?</p>", "audience": GROUP}


def read(document: dict[str, Any]) -> Any:
    return read_request(document, CAMILLE)


def refusal(document: dict[str, Any]) -> str:
    with pytest.raises((Invalid, Malformed)) as refused:
        read(document)
    assert " " in str(refused.value)  # a sentence
    return refused.value.code


def create(post: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"type": "Create", "actor": CAMILLE, "object": post} | members


# --- posts -------------------------------------------------------------------------------


@pytest.mark.parametrize("document", [REPLY, create(REPLY)], ids=["bare", "wrapped"])
def test_a_note_that_answers_is_a_reply(document: dict[str, Any]) -> None:
    assert read(document) == Reply(
        parent_uri=POST, text="", html="<p>Oui.</p>", language=None, mentions=()
    )


@pytest.mark.parametrize("document", [ROOT, create(ROOT)], ids=["bare", "wrapped"])
def test_an_article_for_a_group_opens_a_debate(document: dict[str, Any]) -> None:
    assert read(document) == OpenThread(
        groups=(GROUP,),
        kind="Article",
        title="Un atelier ?",
        question="",
        text="",
        html="<p>Qui ?</p>",
        language=None,
        mentions=(),
    )


def test_a_note_with_a_name_opens_a_debate_too() -> None:
    request = read(ROOT | {"type": "Note", "summary": "Qui décide, qui paie ?"})

    assert request.kind == "Note"
    assert request.question == "Qui décide, qui paie ?"


def test_the_group_may_be_among_the_recipients() -> None:
    post = {name: value for name, value in ROOT.items() if name != "audience"}

    request = read(post | {"to": [PUBLIC, INES], "cc": [GROUP, f"{CAMILLE}/followers"]})

    assert request.groups == (INES, GROUP)


def test_the_recipients_may_be_those_of_the_activity() -> None:
    post = {name: value for name, value in ROOT.items() if name != "audience"}

    assert read(create(post, to=[GROUP])).groups == (GROUP,)


def test_what_the_author_typed_wins_over_what_was_made_of_it() -> None:
    source = {"content": "**Oui**", "mediaType": "text/markdown"}

    request = read(REPLY | {"source": source})

    assert (request.text, request.html) == ("**Oui**", None)


def test_markdown_can_be_the_content_itself() -> None:
    request = read(REPLY | {"content": "*Oui*", "mediaType": "text/markdown; charset=utf-8"})

    assert (request.text, request.html) == ("*Oui*", None)


def test_the_language_is_that_of_the_only_translation() -> None:
    request = read({"type": "Note", "inReplyTo": POST, "contentMap": {"fr": "<p>Oui.</p>"}})

    assert (request.html, request.language) == ("<p>Oui.</p>", "fr")


def test_people_are_mentioned_by_tags() -> None:
    tags = [
        {"type": "Mention", "href": INES},
        {"type": "Hashtag", "href": "https://tilios.example/x"},
        {"type": "Mention", "href": "javascript:alert(1)"},
    ]

    assert read(REPLY | {"tag": tags}).mentions == (INES,)


def test_ids_and_dates_of_the_program_are_not_taken_over() -> None:
    made_up = {"id": "https://evil.example/1", "published": "1999-01-01T00:00:00Z", "likes": 12}

    assert read(REPLY | made_up) == read(REPLY)


@pytest.mark.parametrize(
    "recipients",
    [
        {},
        {"to": PUBLIC},
        {"to": ["as:Public"], "cc": [INES]},
        {"to": [INES], "cc": ["Public"]},
        {"to": [PUBLIC], "bcc": [INES]},
    ],
)
def test_public_messages_are_published(recipients: dict[str, Any]) -> None:
    assert isinstance(read(REPLY | recipients), Reply)


@pytest.mark.parametrize(
    "recipients",
    [
        {"to": [INES]},
        {"to": INES, "audience": GROUP},
        {"cc": [f"{CAMILLE}/followers"]},
        {"bto": [INES]},
        {"bcc": INES},
    ],
)
def test_what_was_meant_for_a_few_is_not_published(recipients: dict[str, Any]) -> None:
    assert refusal(REPLY | recipients) == "not-public"
    assert refusal(create(REPLY, **recipients)) == "not-public"


def test_a_debate_for_followers_only_is_refused() -> None:
    assert refusal(ROOT | {"to": [f"{CAMILLE}/followers"]}) == "not-public"


@pytest.mark.parametrize(
    ("post", "code"),
    [
        (REPLY | {"content": "  "}, "empty"),
        ({"type": "Note", "inReplyTo": POST}, "empty"),
        (REPLY | {"content": ["a"]}, "content"),
        (REPLY | {"mediaType": "application/pdf"}, "media-type"),
        (REPLY | {"source": {"content": "x", "mediaType": "text/x.misskeymarkdown"}}, "media-type"),
        (REPLY | {"inReplyTo": [POST, INES]}, "parent"),
        (REPLY | {"inReplyTo": "urn:uuid:1"}, "parent"),
        (REPLY | {"attributedTo": INES}, "not-you"),
        (ROOT | {"name": ""}, "title"),
        (ROOT | {"name": 4}, "name"),
        ({"type": "Note", "content": "Bonjour"}, "title"),
        (ROOT | {"audience": None}, "audience"),
        (ROOT | {"audience": PUBLIC}, "audience"),
        (create(REPLY, actor=INES), "not-you"),
        (create({"type": "Question", "name": "?"}), "unsupported"),
        (create({"type": {"a": 1}}), "unsupported"),
        ({"type": "Create", "object": POST}, "object"),
        ({"type": "Question"}, "unsupported"),
        ({"type": "Move", "object": CAMILLE}, "unsupported"),
        ({"content": "Bonjour"}, "type"),
    ],
)
def test_programs_are_told_what_is_wrong(post: dict[str, Any], code: str) -> None:
    assert refusal(post) == code


# --- edits -------------------------------------------------------------------------------


def test_an_edit_changes_what_it_gives() -> None:
    post = {"id": POST, "type": "Note", "content": "<p>Non.</p>", "summary": "Qui ?"}

    assert read({"type": "Update", "object": post}) == Edit(
        uri=POST,
        written=Written(text="", html="<p>Non.</p>", language=None, mentions=()),
        title=None,
        question="Qui ?",
    )


def test_an_edit_may_leave_the_text() -> None:
    request = read({"type": "Update", "object": {"id": POST, "name": "Un autre titre"}})

    assert (request.written, request.title) == (None, "Un autre titre")


@pytest.mark.parametrize(
    ("post", "code"),
    [
        (POST, "object"),
        ({"content": "x"}, "object"),
        ({"id": POST, "content": ""}, "empty"),
        ({"id": POST, "attributedTo": INES}, "not-you"),
        ({"id": CAMILLE, "type": "Person", "name": "Camille"}, "unsupported"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused(post: Any, code: str) -> None:
    assert refusal({"type": "Update", "object": post}) == code


# --- everything else ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "request_type"),
    [
        ("Delete", Remove),
        ("Like", React),
        ("Announce", Share),
        ("Follow", FollowActor),
        ("Block", BlockActor),
    ],
)
@pytest.mark.parametrize("named", [POST, {"id": POST, "type": "Tombstone"}, [POST]])
def test_one_thing_is_named_by_its_id(kind: str, request_type: Any, named: Any) -> None:
    assert read({"type": kind, "object": named}) == request_type(POST)


@pytest.mark.parametrize("kind", ["Delete", "Like", "Announce", "Follow", "Block"])
def test_nothing_is_done_to_nothing(kind: str) -> None:
    assert refusal({"type": kind}) == "object"
    assert refusal({"type": kind, "object": [POST, INES]}) == "object"


def test_an_undo_names_its_activity_or_describes_it() -> None:
    like = {"type": "Like", "object": POST}

    assert read({"type": "Undo", "object": f"{CAMILLE}/1"}) == UndoActivity(
        f"{CAMILLE}/1", None, None
    )
    assert read({"type": "Undo", "object": like}) == UndoActivity(None, "Like", POST)
    assert refusal({"type": "Undo", "object": {"type": "Like"}}) == "object"


def test_a_report_names_an_actor_and_posts() -> None:
    flag = {"type": "Flag", "object": [INES, POST], "content": "pourriel"}

    assert read(flag) == Report((INES, POST), "pourriel")
    assert refusal({"type": "Flag", "content": "pourriel"}) == "object"
