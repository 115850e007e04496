"""Accept: an actor of ours agrees to what was asked."""

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.answer import answer


def build_accept(
    site: Site, key: str, actor_uri: str, request: Document, *, result: str | None = None
) -> Document:
    """Agree to a Follow, or to a QuoteRequest with the id of the stamp as `result` (FEP-044f).

    `request` needs its id, type, actor and object.
    """
    more = {"result": result} if result else {}
    return answer("Accept", site, key, actor_uri, request, **more)
