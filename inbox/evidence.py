"""What an activity leaves in the archive of a debate."""

from fedi.debates.archive import Evidence
from inbox.types import Received


def evidence_of(received: Received) -> Evidence:
    """How we came to believe an activity: its bytes, and who vouched for them."""
    if received.trust is None:
        raise ValueError("an activity that nobody vouched for proves nothing")
    uri = received.uri or received.object_uri or received.actor_uri
    return Evidence(uri, received.type, received.body, received.trust)
