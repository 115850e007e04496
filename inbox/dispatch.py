"""From an activity to its handler: nobody is heard before somebody has vouched for them."""

from actors.models import Actor
from fedi.core.log import about
from fedi.core.unit import Unit
from inbox.handlers.accept import handle_accept
from inbox.handlers.add import handle_add
from inbox.handlers.announce import handle_announce
from inbox.handlers.block import handle_block
from inbox.handlers.create import handle_create
from inbox.handlers.delete import handle_delete, handle_removal
from inbox.handlers.flag import handle_flag
from inbox.handlers.follow import handle_follow
from inbox.handlers.like import handle_like
from inbox.handlers.lock import handle_lock, handle_unlock
from inbox.handlers.move import handle_move
from inbox.handlers.rearrange import handle_rearrangement, handle_return
from inbox.handlers.reject import handle_reject
from inbox.handlers.remove import handle_remove
from inbox.handlers.undo import handle_restoration, handle_undo
from inbox.handlers.update import handle_update
from inbox.relevance import why_ignore
from inbox.types import DONE, Handler, Need, Outcome, Received, ignored

HANDLERS: dict[str, Handler] = {
    "Accept": handle_accept,
    "Add": handle_add,
    "Announce": handle_announce,
    "Block": handle_block,
    "Create": handle_create,
    "Delete": handle_delete,
    "Dislike": handle_like,
    "EmojiReact": handle_like,
    "Flag": handle_flag,
    "Follow": handle_follow,
    "Like": handle_like,
    "Lock": handle_lock,
    "Move": handle_move,
    "Reject": handle_reject,
    "Remove": handle_remove,
    "Undo": handle_undo,
    "Update": handle_update,
}

#: What a suspended actor may still say: it takes away, and adds nothing.
_ALWAYS_HEARD = frozenset({"Delete", "Undo", "Reject"})


async def handle(unit: Unit, received: Received) -> Outcome:
    """Give an activity its effect, in this unit; what it needs of the network it asks for first."""
    handler = HANDLERS.get(received.type)
    if handler is None:
        return ignored("unknown-type")
    if (reason := await why_ignore(unit, received)) is not None:
        return ignored(reason)
    if _is_doubtful(received):
        subject = received.uri or received.object_uri or received.actor_uri
        return received.ask(Need("vouch", subject)) or ignored("unverified")
    actor = await unit.find(Actor, uri=received.actor_uri)
    if actor is None:
        return received.ask(Need("actor", received.actor_uri)) or ignored("unknown-actor")
    if actor.suspended_at is not None and received.type not in _ALWAYS_HEARD:
        return ignored("suspended")
    received.introduce(actor)
    if received.inner:
        return await _unwrap(unit, received)
    return await handler(unit, received)


def _is_doubtful(received: Received) -> bool:
    """Whether the actor's own server has to be asked: who said it, or what exactly was said."""
    if received.trust is None:
        return True
    is_bare = received.object is None and received.object_uri not in (None, received.actor_uri)
    return received.type in ("Create", "Update") and is_bare and received.trust == "signature"


async def _unwrap(unit: Unit, announce: Received) -> Outcome:
    """Handle what a Group passes on: its word brings an activity here and proves nothing of it."""
    outcomes = [await _handle_part(unit, announce, part) for part in announce.inner]
    for name in ("waiting", "later", "done"):
        for outcome in outcomes:
            if outcome.name == name:
                return outcome
    return outcomes[0] if outcomes else DONE


async def _handle_part(unit: Unit, announce: Received, part: Received) -> Outcome:
    """A Group's own word counts for its own debates alone: what it removes, closes,
    rearranges, keeps at hand.

    Which of its moderators decided so is its affair (FEP-1b12).
    """
    if part.type in ("Add", "Remove", "Lock") and part.refusal is None:
        part.introduce(announce.actor)
        return await HANDLERS[part.type](unit, part)
    if part.type == "Move" and part.refusal is None:
        return await handle_rearrangement(unit, announce.actor, part)
    undone = (part.object or {}).get("type") if part.type == "Undo" else None
    if undone == "Lock" and part.refusal is None:
        return await handle_unlock(unit, announce.actor, part)
    if undone == "Move" and part.refusal is None:
        return await handle_return(unit, announce.actor, part)
    with about(activity=part.uri):
        outcome = await handle(unit, part)
    if part.type == "Delete" and outcome.name == "ignored" and outcome.reason != "known":
        return await handle_removal(unit, announce.actor, part)
    if part.type == "Undo" and outcome.reason == "not-removed-by-it":
        return await handle_restoration(unit, announce.actor, part)
    return outcome
