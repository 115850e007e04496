"""A debate whose origin is gone is had from those who kept it, and nobody is believed for it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from factories import FakeClock
from hostile import HostilePeer, document
from lost import ORIGIN, START, Lost, follow, read_copy, reader
from sqlalchemy import func, select
from visitors import pages

from actors.journal import read_journal
from actors.local import network_actor
from actors.models import Actor
from fedi.core.node import Node
from fedi.core.vocab import AS2
from fedi.debates.addresses import mirror_uri
from fedi.debates.gaps import missing_posts
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Gap
from fedi.debates.verification import Standing, verify_thread
from inbox.copies import ask_for_more


async def network_of(node: Node) -> str:
    async with node.db.reading() as unit:
        return (await network_actor(unit)).uri


async def standings(node: Node, lost: Lost) -> set[tuple[Standing, str | None]]:
    async with node.db.reading() as unit:
        verdicts = await verify_thread(unit, await lost.thread(unit))
    return {(verdict.standing, verdict.vouched_by) for verdict in verdicts}


async def test_a_newcomer_gets_a_lost_debate_from_a_network_it_follows(
    tmp_path: Path, clock: FakeClock
) -> None:
    lost = Lost()
    async with pages(tmp_path, clock) as carrier, reader(tmp_path, clock) as (newcomer, backfiller):
        async with carrier.node.db.unit() as unit:
            await lost.meet(unit, "communs", "Group")
            await lost.tell(unit, *range(120))
            await lost.edit(unit, 7, START + timedelta(hours=1))
            await lost.delete(unit, 9)
        copy = mirror_uri(carrier.node.site.url, lost.context)
        network = await network_of(carrier.node)

        await read_copy(newcomer, backfiller, copy)
        async with newcomer.db.reading() as unit:
            assert await unit.session.scalar(select(func.count()).select_from(Post)) == 0
            "of authors nobody can be asked about, nothing is taken from a stranger"

        await follow(newcomer, network)
        assert await ask_for_more(newcomer, carrier.node.site.url) == 1, "one is not here yet"
        clock.advance(timedelta(hours=1))
        await read_copy(newcomer, backfiller, f"{carrier.node.site.url}/m")
        assert await ask_for_more(newcomer, carrier.node.site.url) == 0, "all is here"
        assert await lost.tree(newcomer) == await lost.tree(carrier.node)
        assert len((await lost.tree(newcomer)).leaves) == 120
        assert await standings(newcomer, lost) == {
            (Standing.PROOF, network),
            (Standing.GONE, network),
        }
        async with newcomer.db.reading() as unit:
            thread = await lost.thread(unit)
            group = await unit.find(Actor, id=thread.group_id)
            assert (thread.title, group and group.uri) == ("Clés ?", lost.group)
            assert await missing_posts(unit, thread) == []


async def test_two_who_keep_a_debate_tell_each_other_what_differs_and_little_more(
    tmp_path: Path, clock: FakeClock
) -> None:
    lost = Lost()
    async with pages(tmp_path, clock) as carrier, reader(tmp_path, clock) as (other, backfiller):
        for node, left_out in ((carrier.node, ()), (other, (3, 50, 51, 199))):
            async with node.db.unit() as unit:
                await lost.meet(unit, "communs", "Group")
                await lost.tell(unit, *(n for n in range(200) if n not in left_out))
        async with carrier.node.db.unit() as unit:
            await lost.edit(unit, 7, START + timedelta(hours=1))
            await lost.delete(unit, 9)
        async with other.db.unit() as unit:
            await lost.edit(unit, 11, START + timedelta(hours=1))
            await lost.delete(unit, 12)

        copy = mirror_uri(carrier.node.site.url, lost.context)
        await read_copy(other, backfiller, copy)
        async with other.db.reading() as unit:
            count = select(func.count()).select_from(Post)
            assert await unit.session.scalar(count) == 200
            assert (await lost.post(unit, 7)).content == "<p>Changé 10:00</p>"
            assert (await lost.post(unit, 11)).content == "<p>Changé 10:00</p>", "theirs is older"
            gone = [(await lost.post(unit, number)).deleted_at is not None for number in (9, 12)]
            assert gone == [True, True], "whatever others still keep"
        assert {standing for standing, _ in await standings(other, lost)} == {
            Standing.PROOF,
            Standing.GONE,
        }


async def test_a_copy_that_lies_is_refused_and_bounded(tmp_path: Path, clock: FakeClock) -> None:
    lost = Lost()
    async with reader(tmp_path, clock) as (node, backfiller), HostilePeer() as liar:
        async with node.db.unit() as unit:
            await lost.tell(unit, 0, 1)
        path = f"/m/{ORIGIN.partition('://')[2]}/c/debate"
        copy = liar.url(path)
        page: dict[str, Any] = {
            "@context": [AS2], "id": copy, "type": "OrderedCollection", "totalItems": 1_000_000,
            "mirrorOf": lost.context, "attributedTo": liar.url("/g/menteur"),
            "first": f"{copy}?after=0",
        }  # fmt: skip
        forged = lost.note(5) | {"content": "<p>Faux</p>"}
        create = {"type": "Create", "actor": forged["attributedTo"], "object": forged}
        ids = [f"{liar.origin}/notes/{number}" for number in range(2000)]
        full = page | {
            "type": "OrderedCollectionPage",
            "orderedItems": [create | {"id": f"{forged['id']}#create"}, *ids],
        }
        for after in range(30):
            name = f"{path}?after={after}"
            following = {"id": liar.url(name), "next": f"{copy}?after={after + 1}"}
            liar.on(name, document(full | following))
        liar.on(path, document(page))
        await read_copy(node, backfiller, copy)
        async with node.db.reading() as unit:
            assert await unit.session.scalar(select(func.count()).select_from(Post)) == 2
            noted = await unit.session.scalar(select(func.count()).select_from(Gap)) or 0
            assert 0 < noted <= 500, "what is said to be missing is bounded too"

        for wrong in ({"mirrorOf": f"{ORIGIN}/c/other"}, {"attributedTo": f"{ORIGIN}/users/ana"}):
            clock.advance(timedelta(hours=1))
            liar.on(path, document(page | wrong))
            before = len(liar.requests)
            await read_copy(node, backfiller, copy)
            assert len(liar.requests) == before + 1, "it is not read further"


async def test_what_a_copy_brings_needs_its_authors_proof(tmp_path: Path, clock: FakeClock) -> None:
    lost = Lost()
    async with reader(tmp_path, clock) as (node, backfiller), HostilePeer() as liar:
        async with node.db.unit() as unit:
            await lost.meet(unit, "communs", "Group")
            await lost.tell(unit, 0, 1, 2)
            await lost.meet(unit, lost.author(3))
        mine = lost.activity(1, lost.note(1), "Create")["proof"]  # by rui, for what he wrote
        other = lost.activity(2, lost.edited(2, START + timedelta(hours=1)), "Update")
        third = lost.activity(3, lost.note(3), "Create")
        deletion = {name: value for name, value in lost.activity(
            1, lost.tombstone(1), "Delete").items() if name != "proof"}  # fmt: skip
        lies: dict[str, dict[str, Any]] = {
            "a proof of another actor of that server": third | {"proof": mine},
            "an edit that nobody signed": {k: v for k, v in other.items() if k != "proof"},
            "an edit signed, then changed": other
            | {"object": other["object"] | {"content": "<p>Faux</p>"}},
            "a deletion without a proof": deletion,
            "a deletion by another": deletion
            | {"actor": third["actor"], "proof": mine, "id": f"{ORIGIN}/x"},
            "what another announces": {
                "type": "Announce", "id": f"{ORIGIN}/y", "actor": lost.group,
                "object": third | {"proof": mine},
            },
        }  # fmt: skip
        path = f"/m/{ORIGIN.partition('://')[2]}/c/debate"
        copy = liar.url(path)
        page = {
            "@context": [AS2], "id": f"{copy}?after=0", "type": "OrderedCollectionPage",
            "mirrorOf": lost.context, "attributedTo": liar.url("/g/menteur"),
            "orderedItems": list(lies.values()),
        }  # fmt: skip
        liar.on(f"{path}?after=0", document(page))
        before = await lost.tree(node)
        await read_copy(node, backfiller, f"{copy}?after=0")
        assert await lost.tree(node) == before, "nothing changed"
        assert {standing for standing, _ in await standings(node, lost)} == {Standing.PROOF}
        async with node.db.reading() as unit:
            noted = await read_journal(unit, origin=liar.origin)
            assert noted, "with a reason"
            assert await missing_posts(unit, await lost.thread(unit)) != []
