"""Undo: an actor takes back a Follow, a reaction, a share, a Block, or a removal of its own."""

from actors.followers import find_follow, remove_follow
from actors.local import find_local
from actors.models import Actor
from fedi.core.jsonld import Document, id_of
from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.debates.likes import Kind, accept_undo_reaction
from fedi.debates.models.post import Post, Reaction
from fedi.debates.moderating import accept_remote_restore
from fedi.debates.notifications import forget
from fedi.debates.retractions import retract
from inbox.forwarding import pass_on
from inbox.handlers.like import KINDS
from inbox.handlers.lock import handle_unlock
from inbox.handlers.rearrange import handle_return
from inbox.types import DONE, Outcome, Received, ignored

REACTIONS: dict[str, Kind] = {**KINDS, "Announce": "share"}


async def handle_undo(unit: Unit, received: Received) -> Outcome:
    """Take back what the actor said, whether it has arrived yet or not.

    What was undone is known by its id, or by what it was about: NodeBB gives the Follow
    inside its Undo another id than it had.
    """
    undone = received.object or {}
    if received.object is not None and id_of(undone.get("actor")) != received.actor_uri:
        return ignored("not-the-author")
    kind = undone.get("type")
    if kind == "Follow":
        return await _undo_follow(unit, received, undone)
    if kind in REACTIONS or received.object is None:
        return await _undo_reaction(unit, received, undone)
    if kind == "Delete":
        return await handle_restoration(unit, received.actor, received)
    if kind == "Lock":
        return await _undo_lock(unit, received)
    if kind == "Move":
        return await handle_return(unit, received.actor, received)
    return DONE if kind == "Block" else ignored("not-undoable")


async def handle_restoration(unit: Unit, remover: Actor, received: Received) -> Outcome:
    """Bring back a post that its remover had removed: a moderator, or a Group by its Announce."""
    removal = received.object or {}
    uri = id_of(removal.get("object"))
    is_removal = removal.get("type") == "Delete" and uri is not None
    if is_removal and await accept_remote_restore(unit, uri or "", remover):
        return DONE
    return ignored("not-removed-by-it")


async def _undo_follow(unit: Unit, received: Received, undone: Document) -> Outcome:
    followed = await find_local(unit, id_of(undone.get("object")) or "")
    removed = followed is not None and await remove_follow(unit, received.actor, followed)
    if removed:
        await forget(unit, to=followed, kind="follow", by=received.actor, post=None)
    else:
        await _remember(unit, received)
    return DONE


async def _undo_lock(unit: Unit, received: Received) -> Outcome:
    outcome = await handle_unlock(unit, received.actor, received)
    if outcome is not DONE:
        await _remember(unit, received)
    return outcome


async def _undo_reaction(unit: Unit, received: Received, undone: Document) -> Outcome:
    """By its bare id it may as well be a Follow."""
    uri = received.object_uri
    reaction = await unit.find(Reaction, uri=uri) if uri else None
    if reaction is not None:
        post, kind = await unit.find(Post, id=reaction.post_id), reaction.kind
        if reaction.actor_id != received.actor.id:
            return ignored("not-the-author")
    else:
        post = await unit.find(Post, uri=id_of(undone.get("object")) or "")
        kind = REACTIONS.get(str(undone.get("type")), "")
    follow = await find_follow(unit, uri=uri) if uri and post is None else None
    if follow is not None and follow.follower_id == received.actor.id:
        followed = await unit.find(Actor, id=follow.followed_id)
        if followed is not None:
            await remove_follow(unit, received.actor, followed)
            await forget(unit, to=followed, kind="follow", by=received.actor, post=None)
        return DONE
    await _remember(unit, received)
    if post is not None and kind and await accept_undo_reaction(unit, received.actor, post, kind):
        await pass_on(unit, received, post)
    return DONE


async def _remember(unit: Unit, received: Received) -> None:
    """Let what was taken back never count, if it is still on its way or comes again.

    Nobody keeps away what another server is about to say.
    """
    uri = received.object_uri
    if uri is not None and same_origin(uri, received.actor_uri):
        await retract(unit, uri, received.actor_uri)
