"""What peers write: what is kept, what is refused, edits and deletions in any order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from factories import FakeClock, make_group, make_person, make_remote_actor
from notes import MORNING, accept, evidence, note, note_uri, receive, received
from sqlalchemy import select

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import ArchivedActivity, Post, Retraction, Revision, Visibility
from fedi.debates.models.thread import Moderator, Participation, Thread
from fedi.debates.note import write_moment
from fedi.debates.posts import (
    accept_remote_delete,
    accept_remote_edit,
    accept_remote_post,
)
from fedi.debates.reading import read_page
from fedi.debates.received_note import read_object
from fedi.debates.receiving import FUTURE
from fedi.debates.threads import list_threads, open_thread

LISBON = "https://lisbon.example"


async def thread_of(unit: Unit, post: Post) -> Thread:
    thread = await unit.find(Thread, id=post.thread_id)
    assert thread is not None
    return thread


async def edited(unit: Unit, author: Actor, name: str, /, **more: Any) -> Post | None:
    document = read_object(note(author, name, **more))
    return await accept_remote_edit(unit, document, author, evidence=None)


def minute(number: float) -> str:
    return write_moment(MORNING + timedelta(minutes=number))


# --- keeping -----------------------------------------------------------------------------


async def test_a_debate_of_a_known_group_is_kept_and_listed(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    group = await make_remote_actor(unit, "bois", LISBON, "Group")
    context = f"{LISBON}/c/1"
    root = await received(
        unit, ana, "root", type="Article", name="Bois", context=context, audience=group.uri
    )

    thread = await thread_of(unit, root)
    assert (thread.uri, thread.title, thread.listed) == (context, "Bois", True)
    assert (thread.group_id, thread.origin, thread.post_count) == (group.id, LISBON, 1)
    assert thread.opened_at == thread.active_at == MORNING


async def test_a_group_that_is_only_addressed_is_the_group_of_a_root(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", cc=[climat.uri])

    thread = await thread_of(unit, root)
    assert (thread.group_id, thread.listed) == (climat.id, True)


async def test_what_has_neither_title_nor_group_is_kept_without_being_listed(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", content="<p>Bonjour à tous</p>")

    thread = await thread_of(unit, root)
    assert (thread.uri, thread.title, thread.listed) == (root.uri, "Bonjour à tous", False)
    assert await list_threads(unit) == []


async def test_a_known_post_is_given_back_and_nothing_changes(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root")
    again = await receive(unit, ana, "root", content="<p>autre</p>")

    assert again is root
    assert root.content == "<p>root</p>"
    assert (await thread_of(unit, root)).post_count == 1


async def test_the_activity_that_brought_a_post_is_kept_byte_for_byte(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    document = read_object(note(ana, "root"))
    raw = b'{"type": "Create",  "unknown": 1}'
    post = await accept_remote_post(unit, document, ana, evidence=evidence(document.uri, raw))
    assert post is not None
    await unit.flush()

    (kept,) = await unit.session.scalars(select(ArchivedActivity))
    assert (kept.body, kept.trust, kept.actor_uri) == (raw, "signature", ana.uri)
    assert (kept.object_uri, kept.thread_id) == (post.uri, post.thread_id)


async def test_a_date_in_the_future_does_not_keep_a_debate_on_top(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", published="2099-01-01T00:00:00Z", name="Demain")

    assert root.published_at.year == 2099
    assert (await thread_of(unit, root)).active_at == unit.now


# --- refusing ----------------------------------------------------------------------------


async def test_nobody_speaks_for_another(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    eve = await make_remote_actor(unit, "eve", "https://evil.example")
    neighbour = await make_remote_actor(unit, "neighbour", LISBON)
    document = read_object(note(ana, "root"))

    assert await accept(unit, document, eve) is None
    assert await accept(unit, replace(document, author_uri=eve.uri), eve) is None
    assert await accept(unit, document, ana) is not None
    assert await accept(unit, replace(document, author_uri=neighbour.uri), neighbour) is None


async def test_nobody_speaks_for_this_node(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    document = replace(
        read_object(note(camille, "x")), uri="https://node.test/o/1", author_uri=camille.uri
    )

    assert await accept(unit, document, camille) is None


async def test_suspended_actors_are_not_heard(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    ana.suspended_at = unit.now

    assert await receive(unit, ana, "root") is None


async def test_votes_and_tombstones_are_no_posts(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    vote = {
        "name": "Oui",
        "content": "<br>",
        "to": [camille.uri],
        "cc": [],
        "inReplyTo": "https://node.test/o/1",
    }

    assert await receive(unit, ana, "vote", **vote) is None
    tombstone = read_object({"id": f"{LISBON}/notes/1", "type": "Tombstone"})
    assert await accept(unit, tombstone, ana) is None


async def test_a_locked_debate_takes_no_answers_but_its_moderators(unit: Unit) -> None:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    mod = await make_remote_actor(unit, "mod", LISBON)
    thread = await open_thread(unit, camille, climat, title="T", text="Texte")
    thread.locked_at = unit.now
    unit.add(Moderator(group_id=climat.id, actor_id=mod.id, created_at=unit.now))

    assert await receive(unit, ana, "r1", at=70, inReplyTo=thread.root_uri) is None
    named = {"inReplyTo": note_uri(ana, "unknown"), "context": thread.uri}
    assert await receive(unit, ana, "r2", at=70, **named) is None
    assert await receive(unit, mod, "r3", at=70, inReplyTo=thread.root_uri) is not None


# --- private -----------------------------------------------------------------------------


async def test_a_private_message_for_nobody_here_is_not_kept(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    elsewhere = {"to": ["https://berlin.example/users/bea"], "cc": []}
    followers = {"to": [ana.followers], "cc": []}
    nobody = {"to": ["https://node.test/p/nobody"], "cc": []}

    for private in (elsewhere, followers, nobody):
        assert await receive(unit, ana, "secret", **private) is None


async def test_a_private_message_shows_to_those_addressed_and_leaves_no_trace(unit: Unit) -> None:
    camille, sacha = await make_person(unit, "camille"), await make_person(unit, "sacha")
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", name="Public")
    before = await thread_of(unit, root)
    facts = (before.post_count, before.active_at, before.changed_at, before.last_author_id)
    secret = await received(
        unit, ana, "secret", at=5, to=[camille.uri], cc=[ana.followers], inReplyTo=root.uri
    )
    await unit.flush()

    assert secret.visibility is Visibility.FOLLOWERS
    for viewer, expected in ((camille, 2), (ana, 2), (sacha, 1), (None, 1)):
        assert len(await read_page(unit, before, viewer=viewer)) == expected
    assert facts == (
        before.post_count,
        before.active_at,
        before.changed_at,
        before.last_author_id,
    )
    assert root.reply_count == 0
    (part,) = await unit.session.scalars(select(Participation))
    assert part.post_count == 1
    archived = await unit.session.scalars(select(ArchivedActivity.object_uri))
    assert list(archived) == [root.uri]


async def test_a_private_root_names_no_thread(unit: Unit) -> None:
    camille = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    secret = await received(unit, ana, "secret", name="Secret", to=[camille.uri], cc=[])

    thread = await thread_of(unit, secret)
    assert (thread.title, thread.question, thread.listed) == ("", "", False)
    assert secret.visibility is Visibility.DIRECT
    assert await read_page(unit, thread) == []


# --- edits -------------------------------------------------------------------------------


async def test_edits_count_in_the_order_of_their_dates(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", name="Avant")

    assert await edited(unit, ana, "root", name="Deux", updated=minute(20)) is root
    assert await edited(unit, ana, "root", name="Un", updated=minute(10)) is None
    assert await edited(unit, ana, "root", name="Deux bis", updated=minute(20)) is None
    assert (root.title, (await thread_of(unit, root)).title) == ("Deux", "Deux")
    assert await edited(unit, ana, "root", name="Trois", updated=minute(30)) is root
    await unit.flush()
    revisions = await unit.session.scalars(select(Revision).order_by(Revision.id))
    assert [revision.title for revision in revisions] == ["Avant", "Deux"]
    assert root.updated_at == MORNING + timedelta(minutes=30)


async def test_an_edit_older_than_the_post_came_late(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", at=10)

    assert await edited(unit, ana, "root", content="<p>x</p>", updated=minute(9)) is None
    assert await edited(unit, ana, "root", content="<p>x</p>", updated=minute(10)) is root


async def test_an_edit_without_a_date_counts_when_the_text_differs(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root")

    assert await edited(unit, ana, "root") is None
    assert await edited(unit, ana, "root", content="<p>autre</p>") is root
    assert (root.content, root.updated_at) == ("<p>autre</p>", unit.now)


async def test_an_edit_dated_in_the_future_can_still_be_replaced(
    unit: Unit, clock: FakeClock
) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", updated="2099-01-01T00:00:00Z")
    assert root.updated_at == unit.now + FUTURE

    await edited(unit, ana, "root", content="<p>x</p>", updated="2098-01-01T00:00:00Z")
    assert root.content == "<p>root</p>"  # not newer than the clamped date
    later = write_moment(unit.now + timedelta(minutes=6))
    unit.now += timedelta(minutes=6)
    await edited(unit, ana, "root", content="<p>y</p>", updated=later)
    assert root.content == "<p>y</p>"


async def test_an_edit_changes_the_text_and_nothing_else(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", context=f"{LISBON}/c/1")
    await edited(
        unit,
        ana,
        "root",
        at=60,
        type="Article",
        content="<p>x</p>",
        context=f"{LISBON}/c/2",
        inReplyTo=f"{LISBON}/notes/other",
        updated=minute(61),
        to=[ana.uri],
        cc=[],
    )

    assert (root.content, root.type, root.published_at) == ("<p>x</p>", "Note", MORNING)
    assert (root.context_uri, root.parent_uri) == (f"{LISBON}/c/1", None)
    assert root.visibility is Visibility.PUBLIC


async def test_nobody_edits_the_post_of_another(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    neighbour = await make_remote_actor(unit, "neighbour", LISBON)
    await received(unit, ana, "root")
    document = read_object(note(neighbour, "root", content="<p>x</p>"))

    assert await accept_remote_edit(unit, document, neighbour, evidence=None) is None
    assert await edited(unit, ana, "unknown") is None


# --- deletions ---------------------------------------------------------------------------


async def test_what_was_taken_back_before_it_came_says_nothing(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    uri = note_uri(ana, "root")

    assert not await accept_remote_delete(unit, uri, ana)
    post = await received(unit, ana, "root")
    assert (post.content, post.deleted_at) == ("", unit.now)
    thread = await thread_of(unit, post)
    assert (thread.title, thread.listed) == ("", False)
    retraction = await unit.find(Retraction, uri=uri)
    assert retraction is not None
    assert retraction.actor_uri == ana.uri


async def test_a_stranger_does_not_take_back_what_has_not_come(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    eve = await make_remote_actor(unit, "eve", "https://evil.example")

    assert not await accept_remote_delete(unit, note_uri(ana, "root"), eve)
    assert not await accept_remote_delete(unit, "https://node.test/o/1", eve)
    assert await receive(unit, ana, "root") is not None


async def test_a_deleted_post_keeps_its_place_and_its_answers(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    root = await received(unit, ana, "root", name="Titre", summary="Question")
    middle = await received(unit, ana, "middle", at=1, inReplyTo=root.uri)
    await edited(unit, ana, "middle", content="<p>corrigé</p>", updated=minute(2))
    leaf = await received(unit, ana, "leaf", at=3, inReplyTo=middle.uri)

    assert await accept_remote_delete(unit, middle.uri, ana)
    assert not await accept_remote_delete(unit, middle.uri, ana)
    assert (middle.content, middle.deleted_at) == ("", unit.now)
    assert (leaf.parent_id, leaf.depth) == (middle.id, 2)
    assert (await unit.session.scalars(select(Revision))).all() == []
    archived = await unit.session.scalars(
        select(ArchivedActivity.object_uri).where(ArchivedActivity.body != b"")
    )
    assert set(archived) == {root.uri, leaf.uri}
    assert await receive(unit, ana, "middle", at=1, inReplyTo=root.uri) is middle
    assert middle.content == "", "it does not come back to life"
    assert await edited(unit, ana, "middle", content="<p>x</p>", updated=minute(9)) is None
    late = await received(unit, ana, "late", at=4, inReplyTo=middle.uri)
    assert late.parent_id == middle.id
    assert (await thread_of(unit, root)).post_count == 4


async def test_nobody_deletes_the_post_of_another(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    neighbour = await make_remote_actor(unit, "neighbour", LISBON)
    root = await received(unit, ana, "root")

    assert not await accept_remote_delete(unit, root.uri, neighbour)
    assert root.deleted_at is None


async def test_a_group_removes_from_the_debates_of_its_own_server_only(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    mod = await make_remote_actor(unit, "mod", "https://lyon.example")
    bois = await make_remote_actor(unit, "bois", "https://lyon.example", "Group")
    network = await make_remote_actor(unit, "lyon", "https://lyon.example", "Group")
    autre = await make_remote_actor(unit, "autre", "https://metz.example", "Group")
    root = await received(unit, ana, "root", audience=bois.uri)
    alone = await received(unit, ana, "alone")

    assert not await accept_remote_delete(unit, root.uri, mod)
    assert not await accept_remote_delete(unit, root.uri, mod, group=autre)
    assert not await accept_remote_delete(unit, alone.uri, mod, group=bois)
    assert await accept_remote_delete(unit, root.uri, mod, group=network, reason="règle 3")
    assert (root.removed_by_id, root.removal_reason) == (mod.id, "règle 3")
    assert await unit.find(Retraction, uri=root.uri) is None  # it may be restored


async def test_a_moderator_from_elsewhere_removes_from_our_group(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    mod = await make_remote_actor(unit, "mod", "https://lyon.example")
    unit.add(Moderator(group_id=climat.id, actor_id=mod.id, created_at=unit.now))
    root = await received(unit, ana, "root", to=[PUBLIC, climat.uri])

    assert await accept_remote_delete(unit, root.uri, mod, reason="règle 3")
    assert root.removed_by_id == mod.id


@pytest.mark.parametrize("order", ["create-update-delete", "delete-update-create"])
async def test_the_end_is_the_same_whatever_comes_first(unit: Unit, order: str) -> None:
    ana = await make_remote_actor(unit, "ana", LISBON)
    for step in order.split("-"):
        if step == "create":
            await receive(unit, ana, "root")
        elif step == "update":
            await edited(unit, ana, "root", content="<p>x</p>", updated=minute(1))
        else:
            await accept_remote_delete(unit, note_uri(ana, "root"), ana)

    post = await unit.find(Post, uri=note_uri(ana, "root"))
    assert post is None or post.deleted_at is not None
    assert await list_threads(unit) == []
