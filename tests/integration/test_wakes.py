"""Telling those who wait, in this process and in the others of the node, on both databases."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from commands import init
from factories import key_pair, make_node, make_remote_actor, signed_request
from processes import eventually

from actors.authenticate import Authenticator
from actors.journal import Journal
from actors.models import Policy
from actors.policies import Policies, set_policy
from fedi.core.errors import Blocked
from fedi.core.node import Node, open_node
from fedi.core.settings import load_config
from fedi.core.signatures.keys import SigningKey, write_pem

EVIL = "https://evil.example"


@asynccontextmanager
async def in_touch(node: Node) -> AsyncIterator[Node]:
    """A process of the node, as far as wakes go: it hears the others."""
    connected = asyncio.Event()
    node.signals.listen("connected", lambda _: connected.set())
    running = asyncio.create_task(node.signals.run())
    try:
        async with asyncio.timeout(10):
            await connected.wait()
        yield node
    finally:
        await node.signals.stop()
        await running
        await node.close()


async def heard(event: asyncio.Event) -> None:
    async with asyncio.timeout(10):
        await event.wait()
    event.clear()


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    """Two processes of one node."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(in_touch(await make_node(tmp_path)))
        second = await stack.enter_async_context(in_touch(open_node(first.config)))
        await eventually(lambda: _ping(first, second), bool)
        yield first, second


async def _ping(first: Node, second: Node) -> bool:
    """Whether each has seen the other."""
    with first.signals.hearing("ping") as one, second.signals.hearing("ping") as other:
        second.signals.tell("ping")
        await heard(one)
        other.clear()
        first.signals.tell("ping")
        await heard(other)
    return True


async def test_another_process_hears_what_a_unit_wakes(two: tuple[Node, Node]) -> None:
    first, second = two
    second.signals["inbox"].clear()
    async with first.db.unit() as unit:
        unit.wake("inbox")
    assert first.signals["inbox"].is_set()
    await heard(second.signals["inbox"])


async def test_a_unit_that_fails_wakes_nobody(two: tuple[Node, Node]) -> None:
    first, second = two
    for node in two:
        node.signals["inbox"].clear()
    with suppress(RuntimeError):
        async with first.db.unit() as unit:
            unit.wake("inbox")
            raise RuntimeError
    await _ping(first, second)
    assert not first.signals["inbox"].is_set()
    assert not second.signals["inbox"].is_set()


async def test_a_key_is_heard_by_those_who_wait_for_it(two: tuple[Node, Node]) -> None:
    first, second = two
    keys: list[str] = []
    second.signals.listen("thread", keys.append)
    with second.signals.hearing("thread/k1") as one, second.signals.hearing("thread/k2") as other:
        first.signals.tell("thread/k1")
        await heard(one)
        assert not other.is_set()
        assert keys == ["k1"]
        first.signals.tell("thread")
        await heard(other)
        assert one.is_set()
        assert keys == ["k1", ""]


async def test_many_long_topics_arrive_as_their_words(two: tuple[Node, Node]) -> None:
    first, second = two
    keys: list[str] = []
    second.signals.listen("actor", keys.append)
    with second.signals.hearing("actor") as event:
        first.signals.tell(*(f"actor/https://peer.example/{'long' * 100}/{n}" for n in range(50)))
        await heard(event)
    assert keys == [""]


async def test_another_process_feels_a_block(two: tuple[Node, Node]) -> None:
    first, second = two
    policies = Policies(second.db, "open")
    await policies.check(EVIL)
    with second.signals.hearing("policies") as told:
        async with first.db.unit() as unit:
            await set_policy(unit, "evil.example", Policy.BLOCKED)
        await heard(told)
    with pytest.raises(Blocked):
        await policies.check(EVIL)


async def test_another_process_lets_go_of_a_key_that_was_replaced(two: tuple[Node, Node]) -> None:
    first, second = two
    async with first.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", EVIL)
    old = SigningKey(f"{ana.uri}#main-key", ana.uri, key_pair(ana.uri).rsa)
    new = replace(old, key=key_pair("another").rsa)
    authenticator = Authenticator(second, Policies(second.db, "open"), Journal(second.db))
    await authenticator.authenticate(signed_request(second, old))

    pem = write_pem(new.public.key)
    with second.signals.hearing(f"keys/{old.id}") as told:
        async with first.db.unit() as unit:
            key = {"id": old.id, "owner": old.owner, "publicKeyPem": pem}
            await make_remote_actor(unit, "ana", EVIL, publicKey=key)
        await heard(told)

    await authenticator.authenticate(signed_request(second, new))


async def test_nobody_hears_itself_twice(two: tuple[Node, Node]) -> None:
    first, second = two
    keys: list[str] = []
    first.signals.listen("thread", keys.append)
    first.signals.tell("thread/k1")
    await _ping(first, second)
    assert keys == ["k1"]


async def test_a_command_wakes_the_processes_that_serve(tmp_path: Path) -> None:
    config = init(tmp_path, "--data-dir", tmp_path / "data")
    async with in_touch(open_node(load_config(config))) as serving:
        serving.signals["backfill"].clear()
        passing = open_node(serving.config)
        async with passing.db.unit() as unit:
            unit.wake("backfill")
        await passing.close()
        await heard(serving.signals["backfill"])


@pytest.mark.sqlite
async def test_a_process_that_was_killed_is_forgotten(tmp_path: Path) -> None:
    async with in_touch(await make_node(tmp_path)) as node:
        left_behind = tmp_path / "node.test" / "wakes" / "1-abcdef"
        _bind_and_die(left_behind)
        assert left_behind.exists()
        other = open_node(node.config)
        other.signals.tell("inbox")
        await other.close()
        assert not left_behind.exists()
        await heard(node.signals["inbox"])


def _bind_and_die(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(path))


@pytest.mark.postgresql
async def test_a_dropped_connection_comes_back_and_wakes_everything(tmp_path: Path) -> None:
    async with in_touch(await make_node(tmp_path)) as node:
        keys: list[str] = []
        node.signals.listen("thread", keys.append)
        with node.signals.hearing("thread/k1") as event:
            await _disconnect_all(node.config.database_url)
            await heard(event)
        assert keys == [""]
        other = open_node(node.config)
        other.signals.tell("thread/k2")
        await other.close()
        await eventually(lambda: _value(keys), lambda found: found == ["", "k2"])


async def _value(keys: list[str]) -> list[str]:
    return keys


async def _disconnect_all(url: str) -> None:
    connection: Any = await asyncpg.connect(url)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await connection.close()
