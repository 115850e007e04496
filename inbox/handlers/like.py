"""Like, Dislike and EmojiReact: an actor says what it thinks of a post without words."""

from fedi.core.jsonld import text_of
from fedi.core.unit import Unit
from fedi.debates.likes import Kind, accept_reaction
from fedi.debates.models.post import Post
from fedi.debates.retractions import is_retracted
from inbox.forwarding import pass_on
from inbox.types import DONE, Need, Outcome, Received, ignored, later

#: An emoji is a Like with a picture (FEP-c0e0).
KINDS: dict[str, Kind] = {"Like": "like", "EmojiReact": "like", "Dislike": "dislike"}
MAX_EMOJI = 64


async def handle_like(unit: Unit, received: Received) -> Outcome:
    """Count one reaction of each kind per actor and post; it waits for a post still on its way."""
    if received.object_uri is None or received.uri is None:
        return ignored("no-object")
    if await is_retracted(unit, received.uri, received.actor_uri):
        return ignored("retracted")
    post = await unit.find(Post, uri=received.object_uri)
    if post is None:
        return _await_post(unit, received, received.object_uri)
    accepted = await accept_reaction(
        unit,
        received.actor,
        post,
        kind=KINDS[received.type],
        uri=received.uri,
        emoji=text_of(received.activity.get("content"), MAX_EMOJI),
    )
    if not accepted:
        return ignored("known")
    await pass_on(unit, received, post)
    return DONE


def _await_post(unit: Unit, received: Received, uri: str) -> Outcome:
    """Wait for a post on its way; what a Group tells of may have been lost, and is asked for."""
    if unit.site.is_local(uri):
        return ignored("unknown-object")
    if received.way == "announced" and received.attempts > 1:
        return received.ask(Need("post", uri)) or later("unknown-object")
    return later("unknown-object")
