"""Flag: somebody reports something written here."""

from actors.journal import record
from fedi.core.jsonld import ids_of, text_of
from fedi.core.unit import Unit
from inbox.types import DONE, Outcome, Received, ignored

MAX_REASON = 2000
MAX_REPORTED = 20


async def handle_flag(unit: Unit, received: Received) -> Outcome:
    """Put a report into the journal for a person to read; nothing acts on it by itself."""
    reported = [uri for uri in ids_of(received.activity.get("object")) if unit.site.is_local(uri)]
    if not reported:
        return ignored("nothing-of-ours")
    reason = received.activity.get("content") or received.activity.get("summary")
    await record(
        unit,
        direction="in",
        origin=received.actor.origin,
        code="flag",
        subject=reported[0],
        detail="\n".join([text_of(reason, MAX_REASON) or "", *reported[:MAX_REPORTED]]),
    )
    return DONE
