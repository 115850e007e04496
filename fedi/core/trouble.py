"""What the failures of a database mean: it is down for a while, or somebody was faster.

Drivers say it in their own words; the rooms only want to know whether nothing was decided and
the same unit may succeed later.  Both are `Overloaded`: the doors answer 503, the loops go on.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fedi.core.errors import Overloaded
from fedi.core.tables import draw_worker

log = structlog.get_logger()

#: What PostgreSQL says to transactions of which one has to yield (its manual, appendix A): a
#: deadlock, and also a name that was free when the unit looked and is taken when it commits.
_YIELD = frozenset({"40001", "40P01", "55P03", "23505"})
#: Classes of what has nothing to do with the statement: connection, resources, operator, system.
_DOWN = frozenset({"08", "53", "57", "58", "XX"})


class DatabaseDown(Overloaded):
    """The database does not answer; nothing was decided."""

    code = "database-down"


class Contended(Overloaded):
    """Another transaction was faster; the same unit, tried again, sees what it did."""

    code = "contended"


@contextmanager
def explained() -> Iterator[None]:
    """Raise `DatabaseDown` and `Contended` for what drivers say in their own words."""
    try:
        yield
    except (DBAPIError, PoolTimeout, ConnectionError) as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        log.warning(str(meaning))
        raise meaning from error


def _meaning(error: DBAPIError | PoolTimeout | ConnectionError) -> Overloaded | None:
    if not isinstance(error, DBAPIError):
        return DatabaseDown(f"the database does not answer: {error}")
    state = getattr(error.orig, "sqlstate", None) or ""
    if state in _YIELD:
        cause = error.orig.__cause__ if error.orig else None
        if str(getattr(cause, "constraint_name", "")).startswith("pk_"):
            draw_worker()  # another process draws the same keys as we do
        return Contended(f"another transaction was faster: SQLSTATE {state}")
    is_down = error.connection_invalidated or state[:2] in _DOWN
    if is_down or isinstance(error, OperationalError):
        return DatabaseDown(f"the database does not answer: {error.orig}")
    return None
