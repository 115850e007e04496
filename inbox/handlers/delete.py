"""Delete: a post is taken back, a debate is closed by its author, an actor leaves."""

from actors.known import forget_actor
from actors.models import Actor
from fedi.core.errors import Malformed
from fedi.core.jsonld import text_of
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import accept_remote_delete, accept_remote_post
from fedi.debates.received_note import read_object
from inbox.evidence import evidence_of
from inbox.forwarding import pass_on
from inbox.parse import is_tombstone
from inbox.types import DONE, Need, Outcome, Received, ignored

MAX_REASON = 500


async def handle_delete(unit: Unit, received: Received) -> Outcome:
    """Take back what the actor wrote; what has not arrived yet will be refused when it does."""
    uri = received.object_uri
    if uri is None:
        return ignored("no-object")
    if uri == received.actor_uri:
        return await _delete_actor(unit, received)
    thread = await unit.find(Thread, uri=uri)
    if thread is not None:  # NodeBB deletes a topic by its context.
        uri = thread.root_uri
    post = await unit.find(Post, uri=uri)
    if post is not None and post.deleted_at is not None:
        return ignored("known")
    if post is None and await _leave_tombstone(unit, received):
        return DONE
    actor = await _owner_if_gone(unit, received, post) or received.actor
    deleted = await accept_remote_delete(
        unit, uri, actor, reason=reason_of(received), evidence=evidence_of(received)
    )
    if post is None:
        return DONE  # It is remembered, and refused when it arrives.
    if not deleted:
        return ignored("not-the-author")
    await pass_on(unit, received, post)
    return DONE


async def _leave_tombstone(unit: Unit, received: Received) -> bool:
    """Put a tombstone where a post stood that never arrived, when its author's Delete tells where.

    Only in a debate that is kept here: what answers it has its place then.
    """
    if received.object is None or not is_tombstone(received.object):
        return False
    try:
        document = read_object(received.object)
    except Malformed:
        return False
    if document.author_uri != received.actor_uri:
        return False
    parent = await unit.find(Post, uri=document.parent_uri) if document.parent_uri else None
    thread = await unit.find(Thread, uri=document.context_uri) if document.context_uri else None
    if parent is None and thread is None:
        return False
    evidence = evidence_of(received)
    return await accept_remote_post(unit, document, received.actor, evidence=evidence) is not None


async def handle_removal(unit: Unit, group: Actor, received: Received) -> Outcome:
    """Take a post out of a Group's own debate because the Group says so.

    Its author did not take it back, so it is hidden here and not forgotten.
    """
    uri = received.object_uri
    if uri is None or group.type != "Group":
        return ignored("not-a-group")
    if await unit.find(Post, uri=uri) is None:
        return ignored("unknown-object")
    reason = reason_of(received)
    removed = await accept_remote_delete(unit, uri, group, group=group, reason=reason)
    return DONE if removed else ignored("not-its-debate")


def reason_of(received: Received) -> str:
    """Why a moderator removed a post; authors give no reason (Lemmy)."""
    return text_of(received.activity.get("summary"), MAX_REASON) or ""


async def _owner_if_gone(unit: Unit, received: Received, post: Post | None) -> Actor | None:
    """The author of a post that its own server no longer has: then it is gone, whoever says so."""
    if post is None or received.trust != "fetched":
        return None
    return await unit.find(Actor, id=post.author_id)


async def _delete_actor(unit: Unit, received: Received) -> Outcome:
    """Forget an actor once its own server confirms that it is gone.

    A domain that changes hands may answer for its former actors, so what they wrote stays.
    """
    need = Need("refresh", received.actor_uri)
    if (waiting := received.ask(need)) is not None:
        return waiting
    if received.answers[need] != "gone":
        return ignored("not-gone")
    await forget_actor(unit, received.actor)
    return DONE
