"""Block: somebody wants nothing more to do with an actor of ours."""

from actors.followers import remove_follow
from actors.local import find_local
from fedi.core.unit import Unit
from inbox.types import DONE, Outcome, Received, ignored


async def handle_block(unit: Unit, received: Received) -> Outcome:
    """End the follows between the two; what both wrote in debates stays."""
    blocked = await find_local(unit, received.object_uri or "")
    if blocked is None:
        return ignored("not-an-actor")
    await remove_follow(unit, blocked, received.actor)
    await remove_follow(unit, received.actor, blocked)
    return DONE
