"""What members write: debates opened, answered, edited, taken back, and what leaves the node."""

from datetime import timedelta
from typing import Any

import pytest
from factories import FakeClock, make_group, make_person, make_remote_actor
from notes import received
from sqlalchemy import select

from actors.followers import accept_follow, request_follow
from actors.keys import public_keys, to_public_key
from actors.local import network_actor
from actors.models import Actor, Dialect
from fedi.core.errors import Forbidden, Invalid
from fedi.core.jsonld import Document, parse_document
from fedi.core.node import Node
from fedi.core.signatures.proof import verify_proof
from fedi.core.unit import Unit
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import ArchivedActivity, Post, Retraction, Revision
from fedi.debates.models.thread import Moderator, Participation, Thread
from fedi.debates.note import write_place
from fedi.debates.posts import delete_post, edit_post, write_reply
from fedi.debates.threads import open_thread, read_page
from outbox.models import Activity, Delivery


async def opened(unit: Unit, author: Actor, group: Actor, **more: Any) -> tuple[Thread, Post]:
    columns: dict[str, Any] = {"title": "Ateliers bois", "text": "Faut-il les mutualiser ?"}
    thread = await open_thread(unit, author, group, **columns | more)
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    return thread, root


async def verified(unit: Unit, author: Actor, document: Document) -> None:
    """Fail unless the author proved this very document."""
    (key,) = [row for row in await public_keys(unit, author) if row.kind == "ed25519"]
    verify_proof(document, to_public_key(key, author.uri), unit.now)


async def said(unit: Unit, type: str) -> list[Document]:
    await unit.flush()
    bodies = await unit.session.scalars(
        select(Activity.body).where(Activity.type == type).order_by(Activity.id)
    )
    return [parse_document(body) for body in bodies]


async def inboxes(unit: Unit, type: str) -> list[str]:
    await unit.flush()
    query = (
        select(Delivery.inbox)
        .join(Activity, Activity.id == Delivery.activity_id)
        .where(Activity.type == type)
        .order_by(Delivery.inbox)
    )
    return list(await unit.session.scalars(query))


# --- opening -----------------------------------------------------------------------------


async def test_a_debate_opens_with_one_id_for_its_post_and_its_thread(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    thread, root = await opened(unit, camille, climat, question="Qui décide ?", language="fr")

    assert thread.uri == f"https://node.test/c/{root.key}"
    assert root.uri == f"https://node.test/o/{root.key}"
    assert root.url == f"https://node.test/d/{root.key}/ateliers-bois"
    assert (thread.title, thread.question) == ("Ateliers bois", "Qui décide ?")
    assert (thread.post_count, thread.listed, thread.origin) == (1, True, "https://node.test")
    assert thread.group_id == climat.id
    assert root.content == "<p>Faut-il les mutualiser ?</p>"


async def test_what_is_served_is_what_was_sent_and_both_are_proved(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    _, root = await opened(unit, camille, climat)
    (create,) = await said(unit, "Create")

    assert create["id"] == f"{root.uri}#create"
    assert root.document is not None
    served = parse_document(root.document)
    assert create["object"] == served
    (body,) = await unit.session.scalars(select(Activity.body).where(Activity.type == "Create"))
    assert root.document in body
    await verified(unit, camille, create)
    await verified(unit, camille, served)
    assert root.addressed == [climat.uri, f"{camille.uri}/followers", f"{climat.uri}/followers"]


async def test_the_activity_is_archived_as_it_was_sent(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    thread, root = await opened(unit, camille, climat)
    await unit.flush()

    (kept,) = await unit.session.scalars(select(ArchivedActivity))
    (body,) = await unit.session.scalars(select(Activity.body).where(Activity.type == "Create"))
    assert (kept.body, kept.trust, kept.object_uri) == (body, "ours", root.uri)
    assert kept.thread_id == thread.id


@pytest.mark.parametrize(
    ("text", "kind", "type"),
    [
        ("court", None, "Note"),
        ("# Titre\n\ncourt", None, "Article"),
        ("mot " * 400, None, "Article"),
        ("court", "Article", "Article"),
        ("# Titre", "Note", "Note"),
    ],
)
async def test_the_kind_of_a_root_follows_its_text(
    unit: Unit, text: str, kind: Any, type: str
) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    _, root = await opened(unit, camille, climat, text=text, kind=kind)

    assert root.type == type


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"title": " \n "}, "no-title"),
        ({"title": "a" * 201}, "title-too-long"),
        ({"question": "a" * 501}, "question-too-long"),
        ({"text": "  "}, "empty"),
        ({"text": "<!-- -->", "html": "<!-- -->"}, "empty"),
        ({"text": "a" * 70_000}, "too-long"),
    ],
)
async def test_what_is_wrong_with_a_debate_is_told(
    unit: Unit, wrong: dict[str, str], code: str
) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")

    with pytest.raises(Invalid) as refusal:
        await opened(unit, camille, climat, **wrong)
    assert refusal.value.code == code
    assert (await unit.session.scalars(select(Post))).all() == []


