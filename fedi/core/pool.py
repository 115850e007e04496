"""The connections of an engine, with a clock: how long one waits for them and keeps them.

Whatever uses the database takes its connection here, so this sees all of it, for 2 µs a unit.
"""

import time
from typing import ClassVar

from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from fedi.core.metrics import DATABASE_HELD, DATABASE_WAIT

_SINCE = "fedi.core.pool:since"


class _TimedPool(AsyncAdaptedQueuePool):
    """A queue of connections that tells `/metrics` how it fares."""

    engine: ClassVar[str]

    def _do_get(self) -> ConnectionPoolEntry:
        asked = time.perf_counter()
        entry = super()._do_get()
        entry.info[_SINCE] = taken = time.perf_counter()
        DATABASE_WAIT[self.engine].observe(taken - asked)
        return entry

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if _SINCE in record.info:  # a connection that broke has lost it
            DATABASE_HELD[self.engine].observe(time.perf_counter() - record.info.pop(_SINCE))
        super()._do_return_conn(record)


class WriterPool(_TimedPool):
    """Of the connections that write: where there is one, this is the writers' queue."""

    engine = "write"


class ReaderPool(_TimedPool):
    """Of the connections that read."""

    engine = "read"
