"""How the database finds what a node asks it for: every statement, and the plan it has.

with Statements(node) as said:
    ...
assert await said.scans() == []
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from fedi.core.node import Node
from fedi.migrations.tables import TABLES

#: Tables of a few rows on every node: their every row may be looked at.
SMALL = frozenset(
    {"accounts", "access_tokens", "featured", "moderators", "one_time_links", "settings"}
)
GROWING = frozenset(TABLES.tables) - SMALL
#: A plain INSERT seeks nothing.  SQLite plans to look for rows that name what is inserted; it does
#: so only while a unit has stored some of those before, and units store in the right order.
_PLANNED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT(?!.*\bVALUES\b))\b", re.I | re.S)


class Statements:
    """Every statement that a node sends to its database inside the block, once each."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._engines = [node.db.writer.sync_engine, node.db.reader.sync_engine]
        self.seen: dict[str, Any] = {}

    def __enter__(self) -> "Statements":
        for engine in self._engines:
            event.listen(engine, "before_cursor_execute", self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines:
            event.remove(engine, "before_cursor_execute", self._hear)

    def _hear(
        self, _: Any, __: Any, statement: str, parameters: Any, ___: Any, executemany: bool
    ) -> None:
        if _PLANNED.match(statement):
            one = parameters[0] if executemany or isinstance(parameters, list) else parameters
            self.seen.setdefault(statement, one)

    async def scans(self) -> list[str]:
        """The statements that look at every row of a table that grows, with what they look at."""
        found = []
        async with self._node.db.writer.connect() as connection:
            is_sqlite = connection.dialect.name == "sqlite"
            if not is_sqlite:  # the tables of a test are so small that reading them whole pays
                await connection.execute(text("SET LOCAL enable_seqscan = off"))
            for statement, parameters in self.seen.items():
                plan = await _plan(connection, statement, parameters)
                tables = _scanned_by_sqlite(statement, plan) if is_sqlite else _scanned(plan)
                if tables & GROWING:
                    found.append(f"{' '.join(sorted(tables))}: {statement}\n" + "\n".join(plan))
            await connection.rollback()
        return found


async def _plan(connection: AsyncConnection, statement: str, parameters: Any) -> Sequence[str]:
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    rows = await connection.exec_driver_sql(f"{explain} {statement}", parameters)
    return [row[-1] for row in rows]


def _scanned(plan: Sequence[str]) -> set[str]:
    """What PostgreSQL reads whole although it would rather not."""
    return {found[1] for line in plan if (found := re.search(r"Seq Scan on (\w+)", line))}


def _scanned_by_sqlite(statement: str, plan: Sequence[str]) -> set[str]:
    """What SQLite reads whole, by an index or not: it SEARCHes what it need not SCAN."""
    names = (found[1] for line in plan if (found := re.match(r"SCAN (\w+)", line)))
    return {_table(name, statement) for name in names}


def _table(name: str, statement: str) -> str:
    """The table behind an alias."""
    found = re.search(rf"\b(?:FROM|JOIN|,|UPDATE|INTO) +(\w+) AS {name}\b", statement)
    return found[1] if found else name
