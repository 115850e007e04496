"""Like: an actor of ours appreciates a post."""

from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, envelope


def build_like(
    site: Site, key: str, actor_uri: str, object_uri: str, **addressed: Unpack[Addressing]
) -> Document:
    """Like a post; its author and its Group are the ones to tell."""
    return envelope("Like", site.activity(key), actor_uri, object_uri, **addressed)
