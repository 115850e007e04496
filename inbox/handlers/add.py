"""Add: a Group of a peer keeps a debate at hand."""

from fedi.core.jsonld import id_of
from fedi.core.unit import Unit
from fedi.debates.featured import feature
from fedi.debates.models.post import Post
from inbox.types import DONE, Outcome, Received, ignored


async def handle_add(unit: Unit, received: Received) -> Outcome:
    """Record what a Group features; nobody but the Group itself changes its collection."""
    post = await find_featured(unit, received)
    if post is None:
        return ignored("not-its-collection")
    await feature(unit, received.actor, post)
    return DONE


async def find_featured(unit: Unit, received: Received) -> Post | None:
    """The post that an Add or a Remove is about, if the collection is the actor's own."""
    target = id_of(received.activity.get("target"))
    is_own = received.actor.type == "Group" and target == received.actor.featured
    if target is None or not is_own or received.object_uri is None:
        return None
    return await unit.find(Post, uri=received.object_uri)
