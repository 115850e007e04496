"""Add: an actor of ours changes a collection, such as what its Group features."""

from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, envelope


def build_add(
    site: Site,
    key: str,
    actor_uri: str,
    object_uri: str,
    target_uri: str,
    **addressed: Unpack[Addressing],
) -> Document:
    """Put something into a collection of ours"""
    return envelope(
        "Add", site.activity(key), actor_uri, object_uri, target=target_uri, **addressed
    )
