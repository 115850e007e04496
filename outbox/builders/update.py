"""Update: a post or an actor of ours has changed."""

from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, addressing_of, envelope


def build_update(
    site: Site, key: str, actor_uri: str, object_doc: Document, **addressed: Unpack[Addressing]
) -> Document:
    """Say how a post or an actor looks now, to those it is addressed to unless others are given.

    Whether it counts as an edit is told by the object's own `updated`.
    """
    return envelope(
        "Update",
        site.activity(key),
        actor_uri,
        object_doc,
        **(addressing_of(object_doc) | addressed),
    )
