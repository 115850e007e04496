"""How a command says no: one line, and what to do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from fedi.core.errors import FediError


class Refused(FediError):
    """The command cannot do this; the message says why and what to do."""

    code = "refused"


@contextmanager
def database_errors() -> Iterator[None]:
    """Say in one line that the database is not there, cannot be written, or is damaged."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        raise Refused(f"the database cannot be used: {error.orig}") from error
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise Refused("PostgreSQL needs one more library: pip install asyncpg") from error
    except BrokenPipeError:  # of whoever reads what we print
        raise
    except OSError as error:
        raise Refused(f"the database cannot be reached: {error}") from error
