"""The unit: one transaction, one reading of the clock, and a memory of the rows it has met."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from fedi.core.insertion import insertion_of
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
    rows: dict[type[Base], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    wakes: set[str] = field(default_factory=set)
    memory: dict[Any, Any] = field(default_factory=dict)

    async def find(self, model: type[Row], **name: Any) -> Row | None:
        """`await unit.find(Post, uri=...)`: asked of the database at most once in a unit."""
        ((column, value),) = name.items()
        if (model, column, value) not in self.met:
            await self.load(model, lock=False, **{column: [value]})
        found: Row | None = self.met[model, column, value]
        return found

    async def load(
        self, model: type[Base], *, lock: bool = False, **names: Collection[Any]
    ) -> None:
        """Meet many rows in one query; a name without a row is remembered as absent."""
        ((column, values),) = names.items()
        unmet = {v for v in values if v is not None and (model, column, v) not in self.met}
        wanted = sorted(unmet)
        self.met |= dict.fromkeys((model, column, value) for value in wanted)
        for start in range(0, len(wanted), IN_LIMIT):
            part = wanted[start : start + IN_LIMIT]
            query = select(model).where(getattr(model, column).in_(part)).order_by(model.id)
            for row in await self.session.scalars(query.with_for_update() if lock else query):
                self.meet(row)
                self.met[model, column, getattr(row, column)] = row

    def meet(self, row: Base) -> None:
        """Remember a row by its names."""
        self.met |= {
            (type(row), name, getattr(row, name)): row
            for name in ("id", "uri")
            if hasattr(row, name)
        }

    def add(self, row: Row) -> Row:
        """Store a row that others may look up, or that may still change, before the unit ends."""
        if row.id is None:
            row.id = new_id()
        self.session.add(row)
        self.meet(row)
        return row

    def write(self, model: type[Base], **values: Any) -> int:
        """Store a row nobody reads again in this unit; all rows of a table go out in one statement.

        Every call for one model must give the same set of columns.
        """
        values.setdefault("id", new_id())
        self.rows[model].append(values)
        identity: int = values["id"]
        return identity

    def wake(self, *topics: str) -> None:
        """Wake who waits for these topics, in every process, once the unit has committed."""
        self.wakes.update(topics)

    async def flush(self) -> None:
        """Send to the database what has been added and written so far."""
        await self.session.flush()
        if self.rows:
            connection = await self.session.connection()
            for model, rows in self.rows.items():
                insertion = insertion_of(model, tuple(rows[0]), connection.dialect)
                await connection.exec_driver_sql(insertion.text, insertion.bind(rows))
        self.rows.clear()

    async def commit(self) -> None:
        """Make everything durable; nothing of the unit is visible to others before."""
        await self.flush()
        await self.session.commit()
