"""Block: an actor of ours wants nothing more to do with another."""

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import envelope


def build_block(site: Site, key: str, actor_uri: str, blocked_uri: str) -> Document:
    """Tell a peer's server to keep its actor away from ours."""
    return envelope("Block", site.activity(key), actor_uri, blocked_uri, to=[blocked_uri])
