"""What Accept and Reject have in common: they name the request they answer."""

from typing import Any

from fedi.core.jsonld import Document, id_of
from fedi.core.urls import Site
from outbox.builders.envelope import envelope

#: What peers recognise their own request by; the rest may be long and is theirs already.
_RECOGNISED = ("actor", "object", "instrument")


def answer(
    kind: str, site: Site, key: str, actor_uri: str, request: Document, **more: Any
) -> Document:
    """Answer a request, such as a Follow, with its id, type, actor and object repeated.

    Mastodon looks for the id, others compare actor and object.
    """
    repeated: Document = {"id": request["id"], "type": request["type"]}
    repeated |= {name: uri for name in _RECOGNISED if (uri := id_of(request.get(name))) is not None}
    asking = repeated.get("actor")
    to = [asking] if asking else []
    return envelope(kind, site.activity(key), actor_uri, repeated, to=to, **more)
