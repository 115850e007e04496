"""Decisions about servers and actors, as they are taken and as they are felt."""

from datetime import timedelta

import pytest
from factories import FakeClock, make_remote_actor
from sqlalchemy import event, select

from actors.models import Peer, Policy
from actors.peers import find_peer
from actors.policies import Policies, blocked_hosts, set_policy
from fedi.core.errors import Blocked, Invalid
from fedi.core.node import Node, open_node
from fedi.core.unit import Unit

EVIL = "https://evil.example"


async def test_a_block_is_felt_at_once_by_the_process_that_decides(node: Node) -> None:
    policies = Policies(node.db, "open")
    await policies.check(EVIL)
    async with node.db.unit() as unit:
        await set_policy(unit, "evil.example", Policy.BLOCKED, "spam")

    with pytest.raises(Blocked) as refused:
        await policies.check("https://sub.evil.example")
    assert refused.value.code == "peer-blocked"


async def test_a_process_that_hears_nothing_feels_it_within_ten_seconds(
    node: Node, clock: FakeClock
) -> None:
    policies = Policies(node.db, "open")
    await policies.check(EVIL)
    other = open_node(node.config, clock=clock)
    async with other.db.unit() as unit:
        await set_policy(unit, "evil.example", Policy.BLOCKED)
    await other.close()

    clock.advance(timedelta(seconds=9))
    await policies.check(EVIL)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Blocked):
        await policies.check(EVIL)


async def test_the_book_costs_no_query_in_between(node: Node) -> None:
    statements: list[str] = []
    event.listen(
        node.db.reader.sync_engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: statements.append(statement),
    )
    policies = Policies(node.db, "open")
    for _ in range(10):
        await policies.check(EVIL)

    assert len(statements) == 2


async def test_in_allow_list_mode_a_server_has_to_be_let_in(node: Node) -> None:
    policies = Policies(node.db, "allowlist")
    with pytest.raises(Blocked):
        await policies.check("https://friend.example")

    async with node.db.unit() as unit:
        await set_policy(unit, "friend.example", Policy.ALLOWED)

    await policies.check("https://friend.example")


async def test_a_decision_keeps_its_reason_and_can_be_taken_back(node: Node) -> None:
    async with node.db.unit() as unit:
        [peer] = await set_policy(unit, " EVIL.example ", Policy.BLOCKED, "spam")
        assert (peer.uri, peer.policy_reason) == (EVIL, "spam")
        assert EVIL in await blocked_hosts(unit)
        await set_policy(unit, EVIL, Policy.OPEN)
        assert EVIL not in await blocked_hosts(unit)
    async with node.db.reading() as unit:
        [stored] = await unit.session.scalars(select(Peer))
        assert (stored.policy, stored.policy_reason) == (Policy.OPEN, None)


async def test_a_decision_about_a_host_leaves_other_ports_their_rows(unit: Unit) -> None:
    one = await find_peer(unit, "http://localhost:8081")
    two = await find_peer(unit, "http://localhost:8082")

    assert await set_policy(unit, "localhost:8082", Policy.BLOCKED) == [two]

    book = await blocked_hosts(unit)
    assert two.uri in book
    assert one.uri not in book
    await set_policy(unit, "localhost", Policy.BLOCKED)
    assert one.uri in await blocked_hosts(unit)


@pytest.mark.parametrize("host", ["", "com", "a b", "*.example", "https://", "node.test"])
async def test_what_is_no_server_or_is_us_cannot_be_decided_about(unit: Unit, host: str) -> None:
    with pytest.raises(Invalid):
        await set_policy(unit, host, Policy.BLOCKED)


async def test_a_name_in_another_alphabet_is_its_own_server(unit: Unit) -> None:
    await set_policy(unit, "еxample.com", Policy.BLOCKED)  # the first letter is Cyrillic

    book = await blocked_hosts(unit)
    assert "https://xn--xample-2of.com" in book
    assert "https://example.com" not in book


async def test_suspended_actors_are_in_the_book(node: Node) -> None:
    async with node.db.unit() as unit:
        mallory = await make_remote_actor(unit, "mallory", EVIL)
        mallory.suspended_at = unit.now

    assert (await Policies(node.db, "open").book()).is_suspended(mallory.uri)
