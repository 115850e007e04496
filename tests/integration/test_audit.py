"""The log of what administrators and moderators did."""

import pytest
from factories import FakeClock
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fedi.accounts.signup import create_account
from fedi.core.node import Node
from fedi.moderation.audit import Tampered, record, verify


async def test_the_audit_log_is_only_added_to_and_shows_when_somebody_changed_it(
    node: Node, clock: FakeClock
):
    async with node.db.unit() as unit:
        nadia = await create_account(
            unit, handle="nadia", email="n@mail.example", password="x" * 12, admin=True
        )
        for number in range(3):
            await record(unit, who=nadia, act="block", target=f"s{number}.example", reason="Spam")
    async with node.db.unit() as unit:
        entry = await record(unit, who=None, act="allow", target="s1.example")
    assert (entry.number, entry.who, entry.role) == (4, "", "")
    async with node.db.reading() as unit:
        assert await verify(unit) == (4, entry.digest)

    for statement in ("UPDATE audit_log SET reason = 'none'", "DELETE FROM audit_log"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with node.db.unit() as unit:
                await unit.session.execute(text(statement))

    trigger = "audit_log_change ON audit_log" if node.db.is_shared else "audit_log_update"
    async with node.db.unit() as unit:
        await unit.session.execute(text(f"DROP TRIGGER {trigger}"))
        await unit.session.execute(text("UPDATE audit_log SET reason = 'none' WHERE number = 2"))
    with pytest.raises(Tampered, match="entry 2"):
        async with node.db.reading() as unit:
            await verify(unit)
