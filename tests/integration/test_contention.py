"""Transactions that meet on PostgreSQL: one of them yields, and nothing is lost."""

import asyncio
from pathlib import Path

import pytest
from factories import make_node, make_remote_actor
from sqlalchemy import func, select

from actors.models import Actor, Peer
from actors.peers import find_peer
from fedi.core import tables
from fedi.core.node import Node
from fedi.core.unit import Unit

pytestmark = pytest.mark.postgresql  # SQLite lets one write after the other


async def test_units_that_meet_the_same_stranger_store_it_once(node: Node):
    async def meet(unit: Unit) -> Actor:
        return await make_remote_actor(unit, "ana", "https://lisbon.example")

    met = await asyncio.gather(*(node.db.attempt(meet) for _ in range(3)))

    assert len({actor.id for actor in met}) == 1
    async with node.db.reading() as unit:
        assert await unit.session.scalar(select(func.count()).select_from(Peer)) == 1


async def test_units_that_wait_for_each_other_both_end(node: Node):
    hosts = ("https://a.example", "https://b.example")
    both_hold_one = asyncio.Barrier(2)
    first_try = {hosts, hosts[::-1]}

    async def touch(unit: Unit, order: tuple[str, str]) -> None:
        await unit.load(Peer, uri=[order[0]], lock=True)
        if order in first_try:
            first_try.discard(order)
            await both_hold_one.wait()
        await unit.load(Peer, uri=[order[1]], lock=True)
        for host in order:
            peer = await unit.find(Peer, uri=host)
            assert peer is not None
            peer.failures += 1

    async with node.db.unit() as unit:
        for host in hosts:
            await find_peer(unit, host)
    await asyncio.gather(
        *(node.db.attempt(lambda unit, o=order: touch(unit, o)) for order in (hosts, hosts[::-1]))
    )

    async with node.db.reading() as unit:
        assert list(await unit.session.scalars(select(Peer.failures))) == [2, 2]


async def test_a_process_that_makes_the_keys_of_another_draws_another_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    node = await make_node(tmp_path)
    ahead = tables._last + (1 << 30)  # where the clock does not interfere
    monkeypatch.setattr(tables, "_last", ahead)
    async with node.db.unit() as unit:
        taken = (await find_peer(unit, "https://a.example")).id
    # From here on this is another process with the same number, at the same moment.
    monkeypatch.setattr(tables, "_worker", taken & 0xFFF)
    monkeypatch.setattr(tables, "_last", ahead)

    async def meet(unit: Unit) -> int:
        return (await find_peer(unit, "https://b.example")).id

    assert await node.db.attempt(meet) != taken
    await node.close()
