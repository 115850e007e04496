"""The federation journal counts instead of repeating itself."""

from datetime import timedelta

import pytest
from factories import FakeClock
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from actors.journal import Journal, read_journal, record
from fedi.core.errors import Overloaded
from fedi.core.node import Node

EVIL = "https://evil.example"


async def test_the_same_trouble_within_an_hour_is_one_line(node: Node, clock: FakeClock) -> None:
    for subject in ("first", "second"):
        async with node.db.unit() as unit:
            for _ in range(2):
                await record(unit, direction="in", origin=EVIL, code="mismatch", subject=subject)
        clock.advance(timedelta(minutes=50))
    async with node.db.reading() as unit:
        [line] = await read_journal(unit)
        assert (line.count, line.subject) == (4, "second")
        assert line.last_at - line.first_at == timedelta(minutes=50)


async def test_after_an_hour_a_new_line_begins(node: Node, clock: FakeClock) -> None:
    for _ in range(2):
        async with node.db.unit() as unit:
            await record(unit, direction="in", origin=EVIL, code="mismatch", subject="x")
        clock.advance(timedelta(hours=1))
    async with node.db.reading() as unit:
        assert [line.count for line in await read_journal(unit)] == [1, 1]
        since = clock.now - timedelta(hours=1)
        assert len(await read_journal(unit, since=since)) == 1


async def test_other_servers_causes_and_directions_have_lines_of_their_own(node: Node) -> None:
    async with node.db.unit() as unit:
        await record(unit, direction="in", origin=EVIL, code="mismatch", subject="x")
        await record(unit, direction="out", origin=EVIL, code="mismatch", subject="x")
        await record(unit, direction="in", origin=EVIL, code="stale", subject="x")
        await record(unit, direction="in", origin="", code="mismatch", subject="x")
    async with node.db.reading() as unit:
        assert len(await read_journal(unit)) == 4
        assert len(await read_journal(unit, origin=EVIL)) == 3
        assert len(await read_journal(unit, limit=2)) == 2


async def test_doors_take_notes_without_waiting(node: Node) -> None:
    journal = Journal(node.db)
    for number in range(1000):
        journal.note(
            direction="in", origin=EVIL, code="mismatch", subject=f"key {number}", detail="no"
        )
    await journal.flush()
    await journal.flush()
    async with node.db.reading() as unit:
        [line] = await read_journal(unit)
        assert (line.count, line.subject, line.detail) == (1000, "key 999", "no")


async def test_notes_do_not_pile_up(node: Node) -> None:
    journal = Journal(node.db)
    for number in range(1100):
        journal.note(direction="in", origin=f"https://p{number}.example", code="x", subject="")
    await journal.flush()
    async with node.db.reading() as unit:
        lines = await read_journal(unit, limit=5000)
        assert len(lines) == 1000
        assert "https://p0.example" not in {line.origin for line in lines}


async def test_what_a_peer_chose_cannot_disturb_the_reader(node: Node) -> None:
    async with node.db.unit() as unit:
        await record(
            unit,
            direction="in",
            origin=EVIL,
            code="x",
            subject="a\x1b[31m\nb\u202e" + "c" * 300,
            detail="d" * 600,
        )
    async with node.db.reading() as unit:
        [line] = await read_journal(unit)
        assert line.subject.startswith("a\ufffd[31m\ufffdb\ufffdccc")
        assert (len(line.subject), len(line.detail)) == (200, 500)


async def test_notes_that_could_not_be_written_are_written_later(node: Node) -> None:
    journal = Journal(node.db)
    journal.note(direction="in", origin=EVIL, code="mismatch", subject="first")
    await _rename(node, "journal", "journal_away")
    with pytest.raises((DBAPIError, Overloaded)):
        await journal.flush()
    journal.note(direction="in", origin=EVIL, code="mismatch", subject="second")
    await _rename(node, "journal_away", "journal")
    await journal.flush()
    async with node.db.reading() as unit:
        [line] = await read_journal(unit)
        assert (line.count, line.subject) == (2, "second")


async def _rename(node: Node, table: str, name: str) -> None:
    async with node.db.unit() as unit:
        await unit.session.execute(text(f"ALTER TABLE {table} RENAME TO {name}"))
