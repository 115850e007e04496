"""Undo: an actor of ours takes back a Like, a Follow, an Announce, a Block."""

from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, addressing_of, envelope, inner


def build_undo(
    site: Site, key: str, actor_uri: str, undone: Document, **addressed: Unpack[Addressing]
) -> Document:
    """Take an activity back, before those who heard it unless others are given.

    It is embedded whole: GoToSocial and Lemmy ignore the Undo of a mere id.
    """
    return envelope(
        "Undo",
        site.activity(key),
        actor_uri,
        inner(undone),
        **(addressing_of(undone) | addressed),
    )
