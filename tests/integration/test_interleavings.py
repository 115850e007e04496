"""Whatever arrives where, in whatever order, twice or never: in the end all hold the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, permutations
from pathlib import Path

from factories import FakeClock, make_node
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lost import ORIGIN, START, Lost
from sqlalchemy import select

from actors.policies import Policies
from fedi.core.fetch import Budget
from fedi.core.jsonld import Document, dumps, parse_document
from fedi.core.node import Node
from fedi.debates.digest import find_named, open_branches
from fedi.debates.mirrors import mirror_items
from fedi.debates.models.post import Post
from inbox.gathering import Gatherer
from inbox.resolve import Resolver

#: How often a draw may be reconciled before all hold the same: once there, once back.
ROUNDS = 2
POSTS = st.integers(2, 7)
_numbers = count()


@dataclass(frozen=True)
class Plan:
    """A debate, and what of it reaches each of three nodes, in which order."""

    parents: Sequence[int]  # of each post but the first
    edits: Sequence[tuple[int, int]]  # of which post, at which minute
    deleted: Sequence[int]
    arrivals: Sequence[Sequence[int]]  # places among all that was said


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A day's partition is a node that hears nothing of a part of what was said."""
    size = draw(POSTS)
    parents = [draw(st.integers(0, number - 1)) for number in range(1, size)]
    posts = st.integers(1, size - 1)
    edits = draw(st.lists(st.tuples(posts, st.integers(1, 50)), max_size=3, unique=True))
    deleted = draw(st.lists(posts, max_size=2, unique=True))
    said = size + len(edits) + len(deleted)
    heard = st.lists(st.integers(0, said - 1), max_size=2 * said)
    return Plan(parents, edits, deleted, [draw(heard) for _ in range(3)])


def everything(lost: Lost, plan: Plan) -> list[Document]:
    """All that was said, in order."""
    above = dict(enumerate(plan.parents, 1))
    said = [lost.activity(0, lost.note(0), "Create")]
    said += [lost.activity(n, lost.note(n, parent), "Create") for n, parent in above.items()]
    for number, minute in plan.edits:
        edited = lost.edited(number, START + timedelta(minutes=minute), above[number])
        said.append(lost.activity(number, edited, "Update"))
    for number in plan.deleted:
        said.append(lost.activity(number, lost.tombstone(number, above[number]), "Delete"))
    return said


class Ear:
    """How a node of the test hears: as from a copy, its proofs judged, nobody asked."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.resolver = Resolver(node, Policies(node.db, "open"))

    async def hear(self, *documents: Document) -> None:
        gatherer = Gatherer(self.node, self.resolver, "a copy", Budget())
        gatherer.let_wait({ORIGIN})
        await gatherer.take(documents, changed=True)

    async def learn_from(self, other: "Ear", lost: Lost) -> None:
        """Compare trees and take what differs, as two nodes do over HTTP."""
        here, there = await lost.tree(self.node), await lost.tree(other.node)
        asked, names = [""], list[str]()
        while asked:
            asked, leaves = open_branches(here, there.tell(asked))
            names += [leaf.name for leaf in leaves]
        async with other.node.db.reading() as unit:
            thread = await lost.thread(unit)
            uris = await find_named(unit, thread, names)
            page = await mirror_items(unit, thread, uris, "names")
        items = parse_document(dumps(page))["orderedItems"]
        await self.hear(*(item for item in items if isinstance(item, dict)))


async def check(ears: Sequence[Ear], plan: Plan) -> None:
    lost = Lost(f"draw{next(_numbers)}")
    said = everything(lost, plan)
    for ear, arrivals in zip(ears, plan.arrivals, strict=True):
        async with ear.node.db.unit() as unit:
            for handle in ("ana", "rui", "eva", "gil"):
                await lost.meet(unit, handle)
            await lost.meet(unit, "communs", "Group")
        for place in arrivals:
            await ear.hear(said[place])
    await ears[0].hear(*said)  # somebody heard all of it, once more
    for ear in ears[1:]:
        await ear.hear(said[0])
    for _ in range(ROUNDS):
        for one, other in permutations(ears, 2):
            await one.learn_from(other, lost)
    digests = {(await lost.tree(ear.node)).digest for ear in ears}
    assert len(digests) == 1
    shown = []
    for ear in ears:
        async with ear.node.db.reading() as unit:
            thread = await lost.thread(unit)
            query = select(Post.uri, Post.depth, Post.content, Post.deleted_at.is_not(None))
            rows = await unit.session.execute(
                query.where(Post.thread_id == thread.id).order_by(Post.path)
            )
            shown.append([tuple(row) for row in rows])
    assert shown[0] == shown[1] == shown[2]
    gone = {uri for uri, _, _, deleted in shown[0] if deleted}
    assert gone == {lost.uri(number) for number in plan.deleted}, "deletion always wins"


def test_any_interleaving_ends_in_the_same_debate(tmp_path: Path) -> None:
    async def begin() -> list[Ear]:
        clock = FakeClock()
        return [Ear(await make_node(tmp_path, f"{n}.test", clock=clock)) for n in "abc"]

    async def end(ears: Sequence[Ear]) -> None:
        for ear in ears:
            await ear.node.close()

    with asyncio.Runner() as runner:
        ears = runner.run(begin())

        @settings(max_examples=12, suppress_health_check=list(HealthCheck))
        @given(plans())
        def holds(plan: Plan) -> None:
            runner.run(check(ears, plan))

        holds()
        runner.run(end(ears))
