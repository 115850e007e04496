"""Rows that are jobs: a schedule, a lease, an end.

Nothing else is needed to run work durably: the row is the job, a claim is one
`UPDATE … RETURNING`, and a lease that runs out gives the job back.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import select, update
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
    unit: Unit, model: type[JobRow], *, limit: int, lease: timedelta
) -> Sequence[JobRow]:
    """Take up to `limit` jobs that are due and lease them to the caller, oldest first.

    What is returned has the columns of the row at that moment, to be read and not changed.

    The attempt is counted at the claim, so a job that kills its process is parked
    in the end.  PostgreSQL skips rows locked by other workers; SQLite has one writer.
    """
    job = _columns(model)
    due = (
        select(job.id)
        .where(
            job.next_attempt_at <= unit.now,
            job.locked_until.is_(None) | (job.locked_until <= unit.now),
        )
        .order_by(job.next_attempt_at, job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = (
        update(job.id.table)
        .where(job.id.in_(due))
        .values(locked_until=unit.now + lease, attempts=job.attempts + 1)
        .returning(*job)
    )
    rows = (await unit.session.execute(statement)).all()
    return cast(Sequence[JobRow], sorted(rows, key=lambda row: row.id))


async def take_back(unit: Unit, model: type[Base]) -> None:
    """End every lease: to be called where nobody else works, for whom a killed process held."""
    job = _columns(model)
    await unit.session.execute(
        update(job.id.table)
        .where(job.next_attempt_at <= unit.now, job.locked_until.is_not(None))
        .values(locked_until=None)
    )


async def finish(unit: Unit, model: type[Base], ids: Sequence[int], **values: Any) -> None:
    """Close jobs in one statement; `values` sets further columns of the table."""
    ended = {"finished_at": unit.now, "next_attempt_at": None, "locked_until": None}
    await _update(unit, model, ids, ended | values)


async def postpone(
    unit: Unit, model: type[Base], ids: Sequence[int], until: datetime, error: str, **values: Any
) -> None:
    """Give jobs back until a later moment, with what went wrong."""
    put_off = {"next_attempt_at": until, "locked_until": None, "last_error": error[:MAX_ERROR]}
    await _update(unit, model, ids, put_off | values)


async def _update(
    unit: Unit, model: type[Base], ids: Sequence[int], values: dict[str, Any]
) -> None:
    if ids:
        job = _columns(model)
        await unit.session.execute(update(job.id.table).where(job.id.in_(ids)).values(values))


def _columns(model: type[Base]) -> Any:
    """The columns of the table itself: its rows are no objects here, which cost far more."""
    return Base.metadata.tables[model.__tablename__].c
