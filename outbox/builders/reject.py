"""Reject: an actor of ours declines, or takes an acceptance back."""

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.answer import answer


def build_reject(site: Site, key: str, actor_uri: str, request: Document) -> Document:
    """Decline a request, or end a Follow that was accepted before.

    `request` needs its id, type, actor and object.
    """
    return answer("Reject", site, key, actor_uri, request)
