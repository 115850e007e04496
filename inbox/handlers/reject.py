"""Reject: somebody does not want to be followed by an actor of ours, or no longer."""

from actors.followers import reject_follow
from fedi.core.unit import Unit
from inbox.handlers.accept import find_answered_follow
from inbox.types import DONE, Outcome, Received, ignored


async def handle_reject(unit: Unit, received: Received) -> Outcome:
    """Note that a request of ours was declined, now or after it had been accepted."""
    follow = await find_answered_follow(unit, received)
    if follow is None:
        return ignored("no-such-follow")
    await reject_follow(unit, follow)
    return DONE
