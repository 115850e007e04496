"""The unit: one transaction, one reading of the clock, and a memory of the rows it has met."""

import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from fedi.core.insertion import Values, insertion_of
from fedi.core.metrics import DATABASE_COMMIT
from fedi.core.seal import Vault
from fedi.core.tables import IN_LIMIT, Base, Row, new_id
from fedi.core.urls import Site


@dataclass
class Unit:
    """One transaction, one reading of the clock, and a memory of the rows it has met.

    Verbs take the unit first.  They never commit, never reach the network, and ask
    `find` before they write a `select` of their own.
    """

    session: AsyncSession
    now: datetime
    site: Site
    vault: Vault
    met: dict[tuple[type, str, Any], Any] = field(default_factory=dict)
    expected: dict[tuple[type, str], set[Any]] = field(default_factory=lambda: defaultdict(set))
    added: dict[type[Base], list[Base]] = field(default_factory=lambda: defaultdict(list))
    rows: dict[type[Base], list[Values]] = field(default_factory=lambda: defaultdict(list))
    wakes: set[str] = field(default_factory=set)
    memory: dict[Any, Any] = field(default_factory=dict)

    async def find(self, model: type[Row], **name: Any) -> Row | None:
        """`await unit.find(Post, uri=...)`: asked of the database at most once in a unit."""
        ((column, value),) = name.items()
        if (model, column, value) not in self.met:
            expected = self.expected.pop((model, column), ())
            await self.load(model, lock=False, **{column: {value, *expected}})
        found: Row | None = self.met[model, column, value]
        return found

    def expect(self, model: type[Base], **names: Collection[Any]) -> None:
        """Say what may be asked: if `find` has to ask for one of these, it asks for all of them."""
        ((column, values),) = names.items()
        self.expected[model, column].update(values)

    async def load(
        self, model: type[Base], *, lock: bool = False, **names: Collection[Any]
    ) -> None:
        """Meet many rows in one query, each by one of these names.

        A name without a row is remembered as absent.
        """
        wanted = {column: self._unmet(model, column, values) for column, values in names.items()}
        for start in range(0, max(map(len, wanted.values()), default=0), IN_LIMIT):
            parts = {name: values[start : start + IN_LIMIT] for name, values in wanted.items()}
            parts = {column: part for column, part in parts.items() if part}
            query = _rows_named(model, tuple(parts), lock)
            for row in await self.session.scalars(query, parts):
                self.meet(row)
                self.met |= {(model, column, getattr(row, column)): row for column in parts}

    def _unmet(self, model: type[Base], column: str, values: Collection[Any]) -> list[Any]:
        """Those of these names that were not asked for yet; they count as absent from now on."""
        unmet = {v for v in values if v is not None and (model, column, v) not in self.met}
        self.met |= dict.fromkeys((model, column, value) for value in unmet)
        return sorted(unmet)

    def meet(self, row: Base) -> None:
        """Remember a row by its names."""
        self.met |= {
            (type(row), name, getattr(row, name)): row
            for name in ("id", "uri")
            if hasattr(row, name)
        }

    def add(self, row: Row) -> Row:
        """Store a row that others may look up, or that may still change, before the unit ends.

        All new rows of a table go out in one statement, when the unit ends.
        """
        if row.id is None:
            row.id = new_id()
        self.added[type(row)].append(row)
        self.meet(row)
        return row

    def write(self, model: type[Base], **values: Any) -> int:
        """Store a row nobody reads again in this unit."""
        values.setdefault("id", new_id())
        self.rows[model].append(values)
        identity: int = values["id"]
        return identity

    def wake(self, *topics: str) -> None:
        """Wake who waits for these topics, in every process, once the unit has committed."""
        self.wakes.update(topics)

    async def flush(self) -> None:
        """Send to the database what has been added, changed and written so far."""
        for row in await self._send():
            make_transient_to_detached(row)
            self.session.add(row)  # from now on its changes are changes of what is stored

    async def commit(self) -> None:
        """Make everything durable; nothing of the unit is visible to others before."""
        await self._send()
        started = time.perf_counter()
        await self.session.commit()
        DATABASE_COMMIT.observe(time.perf_counter() - started)

    async def _send(self) -> list[Base]:
        """Send what the session does not hold yet; the rows that were added."""
        await self.session.flush()
        added = [row for rows in self.added.values() for row in rows]
        connection = await self.session.connection()
        for model in self.added | self.rows:
            insertion = insertion_of(model, connection.dialect)
            rows = [insertion.values_of(row) for row in self.added.get(model, ())]
            await connection.exec_driver_sql(
                insertion.text, insertion.bind(rows + self.rows.get(model, []))
            )
        self.added.clear()
        self.rows.clear()
        return added


@lru_cache(maxsize=256)
def _rows_named(model: type[Row], columns: tuple[str, ...], lock: bool) -> Select[Row]:
    """The question of `load`, put into words once: that took as long as its answer."""
    named = [
        getattr(model, column).in_(bindparam(column, expanding=True, value=None))
        for column in columns
    ]
    query = select(model).where(or_(*named)).order_by(model.id)
    return query.with_for_update() if lock else query
