"""Flag: somebody reports something written here."""

from fedi.core.jsonld import ids_of, text_of
from fedi.core.unit import Unit
from fedi.moderation.reports import MAX_REASON, receive_report
from inbox.types import DONE, Outcome, Received, ignored


async def handle_flag(unit: Unit, received: Received) -> Outcome:
    """Put a report before the moderators; nothing acts on it by itself.

    Mastodon gives the reason in `content`, Lemmy in `summary`.
    """
    reason = received.activity.get("content") or received.activity.get("summary")
    noted = await receive_report(
        unit,
        uri=received.uri,
        sender=received.actor,
        objects=ids_of(received.activity.get("object")),
        reason=text_of(reason, MAX_REASON) or "",
    )
    return DONE if noted else ignored("nothing-of-ours")
