"""Many activities, one transaction: halved when it fails, down to the one at fault."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from actors.policies import Book, lend
from fedi.core.errors import FediError
from fedi.core.log import about
from fedi.core.node import Node
from fedi.core.trouble import Contended, DatabaseDown
from fedi.core.unit import Unit
from inbox.dispatch import handle
from inbox.preload import preload
from inbox.types import Outcome, Received

log = structlog.get_logger()

Result = tuple[Received, Outcome]
Conclude = Callable[[Unit, Sequence[Result]], Awaitable[None]]


async def process(
    node: Node,
    batch: Sequence[Received],
    conclude: Conclude | None = None,
    *,
    book: Book | None = None,
    yielding: bool = True,
) -> list[Result]:
    """Handle activities in the order given, and say what became of each.

    `conclude` runs in the same unit, so an effect is stored exactly when it is noted.  An
    activity whose handler raises has the outcome `failed`; the others are not touched by it.
    One that only yielded to another transaction is handled again, once.
    `book` is what was decided about servers, when the caller knows it already.
    Trouble of our own database is raised: nothing was decided then.
    """
    try:
        async with node.db.unit() as unit:
            if book is not None:
                lend(unit, book)
            await preload(unit, batch)
            results = [(received, await _handle(unit, received)) for received in batch]
            if conclude is not None:
                await conclude(unit, results)
            return results
    except DatabaseDown:
        raise
    except Exception as error:
        if len(batch) == 1 and isinstance(error, Contended) and yielding:
            return await process(node, batch, conclude, book=book, yielding=False)
        if len(batch) == 1:
            return [(batch[0], _failed(batch[0], error))]
        middle = len(batch) // 2
        first = await process(node, batch[:middle], conclude, book=book)
        return first + await process(node, batch[middle:], conclude, book=book)


async def _handle(unit: Unit, received: Received) -> Outcome:
    with about(activity=received.uri):
        return await handle(unit, received)


def _failed(received: Received, error: Exception) -> Outcome:
    if isinstance(error, FediError):
        return Outcome("failed", error.code)
    log.exception("activity failed", activity=received.uri, type=received.type, exc_info=error)
    return Outcome("failed", type(error).__name__)
