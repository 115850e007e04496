"""What was taken back, remembered: a Delete or an Undo may arrive before what it takes back."""

from fedi.core.unit import Unit
from fedi.debates.models.post import Retraction


async def retract(unit: Unit, uri: str, actor_uri: str, *, body: bytes | None = None) -> None:
    """Remember that an actor took something back; the first to do so stays on record.

    `body` is a Delete with its proof, of a post that is not here: others may still need it.
    """
    if await unit.find(Retraction, uri=uri) is None:
        unit.add(Retraction(uri=uri, actor_uri=actor_uri, body=body, created_at=unit.now))


async def last_word(unit: Unit, uri: str) -> bytes | None:
    """The Delete that came before its post, handed out once."""
    row = await unit.find(Retraction, uri=uri)
    body = row.body if row is not None else None
    if row is not None:
        row.body = None
    return body


async def is_retracted(unit: Unit, uri: str, actor_uri: str | None = None) -> bool:
    """Whether something was taken back; given `actor_uri`, whether that actor did it."""
    row = await unit.find(Retraction, uri=uri)
    return row is not None and actor_uri in (None, row.actor_uri)
