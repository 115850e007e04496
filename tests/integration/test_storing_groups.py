"""A group that cannot be stored in one trip is tried again by the means of SQLAlchemy."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from fedi.core.errors import Overloaded
from fedi.core.insertion import insertion_of, store
from fedi.core.node import Node
from fedi.core.tables import new_id
from inbox.models import InboxItem


def item(number: int, node: Node, **changed: object) -> dict[str, object]:
    """The row of an activity."""
    return {
        "id": new_id(), "fingerprint": bytes([number]), "activity_uri": None, "type": "Like",
        "signer_uri": "https://peer.example/ana", "origin": "https://peer.example",
        "recipient": None, "body": b"{}", "received_at": node.clock(),
        "next_attempt_at": node.clock(), **changed,
    }  # fmt: skip


async def count(node: Node) -> int:
    async with node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(InboxItem)) or 0


async def test_what_fails_is_told_in_words_that_rooms_know(node: Node):
    engine = node.db.writer
    insertion = insertion_of(InboxItem, engine.dialect)
    unique = f"{insertion.text} ON CONFLICT (fingerprint) DO NOTHING"
    taken = new_id()

    await store(engine, unique, insertion.bind([item(1, node, id=taken), item(1, node)]))
    assert await count(node) == 1

    # A key that somebody else drew: the whole group waits, and may come again.
    rows = insertion.bind([item(2, node), item(3, node, id=taken)])
    with pytest.raises((IntegrityError, Overloaded)):
        await store(engine, unique, rows)
    assert await count(node) == 1

    await store(engine, unique, insertion.bind([item(2, node), item(3, node)]))
    assert await count(node) == 3


async def test_a_connection_that_was_lost_while_at_rest_costs_nothing(node: Node):
    engine = node.db.writer
    insertion = insertion_of(InboxItem, engine.dialect)
    if engine.dialect.name == "sqlite":
        # A transaction that its unit left behind: the first attempt cannot begin another.
        connection = await engine.raw_connection()
        await connection.driver_connection.run(
            lambda: connection.driver_connection.raw.execute("BEGIN")
        )
        connection.close()
    else:
        async with node.db.reading() as unit:
            await unit.session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )

    await store(engine, insertion.text, insertion.bind([item(1, node)]))
    assert await count(node) == 1
