"""What was received, as long as it is kept."""

from sqlalchemy import select

from fedi.core.unit import Unit
from inbox.models import InboxItem


async def body_received(unit: Unit, uri: str) -> bytes | None:
    """The document of an activity, as it came; None once it is let go of."""
    query = select(InboxItem.body).where(InboxItem.activity_uri == uri).limit(1)
    body: bytes | None = await unit.session.scalar(query)
    return body
