"""Update: a post, or an actor, says something else now."""

from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.posts import accept_remote_edit
from inbox.evidence import evidence_of
from inbox.forwarding import pass_on
from inbox.handlers.create import handle_create
from inbox.types import DONE, Need, Outcome, Received, ignored


async def handle_update(unit: Unit, received: Received) -> Outcome:
    """Replace what a post says by what its author says now.

    An Update may overtake the Create; it holds the whole post, so it can stand for it.
    Of an actor it is only a hint that its document should be fetched again.
    """
    if received.object_uri == received.actor_uri:
        return received.ask(Need("refresh", received.actor_uri)) or DONE
    document = received.post
    if document is None:
        return ignored("not-a-post")
    known = await unit.find(Post, uri=document.uri)
    if known is None:
        return await handle_create(unit, received)
    if known.updated_at is not None and known.updated_at == document.updated_at:
        return ignored("known")  # From its author, and again from a Group.
    post = await accept_remote_edit(unit, document, received.actor, evidence=evidence_of(received))
    if post is None:
        return ignored("stale")
    await pass_on(unit, received, post)
    return DONE
