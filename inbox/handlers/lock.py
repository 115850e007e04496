"""Lock: a debate is closed, by its Group or by who looks after a Group of ours."""

from actors.models import Actor
from fedi.core.jsonld import id_of
from fedi.core.unit import Unit
from fedi.debates.reshaping.lock import accept_remote_lock
from fedi.debates.retractions import is_retracted
from inbox.forwarding import pass_on
from inbox.handlers.delete import reason_of
from inbox.types import DONE, Outcome, Received, ignored


async def handle_lock(unit: Unit, received: Received) -> Outcome:
    """Close a debate; the Lock of a mere message, which Lemmy knows, has no effect."""
    if received.object_uri is None:
        return ignored("no-object")
    if received.uri and await is_retracted(unit, received.uri, received.actor_uri):
        return ignored("taken-back")
    return await _settle(unit, received, received.actor, received.object_uri, locked=True)


async def handle_unlock(unit: Unit, actor: Actor, received: Received) -> Outcome:
    """Open a debate again: the Undo of a Lock, by its actor or by a Group's Announce."""
    uri = id_of((received.object or {}).get("object"))
    return await _settle(unit, received, actor, uri, locked=False) if uri else ignored("no-object")


async def _settle(
    unit: Unit, received: Received, actor: Actor, uri: str, *, locked: bool
) -> Outcome:
    reason = reason_of(received) if locked else ""
    root = await accept_remote_lock(unit, uri, actor, locked=locked, reason=reason)
    if root is None:
        return ignored("not-its-debate")
    await pass_on(unit, received, root)
    return DONE
