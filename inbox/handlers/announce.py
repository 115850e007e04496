"""Announce of a post by its id: a boost, or a Group that shows its followers a debate.

What an Announce wraps whole is unwrapped by `dispatch`.
"""

from fedi.core.unit import Unit
from fedi.debates.likes import accept_share
from fedi.debates.models.post import Post
from fedi.debates.retractions import is_retracted
from inbox.types import DONE, Need, Outcome, Received, ignored


async def handle_announce(unit: Unit, received: Received) -> Outcome:
    """Get the post if somebody we follow shows it, and count a person's share of it."""
    uri = received.object_uri
    if uri is None or received.uri is None:
        return ignored("no-object")
    if await is_retracted(unit, received.uri, received.actor_uri):
        return ignored("retracted")
    post = await unit.find(Post, uri=uri)
    if post is None:
        return received.ask(Need("post", uri)) or ignored("unknown-object")
    if received.actor.type != "Group":  # A Group distributes; it has no opinion to count.
        await accept_share(unit, received.actor, post, uri=received.uri)
    return DONE
