"""The tree of a debate is the same on every node, whatever arrived first."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice, permutations
from typing import Any

import pytest
from factories import make_remote_actor
from notes import MORNING, accept, note, note_uri, outline, received
from sqlalchemy import func, select

from actors.models import Actor
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.received_note import read_object
from fedi.debates.threads import find_thread
from fedi.debates.tree import MAX_DEPTH, attach, plant, reading_order

ORIGINS = ("https://paris.example", "https://lisbon.example", "https://berlin.example")
CONTEXT = "https://paris.example/contexts/1"


async def three_authors(unit: Unit) -> list[Actor]:
    return [await make_remote_actor(unit, "ana", origin) for origin in ORIGINS]


def batches(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part


async def test_a_reply_stands_under_what_it_answers(unit: Unit) -> None:
    ana, bea, _ = await three_authors(unit)
    root = await received(unit, ana, "root")
    first = await received(unit, bea, "first", at=2, inReplyTo=root.uri)
    await received(unit, ana, "second", at=1, inReplyTo=root.uri)
    await received(unit, ana, "below", at=3, inReplyTo=first.uri)

    assert await outline(unit, root.thread_id) == [
        (0, "root"),
        (1, "second"),
        (1, "first"),
        (2, "below"),
    ]


async def test_a_reply_that_came_first_waits_in_a_thread_that_is_not_listed(unit: Unit) -> None:
    ana, bea, _ = await three_authors(unit)
    reply = await received(unit, bea, "reply", at=1, inReplyTo=note_uri(ana, "root"))

    waiting = await unit.find(Thread, id=reply.thread_id)
    assert waiting is not None
    assert not waiting.listed
    assert (reply.depth, reply.parent_id) == (0, None)
    assert reply.parent_uri == note_uri(ana, "root")


async def test_a_reply_that_waited_comes_home_with_all_that_is_below_it(unit: Unit) -> None:
    ana, bea, cleo = await three_authors(unit)
    reply = await received(unit, bea, "reply", at=1, inReplyTo=note_uri(ana, "root"))
    await received(unit, cleo, "below", at=2, inReplyTo=reply.uri)
    left = reply.thread_id
    root = await received(unit, ana, "root", name="A debate")

    assert await outline(unit, root.thread_id) == [(0, "root"), (1, "reply"), (2, "below")]
    assert (reply.thread_id, reply.depth, reply.parent_id) == (root.thread_id, 1, root.id)
    assert root.reply_count == 1
    assert await unit.find(Thread, id=left) is None
    assert await unit.session.scalar(select(Thread.id).where(Thread.id == left)) is None
    thread = await unit.find(Thread, id=root.thread_id)
    assert thread is not None
    assert (thread.post_count, thread.last_author_id) == (3, cleo.id)
    assert thread.active_at == MORNING + timedelta(minutes=2)
    assert await unit.session.scalar(select(func.count()).select_from(Participation)) == 3
    archived = await unit.session.scalars(select(ArchivedActivity.thread_id))
    assert set(archived) == {root.thread_id}


async def test_all_orders_of_arrival_give_one_tree(unit: Unit) -> None:
    ana, _, _ = await three_authors(unit)
    family = {"a": None, "b": "a", "c": "b", "d": "a"}
    outlines = set()
    for number, order in enumerate(permutations(family)):
        for name in order:
            parent = family[name]
            answers = {"inReplyTo": note_uri(ana, f"{parent}{number}")} if parent else {}
            minutes = "abcd".index(name)
            post = await received(unit, ana, f"{name}{number}", at=minutes, **answers)
        lines = await outline(unit, post.thread_id)
        outlines.add(tuple((depth, name[0]) for depth, name in lines))

    assert outlines == {((0, "a"), (1, "b"), (2, "c"), (1, "d"))}
    assert await unit.session.scalar(select(func.count()).select_from(Thread)) == 24


async def test_a_thousand_posts_shuffled_end_as_they_would_in_order(node: Node) -> None:
    chance = random.Random(1871)  # noqa: S311  chance that can be repeated
    async with node.db.unit() as unit:
        authors = await three_authors(unit)
    family = _family(chance, authors, 1000)
    for part in batches(chance.sample(family, len(family)), 50):
        async with node.db.unit() as unit:
            await unit.load(Actor, uri=[author.uri for author in authors])
            for document in part:
                author = await unit.find(Actor, uri=document["attributedTo"])
                assert author is not None
                assert await accept(unit, read_object(document), author) is not None

    expected = _grown(family)
    async with node.db.reading() as unit:
        posts = (await unit.session.scalars(select(Post).order_by(Post.path))).all()
        assert [(post.uri, post.path, post.depth) for post in posts] == sorted(
            [(post.uri, post.path, post.depth) for post in expected], key=lambda facts: facts[1]
        )
        assert [post.uri for post in posts] == [post.uri for post in reading_order(expected)]
        thread = (await unit.session.scalars(select(Thread))).one()
        assert (thread.post_count, thread.title) == (1000, "A long debate")
        assert thread.active_at == max(post.published_at for post in expected)
        replies = Counter(document.get("inReplyTo") for document in family)
        assert all(post.reply_count == replies[post.uri] for post in posts)
        said = Counter(document["attributedTo"] for document in family)
        taken = await unit.session.execute(
            select(Actor.uri, Participation.post_count).join(
                Actor, Actor.id == Participation.actor_id
            )
        )
        assert {row.uri: row.post_count for row in taken} == said


def _family(chance: random.Random, authors: list[Actor], size: int) -> list[dict[str, Any]]:
    """Posts of which each answers an earlier one; dates often collide."""
    family: list[dict[str, Any]] = []
    for number in range(size):
        author = chance.choice(authors)
        parent = chance.choice(family[-40:])["id"] if family else None
        more = {"inReplyTo": parent} if parent else {"name": "A long debate"}
        family.append(note(author, f"n{number}", at=number // 20, **more))
    return family


def _grown(family: list[dict[str, Any]]) -> list[Post]:
    """The tree that posts form when each one finds its parent at once."""
    grown: dict[str, Post] = {}
    for document in family:
        read = read_object(document)
        post = Post(uri=read.uri, parent_uri=read.parent_uri, published_at=read.published_at)
        plant(post, 1)
        if read.parent_uri is not None:
            attach(post, grown[read.parent_uri])
        grown[read.uri] = post
    return list(grown.values())


@pytest.mark.parametrize(("length", "step"), [(1000, 1), (MAX_DEPTH + 20, -1)])
async def test_a_long_chain_of_replies_is_kept_whole(node: Node, length: int, step: int) -> None:
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", ORIGINS[0])
    chain = [
        note(ana, f"n{n}", at=n, **({"inReplyTo": note_uri(ana, f"n{n - 1}")} if n else {}))
        for n in range(length)
    ]
    for part in batches(chain[::step], 100):
        async with node.db.unit() as unit:
            author = await unit.find(Actor, uri=ana.uri)
            assert author is not None
            for document in part:
                await accept(unit, read_object(document), author)
    async with node.db.reading() as unit:
        thread = await find_thread(unit, note_uri(ana, "n50"))
        assert thread is not None
        lines = await outline(unit, thread.id)

    assert [name for _, name in lines] == [f"n{n}" for n in range(length)]
    assert [depth for depth, _ in lines] == [min(n, MAX_DEPTH) for n in range(length)]


async def test_a_reply_to_the_unknown_joins_the_thread_it_names(unit: Unit) -> None:
    ana, bea, cleo = await three_authors(unit)
    root = await received(unit, ana, "root", name="A debate", context=CONTEXT)
    orphan = await received(
        unit, bea, "orphan", at=5, inReplyTo=note_uri(cleo, "lost"), context=CONTEXT
    )

    assert (orphan.thread_id, orphan.depth, orphan.parent_id) == (root.thread_id, 1, None)
    assert root.reply_count == 0


async def test_a_root_gathers_those_that_named_its_context_before_it_came(unit: Unit) -> None:
    ana, bea, cleo = await three_authors(unit)
    missing = {"inReplyTo": note_uri(cleo, "lost"), "context": CONTEXT}
    orphan = await received(unit, bea, "orphan", at=5, **missing)
    root = await received(unit, ana, "root", name="A debate", context=CONTEXT)

    assert await outline(unit, root.thread_id) == [(0, "root"), (1, "orphan")]
    assert (orphan.parent_id, root.reply_count) == (None, 0)


async def test_a_parent_that_arrives_moves_a_branch_within_its_thread(unit: Unit) -> None:
    ana, bea, cleo = await three_authors(unit)
    root = await received(unit, ana, "root", name="A debate", context=CONTEXT)
    missing = {"inReplyTo": note_uri(cleo, "late"), "context": CONTEXT}
    orphan = await received(unit, bea, "orphan", at=5, **missing)
    await received(unit, ana, "below", at=6, inReplyTo=orphan.uri)
    late = await received(unit, cleo, "late", at=1, inReplyTo=root.uri)

    assert await outline(unit, root.thread_id) == [
        (0, "root"),
        (1, "late"),
        (2, "orphan"),
        (3, "below"),
    ]
    assert orphan.parent_id == late.id
    thread = await unit.find(Thread, id=root.thread_id)
    assert thread is not None
    assert thread.post_count == 4


async def test_what_a_post_answers_counts_more_than_the_context_it_names(unit: Unit) -> None:
    ana, bea, cleo = await three_authors(unit)
    root = await received(unit, ana, "root", name="A debate", context=CONTEXT)
    other = await received(unit, bea, "other", name="Another debate")
    reply = await received(unit, cleo, "reply", at=1, inReplyTo=other.uri, context=CONTEXT)
    misled = {"inReplyTo": note_uri(cleo, "late"), "context": CONTEXT}
    orphan = await received(unit, cleo, "orphan", at=5, **misled)
    assert (reply.thread_id, orphan.thread_id) == (other.thread_id, root.thread_id)

    await received(unit, cleo, "late", at=2, inReplyTo=other.uri)

    assert await outline(unit, other.thread_id) == [
        (0, "other"),
        (1, "reply"),
        (1, "late"),
        (2, "orphan"),
    ]
    counts = {
        thread.title: thread.post_count for thread in await unit.session.scalars(select(Thread))
    }
    assert counts == {"A debate": 1, "Another debate": 4}


async def test_a_context_of_another_server_is_not_taken_for_the_name_of_a_thread(
    unit: Unit,
) -> None:
    ana, bea, _ = await three_authors(unit)
    thief = await received(unit, bea, "thief", name="Mine", context=CONTEXT)
    root = await received(unit, ana, "root", name="A debate", context=CONTEXT)

    await unit.flush()
    threads = {thread.title: thread.uri for thread in await unit.session.scalars(select(Thread))}
    assert threads == {"Mine": thief.uri, "A debate": CONTEXT}
    assert thief.thread_id != root.thread_id


async def test_a_post_that_answers_itself_is_a_root(unit: Unit) -> None:
    ana, _, _ = await three_authors(unit)
    post = await received(unit, ana, "self", inReplyTo=note_uri(ana, "self"))

    assert (post.depth, post.parent_uri) == (0, None)


async def test_replies_that_form_a_ring_are_cut_where_it_closes(unit: Unit) -> None:
    ana, _, _ = await three_authors(unit)
    for name, answers in (("a", "c"), ("b", "a"), ("c", "b")):
        await received(unit, ana, name, inReplyTo=note_uri(ana, answers))
    first = await unit.find(Post, uri=note_uri(ana, "a"))
    assert first is not None

    assert await outline(unit, first.thread_id) == [(0, "a"), (1, "b"), (2, "c")]
    assert first.parent_uri is None


async def test_many_replies_wait_for_one_parent(node: Node) -> None:
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", ORIGINS[0])
        for number in range(40):
            await received(unit, ana, f"r{number}", at=number, inReplyTo=note_uri(ana, "root"))
    async with node.db.unit() as unit:
        author = await unit.find(Actor, uri=ana.uri)
        assert author is not None
        root = await received(unit, author, "root", at=-1)
        assert root.reply_count == 40
    async with node.db.reading() as unit:
        lines = await outline(unit, root.thread_id)

    assert lines == [(0, "root"), *((1, f"r{number}") for number in range(40))]
