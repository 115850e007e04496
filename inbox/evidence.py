"""What an activity leaves in the archive of a debate."""

from fedi.core.signatures.proof import proof_key_id
from fedi.debates.archive import Evidence
from inbox.types import Received


def evidence_of(received: Received) -> Evidence:
    """How we came to believe an activity: its bytes, who brought them, who vouched for them."""
    if received.trust is None:
        raise ValueError("an activity that nobody vouched for proves nothing")
    uri = received.uri or received.object_uri or received.actor_uri
    key_uri = proof_key_id(received.activity) or proof_key_id(received.object or {})
    return Evidence(uri, received.type, received.body, received.trust, received.signer_uri, key_uri)