async def test_a_debate_is_opened_in_a_group_of_this_network(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    theirs = await make_remote_actor(unit, "bois", "https://lyon.example", "Group")

    with pytest.raises(Invalid):
        await opened(unit, camille, theirs)
    await opened(unit, camille, await network_actor(unit))


async def test_html_is_taken_too_and_cleaned(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    _, root = await opened(unit, camille, climat, text="", html="<p>a<script>b</script></p>")

    assert (root.content, root.source) == ("<p>a</p>", None)


# --- answering ---------------------------------------------------------------------------


async def test_a_reply_goes_where_it_is_awaited(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    bea = await make_remote_actor(unit, "bea", "https://berlin.example")
    zoe = await make_remote_actor(unit, "zoe", "https://zurich.example")
    await accept_follow(unit, await request_follow(unit, f"{zoe.uri}/follows/1", zoe, camille))
    thread, root = await opened(unit, camille, climat)
    by_ana = await received(unit, ana, "r1", at=70, inReplyTo=root.uri)
    await received(unit, bea, "r2", at=71, inReplyTo=root.uri)
    reply = await write_reply(unit, camille, by_ana, text="Oui, @ana.", mentions=[ana])

    (_, create) = await said(unit, "Create")
    assert create["to"] == [ana.uri, PUBLIC]
    assert create["audience"] == climat.uri
    assert create["object"]["inReplyTo"] == by_ana.uri
    assert create["object"]["context"] == thread.uri
    page = f"https://node.test/d/{thread.key}/ateliers-bois"
    assert reply.url == f"{page}?post={reply.key}#p-{reply.key}"
    assert (reply.depth, by_ana.reply_count, thread.post_count) == (2, 1, 4)
    assert await inboxes(unit, "Create") == [
        "https://berlin.example/inbox",
        "https://lisbon.example/inbox",
        "https://zurich.example/inbox",  # the root
        "https://zurich.example/inbox",
    ]


async def test_a_reply_in_a_foreign_thread_keeps_its_context_and_its_group(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    bois = await make_remote_actor(unit, "bois", "https://lyon.example", "Group")
    ana = await make_remote_actor(unit, "ana", "https://lyon.example")
    context = "https://lyon.example/c/1"
    root = await received(unit, ana, "root", name="Bois", context=context, audience=bois.uri)
    reply = await write_reply(unit, camille, root, text="Oui.")

    (create,) = await said(unit, "Create")
    assert create["object"]["context"] == context
    assert create["audience"] == bois.uri
    assert create["cc"] == [bois.uri, f"{camille.uri}/followers"]
    assert await said(unit, "Announce") == []
    assert await inboxes(unit, "Create") == ["https://lyon.example/inbox"]
    assert reply.thread_id == root.thread_id


async def test_a_reply_in_a_foreign_thread_goes_to_the_nodes_that_keep_it(unit: Unit) -> None:
    camille, network = await make_person(unit, "camille"), await network_actor(unit)
    ana = await make_remote_actor(unit, "ana", "https://lyon.example")
    metz = await make_remote_actor(unit, "metz", "https://metz.example", "Group", Dialect.NODE)
    await accept_follow(unit, await request_follow(unit, f"{metz.uri}/1", metz, network))
    root = await received(unit, ana, "root", name="Bois")
    await write_reply(unit, camille, root, text="Oui.")

    assert await inboxes(unit, "Create") == [
        "https://lyon.example/inbox",
        "https://metz.example/inbox",
    ]


async def test_a_locked_debate_is_answered_by_those_who_look_after_it(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    sacha = await make_person(unit, "sacha")
    thread, root = await opened(unit, camille, climat)
    thread.locked_at = unit.now
    unit.add(Moderator(group_id=climat.id, actor_id=sacha.id, created_at=unit.now))

    with pytest.raises(Forbidden):
        await write_reply(unit, camille, root, text="Non.")
    await write_reply(unit, sacha, root, text="Clos.")


async def test_what_is_gone_is_not_answered(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    _, root = await opened(unit, camille, climat)
    await delete_post(unit, camille, root)

    with pytest.raises(Forbidden):
        await write_reply(unit, camille, root, text="Non.")


# --- editing -----------------------------------------------------------------------------


async def test_an_edit_is_sent_to_all_who_were_told_and_keeps_what_was_said(
    node: Node, clock: FakeClock
) -> None:
    async with node.db.unit() as unit:
        camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
        ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
        thread, root = await opened(unit, camille, climat, question="Qui ?", mentions=[ana])
    clock.advance(timedelta(minutes=7))
    async with node.db.unit() as unit:
        author = await unit.find(Actor, uri=camille.uri)
        post = await unit.find(Post, uri=root.uri)
        assert author is not None
        assert post is not None
        await edit_post(unit, author, post, text="Mieux dit.", title="Ateliers partagés")
    async with node.db.reading() as unit:
        (update,) = await said(unit, "Update")
        assert update["object"]["updated"] == "2026-11-25T09:07:00.000000Z"
        assert update["object"]["published"] == "2026-11-25T09:00:00.000000Z"
        assert "Mieux dit." in update["object"]["content"]
        assert update["to"] == [climat.uri, PUBLIC]
        await verified(unit, author, update)
        await verified(unit, author, update["object"])
        assert await inboxes(unit, "Update") == ["https://lisbon.example/inbox"]
        (before,) = await unit.session.scalars(select(Revision))
        assert (before.title, before.source) == ("Ateliers bois", "Faut-il les mutualiser ?")
        assert before.written_at == root.published_at
        debate = await unit.find(Thread, id=thread.id)
        assert debate is not None
        assert (debate.title, debate.question) == ("Ateliers partagés", "Qui ?")
        assert debate.changed_at == clock.now


async def test_an_edit_that_changes_nothing_is_not_published(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    _, root = await opened(unit, camille, climat)
    await edit_post(unit, camille, root, text="Faut-il les mutualiser ?")

    assert root.updated_at is None
    assert await said(unit, "Update") == []


async def test_nobody_edits_what_another_wrote(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    sacha = await make_person(unit, "sacha")
    _, root = await opened(unit, camille, climat)

    with pytest.raises(Forbidden):
        await edit_post(unit, sacha, root, text="Autre chose.")


# --- taking away -------------------------------------------------------------------------


async def test_what_its_author_takes_back_leaves_a_tombstone_and_no_word(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    thread, root = await opened(unit, camille, climat, text="Un secret", mentions=[ana])
    await edit_post(unit, camille, root, text="Un autre secret")
    answer = await received(unit, ana, "r1", at=70, inReplyTo=root.uri)
    await delete_post(unit, camille, root)

    (delete,) = await said(unit, "Delete")
    assert delete["object"] == {
        "id": root.uri,
        "type": "Tombstone",
        **write_place(root, camille.uri),
    }, "who never had it can leave its place"
    assert "summary" not in delete
    await verified(unit, camille, delete)
    assert await inboxes(unit, "Delete") == ["https://lisbon.example/inbox"]
    assert (root.content, root.source, root.document, root.title) == ("", None, None, "")
    assert root.deleted_at == unit.now
    assert (thread.title, thread.post_count, thread.listed) == ("", 2, True)
    assert (await unit.session.scalars(select(Revision))).all() == []
    kept = list(await unit.session.scalars(select(ArchivedActivity)))
    whole = [row.type for row in kept if row.body]
    assert sorted(whole) == ["Create", "Delete"]  # ana's, and the last word
    assert all(len(row.sha256) == 32 for row in kept), "of the rest, digests"
    assert await unit.find(Retraction, uri=root.uri) is not None
    rows = await read_page(unit, thread)
    assert [(row.uri, row.content) for row in rows] == [
        (root.uri, ""),
        (answer.uri, answer.content),
    ]
    served = await unit.session.scalars(
        select(Activity.type).where(Activity.public, Activity.object_uri == root.uri)
    )
    assert set(served) == {"Delete"}


async def test_taking_away_twice_says_it_once(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    thread, root = await opened(unit, camille, climat)
    await delete_post(unit, camille, root)
    await delete_post(unit, camille, root)

    assert len(await said(unit, "Delete")) == 1
    assert not thread.listed  # nothing remains of it


async def test_a_moderator_removes_from_the_debate_and_says_why(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    sacha = await make_person(unit, "sacha")
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    unit.add(Moderator(group_id=climat.id, actor_id=sacha.id, created_at=unit.now))
    _, root = await opened(unit, camille, climat)
    answer = await received(unit, ana, "r1", at=70, inReplyTo=root.uri)
    await delete_post(unit, sacha, answer, reason="mise en cause d'une personne")

    (delete,) = await said(unit, "Delete")
    assert (delete["actor"], delete["summary"]) == (sacha.uri, "mise en cause d'une personne")
    assert await inboxes(unit, "Delete") == ["https://lisbon.example/inbox"]
    assert (answer.removed_by_id, answer.removal_reason) == (sacha.id, delete["summary"])
    assert answer.content == ""
    (kept,) = await unit.session.scalars(select(Revision))
    assert kept.content == "<p>r1</p>"
    rows = await read_page(unit, await _thread(unit, root))
    assert rows[1].remover_name == "Sacha"


async def _thread(unit: Unit, post: Post) -> Thread:
    thread = await unit.find(Thread, id=post.thread_id)
    assert thread is not None
    return thread


async def test_nobody_else_removes_anything(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    sacha, other = await make_person(unit, "sacha"), await make_group(unit, "autre")
    unit.add(Moderator(group_id=other.id, actor_id=sacha.id, created_at=unit.now))
    _, root = await opened(unit, camille, climat)

    with pytest.raises(Forbidden):
        await delete_post(unit, sacha, root, reason="parce que")
    assert root.deleted_at is None


async def test_everybody_who_writes_takes_part(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    sacha = await make_person(unit, "sacha")
    thread, root = await opened(unit, camille, climat)
    await write_reply(unit, sacha, root, text="Un.")
    await write_reply(unit, sacha, root, text="Deux.")
    await unit.flush()

    rows = await unit.session.scalars(select(Participation).order_by(Participation.post_count))
    assert [(row.actor_id, row.post_count) for row in rows] == [(camille.id, 1), (sacha.id, 2)]
    assert thread.last_author_id == sacha.id
