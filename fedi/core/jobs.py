"""Rows that are jobs: a schedule, a lease, an end.

Nothing else is needed to run work durably: the row is the job, a claim is one
`UPDATE … RETURNING`, and a lease that runs out gives the job back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Mapped, mapped_column

from fedi.core.tables import Base
from fedi.core.unit import Unit

MAX_ERROR = 500


class Job:
    """Mixed into a table whose rows wait to be worked on; give it an index on `next_attempt_at`."""

    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]  # None when finished
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str | None] = mapped_column(default=None)


JobRow = TypeVar("JobRow", bound=Base)


async def claim(
    unit: Unit,
    model: type[JobRow],
    *,
    limit: int,
    lease: timedelta,
    where: Sequence[ColumnElement[bool]] = (),
    due: Select[tuple[int]] | None = None,
) -> Sequence[JobRow]:
    """Take up to `limit` jobs that are due and lease them to the caller, oldest first.

    The attempt is counted at the claim, so a job that kills its process is parked
    in the end.  PostgreSQL skips rows locked by other workers; SQLite has one writer.
    """
    table: Any = model
    if due is None:
        due = (
            select(table.id)
            .where(
                table.next_attempt_at <= unit.now,
                (table.locked_until.is_(None)) | (table.locked_until <= unit.now),
                *where,
            )
            .order_by(table.next_attempt_at, table.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    statement = (
        update(table)
        .where(table.id.in_(due))
        .values(locked_until=unit.now + lease, attempts=table.attempts + 1)
        .returning(table)
        .execution_options(synchronize_session=False)
    )
    rows: Sequence[JobRow] = (await unit.session.scalars(statement)).all()
    return sorted(rows, key=lambda row: row.id)


async def take_back(unit: Unit, model: type[Base]) -> None:
    """End every lease: to be called where nobody else works, for whom a killed process held."""
    table: Any = model
    await unit.session.execute(
        update(table)
        .where(table.next_attempt_at <= unit.now, table.locked_until.is_not(None))
        .values(locked_until=None)
        .execution_options(synchronize_session=False)
    )


async def finish(unit: Unit, model: type[Base], ids: Sequence[int], **values: Any) -> None:
    """Close jobs in one statement; `values` sets further columns of the table."""
    if ids:
        table: Any = model
        await unit.session.execute(
            update(table)
            .where(table.id.in_(ids))
            .values(finished_at=unit.now, next_attempt_at=None, locked_until=None, **values)
            .execution_options(synchronize_session=False)
        )


async def postpone(
    unit: Unit, model: type[Base], ids: Sequence[int], until: datetime, error: str, **values: Any
) -> None:
    """Give jobs back until a later moment, with what went wrong."""
    if ids:
        table: Any = model
        await unit.session.execute(
            update(table)
            .where(table.id.in_(ids))
            .values(
                next_attempt_at=until, locked_until=None, last_error=error[:MAX_ERROR], **values
            )
            .execution_options(synchronize_session=False)
        )
