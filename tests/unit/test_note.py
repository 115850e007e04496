"""Posts as documents: ours as they go out, those of peers as they are understood."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import fedi.debates.models.thread  # noqa: F401  posts refer to threads
from actors.models import Actor, Role
from fedi.core.errors import Malformed
from fedi.core.jsonld import Document, dumps, parse_document
from fedi.core.urls import Site
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post, Visibility
from fedi.debates.note import write_object, write_tombstone
from fedi.debates.received_note import read_object
from fedi.debates.writing import root_type

SITE = Site("https://tilios.example")
NOW = datetime(2026, 11, 25, 9, 0, 0, 250_000, tzinfo=UTC)
ROOT = "https://tilios.example/o/00000000000000000000000001"
CONTEXT = "https://tilios.example/c/00000000000000000000000001"
PAGE = "https://tilios.example/d/00000000000000000000000001/ateliers"


def person(name: str, origin: str = SITE.url) -> Actor:
    uri = f"{origin}/p/{name}"
    role = Role.PERSON if origin == SITE.url else None
    return Actor(uri=uri, role=role, origin=origin, handle=name, followers=f"{uri}/followers")


def group() -> Actor:
    uri = f"{SITE.url}/g/gouvernance"
    return Actor(
        uri=uri,
        role=Role.GROUP,
        origin=SITE.url,
        handle="gouvernance",
        followers=f"{uri}/followers",
    )


def root(**more: Any) -> Post:
    columns: dict[str, Any] = {
        "id": 1,
        "uri": ROOT,
        "key": "00000000000000000000000001",
        "type": "Article",
        "title": "Faut-il mutualiser nos ateliers bois ?",
        "summary": "Trois lieux envisagent un atelier commun : qui décide ?",
        "content": "<p>Texte complet, avec un #Atelier.</p>",
        "source": "Texte complet, avec un #Atelier.",
        "language": "fr",
        "url": PAGE,
        "context_uri": CONTEXT,
        "audience_uri": f"{SITE.url}/g/gouvernance",
        "published_at": NOW,
    }
    return Post(**columns | more)


def reply(**more: Any) -> Post:
    columns: dict[str, Any] = {
        "id": 2,
        "uri": "https://tilios.example/o/00000000000000000000000002",
        "type": "Note",
        "title": "",
        "summary": "",
        "parent_uri": ROOT,
        "content": "<p>Chez nous, une SCIC porte l'atelier.</p>",
        "source": "Chez nous, une SCIC porte l'atelier.",
        "url": f"{PAGE}#p-00000000000000000000000002",
    }
    return root(**columns | more)


def written(post: Post, **more: Any) -> Document:
    return write_object(post, person("camille"), group(), SITE, **more)


# --- ours --------------------------------------------------------------------------------


def test_an_article_says_its_title_its_question_and_where_its_debate_is() -> None:
    document = written(root())

    assert document["type"] == "Article"
    assert document["name"] == "Faut-il mutualiser nos ateliers bois ?"
    assert document["summary"] == "Trois lieux envisagent un atelier commun : qui décide ?"
    assert document["content"] == "<p>Texte complet, avec un #Atelier.</p>"
    assert document["contentMap"] == {"fr": document["content"]}
    assert document["source"] == {
        "content": "Texte complet, avec un #Atelier.",
        "mediaType": "text/markdown",
    }
    assert document["to"] == [f"{SITE.url}/g/gouvernance", PUBLIC]
    assert document["cc"] == [
        f"{SITE.url}/p/camille/followers",
        f"{SITE.url}/g/gouvernance/followers",
    ]
    assert document["audience"] == f"{SITE.url}/g/gouvernance"
    assert document["attributedTo"] == f"{SITE.url}/p/camille"
    assert document["context"] == CONTEXT
    assert document["contextHistory"] == f"{CONTEXT}/history"
    assert document["published"] == "2026-11-25T09:00:00.250000Z"
    assert "inReplyTo" not in document
    assert "updated" not in document
    assert document["interactionPolicy"] == {"canQuote": {"automaticApproval": [PUBLIC]}}


def test_replies_lead_to_a_page_that_is_empty_so_that_the_post_never_changes() -> None:
    uri = f"{ROOT}/replies"
    assert written(root())["replies"] == {
        "id": uri,
        "type": "Collection",
        "first": {
            "id": f"{uri}?page=0",
            "type": "CollectionPage",
            "partOf": uri,
            "next": f"{uri}?page=1",
        },
    }
    assert written(root())["likes"] == f"{ROOT}/likes"
    assert written(root())["shares"] == f"{ROOT}/shares"


def test_the_group_is_mentioned_and_hashtags_are_named() -> None:
    tags = written(root(tags=["Atelier"]))["tag"]

    assert tags == [
        {
            "type": "Mention",
            "href": f"{SITE.url}/g/gouvernance",
            "name": "@gouvernance@tilios.example",
        },
        {"type": "Hashtag", "href": f"{SITE.url}/?tag=Atelier", "name": "#Atelier"},
    ]


def test_a_root_that_is_a_note_says_its_title_in_bold_and_has_neither_name_nor_summary() -> None:
    document = written(root(type="Note", title="Horaires <d'été>"))

    assert {"name", "summary", "preview"}.isdisjoint(document)
    assert document["content"].startswith("<p><strong>Horaires &lt;d'été&gt;</strong></p>")
    assert document["contentMap"]["fr"] == document["content"]
    assert document["source"]["content"].startswith("Horaires <d'été>\n\n")


def test_a_reply_goes_to_whom_it_answers_and_names_all_who_should_hear_of_answers() -> None:
    ines = person("ines", "https://autre.example")
    sacha = person("sacha", "https://autre.example")
    document = written(reply(), answered=ines, mentioned=[sacha])

    assert document["inReplyTo"] == ROOT
    assert document["to"] == [ines.uri, PUBLIC]
    assert document["cc"] == [
        f"{SITE.url}/g/gouvernance",
        f"{SITE.url}/p/camille/followers",
        sacha.uri,
    ]
    assert [tag["name"] for tag in document["tag"]] == [
        "@ines@autre.example",
        "@gouvernance@tilios.example",
        "@sacha@autre.example",
    ]
    assert {"name", "summary", "contextHistory"}.isdisjoint(document)


def test_an_author_who_answers_herself_does_not_write_to_herself() -> None:
    document = written(reply(), answered=person("camille"))

    assert document["to"] == [PUBLIC]
    assert [tag["name"] for tag in document["tag"]] == ["@gouvernance@tilios.example"]


def test_what_has_no_source_or_language_says_nothing_of_them() -> None:
    document = written(root(source=None, language=None))

    assert {"source", "contentMap"}.isdisjoint(document)


def test_an_edit_is_dated() -> None:
    edited = written(root(updated_at=NOW + timedelta(hours=1)))

    assert edited["updated"] == "2026-11-25T10:00:00.250000Z"


def test_a_tombstone_says_where_a_post_stood_and_none_of_its_words() -> None:
    gone = reply(deleted_at=NOW + timedelta(hours=1))
    document = write_tombstone(gone, f"{SITE.url}/p/camille")

    assert document["type"] == "Tombstone"
    assert document["formerType"] == "Note"
    assert document["inReplyTo"] == ROOT
    assert document["deleted"] == "2026-11-25T10:00:00.250000Z"
    assert {"content", "name", "summary", "source"}.isdisjoint(document)


@pytest.mark.parametrize(
    ("content", "text", "expected"),
    [
        ("<p>court</p>", "court", "Note"),
        (f"<p>{'a' * 1200}</p>", "", "Note"),
        (f"<p>{'a' * 1201}</p>", "", "Article"),
        ("<h4>titre</h4><p>court</p>", "# titre", "Article"),
        ("<table><tr><td>1</td></tr></table>", "| 1 |", "Article"),
        (
            '<p><a href="https://x.example/i.png">i</a></p>',
            "![i](https://x.example/i.png)",
            "Article",
        ),
        ("<ul><li>court</li></ul>", "- court", "Note"),
    ],
)
def test_short_and_plain_texts_are_notes(content: str, text: str, expected: str) -> None:
    assert root_type(content, text) == expected


@pytest.mark.parametrize("kind", ["Article", "Note"])
def test_another_node_understands_our_root_as_we_meant_it(kind: str) -> None:
    ours = root(type=kind, title="Bois & <colle>")
    understood = read_object(parse_document(dumps(written(ours))))

    assert (understood.title, understood.summary) == (ours.title, ours.summary)
    assert understood.content == ours.content
    assert understood.published_at == ours.published_at
    assert understood.context_uri == CONTEXT
    assert understood.audience_uri == ours.audience_uri
    assert understood.visibility is Visibility.PUBLIC
    assert understood.url == PAGE
    assert understood.replies_uri == f"{ROOT}/replies"


# --- of peers ----------------------------------------------------------------------------


def peers(**more: Any) -> Document:
    document: Document = {
        "id": "https://mastodon.example/notes/1",
        "type": "Note",
        "attributedTo": "https://mastodon.example/users/zoe",
        "to": PUBLIC,
        "cc": ["https://mastodon.example/users/zoe/followers"],
        "content": "<p>Bonjour</p>",
        "published": "2026-11-25T09:00:00Z",
    }
    return document | more


def test_a_plain_note_is_read() -> None:
    post = read_object(peers(inReplyTo=ROOT, language="xx", contentMap={"fr": "<p>Bonjour</p>"}))

    assert post.uri == "https://mastodon.example/notes/1"
    assert post.author_uri == "https://mastodon.example/users/zoe"
    assert post.parent_uri == ROOT
    assert post.content == "<p>Bonjour</p>"
    assert post.language == "fr"
    assert post.published_at == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert post.addressed == ["https://mastodon.example/users/zoe/followers"]


@pytest.mark.parametrize(
    "broken",
    [
        {"id": None},
        {"id": 7},
        {"id": "acct:zoe@mastodon.example"},
        {"type": "Person"},
        {"type": ["Note", "Article"]},
        {"attributedTo": None},
        {"attributedTo": 1},
        {"attributedTo": ["https://a.example/1", "https://mastodon.example/users/zoe"]},
        {"attributedTo": "https://evil.example/users/zoe"},
        {"content": "a" * 65_537},
    ],
)
def test_what_cannot_be_a_post_is_malformed(broken: Document) -> None:
    with pytest.raises(Malformed):
        read_object(peers(**broken))


@pytest.mark.parametrize(
    ("to", "cc", "visibility"),
    [
        (PUBLIC, [], Visibility.PUBLIC),
        ("as:Public", [], Visibility.PUBLIC),
        ([], ["Public"], Visibility.UNLISTED),
        (["https://tilios.example/p/camille"], [], Visibility.DIRECT),
        (None, 7, Visibility.DIRECT),
    ],
)
def test_whom_a_post_is_for_is_read(to: Any, cc: Any, visibility: Visibility) -> None:
    assert read_object(peers(to=to, cc=cc)).visibility is visibility


def test_hidden_recipients_are_never_read() -> None:
    post = read_object(peers(bto=["https://a.example/1"], bcc="https://a.example/2"))

    assert post.addressed == ["https://mastodon.example/users/zoe/followers"]


def test_what_is_wrong_in_a_post_is_left_out() -> None:
    post = read_object(
        peers(
            summary={"a": 1},
            name=["x"],
            context=[],
            audience=5,
            url={"href": "javascript:alert(1)"},
            published="yesterday",
            updated="9999-99-99",
            tag=[{"type": "Mention"}, "x", {"type": "Mention", "href": "https://a.example/1"}],
            source="text",
            replies=[1, 2],
            contentMap="x",
            inReplyTo={"type": "Note"},
        )
    )

    assert (post.summary, post.title, post.context_uri, post.audience_uri) == ("", "", None, None)
    assert (post.url, post.published_at, post.updated_at) == (None, None, None)
    assert post.mentions == ["https://a.example/1"]
    assert (post.source, post.replies_uri, post.parent_uri) == (None, None, None)


def test_a_page_on_another_host_is_not_shown_as_the_posts_own() -> None:
    assert read_object(peers(url="https://bank.example/x")).url is None
    assert read_object(peers(url="https://mastodon.example/@zoe/1")).url is not None


def test_html_is_made_harmless() -> None:
    post = read_object(peers(content='<p onclick="x()">a<script>b</script></p>', name="<b>\u202e"))

    assert post.content == "<p>a</p>"
    assert post.title == "<b>"


def test_a_warning_is_kept_and_the_topic_a_forum_repeats_on_answers_is_not() -> None:
    post = read_object(peers(inReplyTo=ROOT, name="Titre du sujet", summary="sensible"))

    assert (post.title, post.summary) == ("", "sensible")


def test_a_summary_in_html_becomes_one_line() -> None:
    post = read_object(peers(type="Article", name="T", summary="<p>Qui décide&nbsp;?</p><p>Et</p>"))

    assert post.summary == "Qui décide\xa0? Et"


def test_attachments_and_options_are_told_in_words() -> None:
    image = {"type": "Document", "url": "https://mastodon.example/i.png", "name": "Un <chat>"}
    post = read_object(
        peers(
            type="Question",
            content="<p>Oui ?</p>",
            attachment=[image],
            oneOf=[{"type": "Note", "name": "Oui"}, {"type": "Note", "name": "Non"}],
        )
    )

    assert 'href="https://mastodon.example/i.png"' in post.content
    assert "Un &lt;chat&gt;" in post.content
    assert post.content.endswith("<ul><li>Oui</li><li>Non</li></ul>")


@pytest.mark.parametrize(
    "vote",
    [
        {"content": None},
        {"content": "<br>", "published": None, "summary": "", "tag": [{"type": "Mention"}]},
    ],
)
def test_an_answer_to_a_poll_is_no_post(vote: Document) -> None:
    ballot = {
        "name": "Oui",
        "inReplyTo": ROOT,
        "to": ["https://tilios.example/p/camille"],
        "cc": [],
    }
    document = {name: value for name, value in peers(**ballot, **vote).items() if value is not None}

    assert read_object(document).vote


def test_a_named_answer_with_words_is_a_post() -> None:
    assert not read_object(peers(name="Sujet", inReplyTo=ROOT)).vote


def test_a_tombstone_is_recognised() -> None:
    post = read_object({"id": "https://mastodon.example/notes/1", "type": "Tombstone"})

    assert post.tombstone
    assert post.author_uri is None


def test_sixteen_mentions_are_read_and_no_more() -> None:
    tags = [{"type": "Mention", "href": f"https://a.example/{number}"} for number in range(300)]

    assert len(read_object(peers(tag=tags)).mentions) == 16
