"""What was taken back, remembered: a Delete or an Undo may arrive before what it takes back."""

from fedi.core.unit import Unit
from fedi.debates.models.post import Retraction


async def retract(unit: Unit, uri: str, actor_uri: str) -> None:
    """Remember that an actor took something back; the first to do so stays on record."""
    if await unit.find(Retraction, uri=uri) is None:
        unit.add(Retraction(uri=uri, actor_uri=actor_uri, created_at=unit.now))


async def is_retracted(unit: Unit, uri: str, actor_uri: str | None = None) -> bool:
    """Whether something was taken back; given `actor_uri`, whether that actor did it."""
    row = await unit.find(Retraction, uri=uri)
    return row is not None and actor_uri in (None, row.actor_uri)
