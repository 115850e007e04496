"""Follow: an actor of ours asks to hear what another says."""

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import envelope


def build_follow(site: Site, key: str, follower_uri: str, followed_uri: str) -> Document:
    """Ask to follow; it counts once an Accept has come back."""
    return envelope("Follow", site.activity(key), follower_uri, followed_uri, to=[followed_uri])
