"""Members' inboxes: what was said to them, by others here and by peers."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from actors.models import Actor, Role
from fedi.core.unit import Unit
from outbox.models import Reception

_RECEIVED = "outbox.reception:received"


async def receive(unit: Unit, said: Mapping[str, Iterable[str]]) -> None:
    """List activities in the inboxes of the members they are addressed to; each once.

    `said` gives the ids that each activity names in `to` and `cc`, by the activity's id.
    """
    shelf = unit.site.actor("person", "")
    wanted = {
        (uri, activity_uri)
        for activity_uri, addressed in said.items()
        for uri in addressed
        if _may_be_member(uri, shelf)
    }
    await unit.load(Actor, uri={uri for uri, _ in wanted})
    pairs = set()
    for uri, activity_uri in wanted:
        member = await unit.find(Actor, uri=uri)
        if member is not None and member.role is Role.PERSON:
            pairs.add((member.id, activity_uri))
    for actor_id, activity_uri in sorted(pairs - await _listed(unit, pairs)):
        _received(unit).add((actor_id, activity_uri))
        unit.write(Reception, actor_id=actor_id, activity_uri=activity_uri, received_at=unit.now)


def _may_be_member(uri: str, shelf: str) -> bool:
    """Whether this can be a member's id; the followers of one, and our Groups, have no inbox."""
    return uri.startswith(shelf) and "/" not in uri.removeprefix(shelf)


async def _listed(unit: Unit, pairs: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these that are there already."""
    if not pairs:
        return set()
    query = select(Reception.actor_id, Reception.activity_uri).where(
        Reception.actor_id.in_({actor_id for actor_id, _ in pairs}),
        Reception.activity_uri.in_({activity_uri for _, activity_uri in pairs}),
    )
    stored = {(row.actor_id, row.activity_uri) for row in await unit.session.execute(query)}
    return stored | _received(unit)


def _received(unit: Unit) -> set[tuple[int, str]]:
    """Those of this unit, which are not stored yet."""
    received: set[tuple[int, str]] = unit.memory.setdefault(_RECEIVED, set())
    return received
