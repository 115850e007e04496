"""Remove: a Group of a peer no longer keeps a debate at hand."""

from fedi.core.unit import Unit
from fedi.debates.featured import unfeature
from inbox.handlers.add import find_featured
from inbox.types import DONE, Outcome, Received, ignored


async def handle_remove(unit: Unit, received: Received) -> Outcome:
    """Forget what a Group no longer features."""
    post = await find_featured(unit, received)
    if post is None:
        return ignored("not-its-collection")
    await unfeature(unit, received.actor, post)
    return DONE
