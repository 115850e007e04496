"""Move of debates: a Group splits, merges or gives away what it holds; and the Undo of that."""

from actors.models import Actor
from fedi.core.jsonld import id_of, ids_of
from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.debates.models.post import Post
from fedi.debates.reshaping.carrying import Act
from fedi.debates.reshaping.hearing import hear_merge, hear_move, hear_return, hear_split
from fedi.debates.retractions import is_retracted, retract
from inbox.handlers.delete import reason_of
from inbox.types import DONE, Need, Outcome, Received, ignored

#: Posts that are taken out of a debate at once.
MAX_POSTS = 500


async def handle_rearrangement(unit: Unit, actor: Actor, received: Received) -> Outcome:
    """Follow what the Group that holds a debate does with it; nobody else's word counts."""
    objects = ids_of(received.activity.get("object"))[:MAX_POSTS]
    origin, target = (id_of(received.activity.get(name)) for name in ("origin", "target"))
    if received.uri is None or not objects or target is None:
        return ignored("no-object")
    if await is_retracted(unit, received.uri, received.actor_uri):
        return ignored("taken-back")
    act = Act(received.uri, actor, reason_of(received))
    if await hear_merge(unit, act, objects[0], target) or await hear_move(
        unit, act, objects[0], target
    ):
        return DONE
    if origin is None or objects == [origin]:
        return ignored("not-its-debate")
    if await unit.find(Post, uri=objects[0]) is None:
        return received.ask(Need("post", objects[0])) or ignored("unknown-object")
    title = received.activity.get("name")
    done = await hear_split(
        unit, act, origin, objects, target, title if isinstance(title, str) else ""
    )
    return DONE if done else ignored("not-its-debate")


async def handle_return(unit: Unit, actor: Actor, received: Received) -> Outcome:
    """Put back what a Group had moved, or remember that, when the Move is still on its way."""
    undone = received.object or {}
    uri = id_of(undone)
    if uri is None or undone.get("type") != "Move":
        return ignored("no-object")
    if await hear_return(unit, uri, actor):
        return DONE
    if same_origin(uri, received.actor_uri):
        await retract(unit, uri, received.actor_uri)
    return ignored("not-its-debate")
