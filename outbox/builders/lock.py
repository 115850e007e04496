"""Lock: who looks after a Group closes one of its debates."""

from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, envelope


def build_lock(
    site: Site,
    key: str,
    actor_uri: str,
    object_uri: str,
    *,
    summary: str = "",
    **addressed: Unpack[Addressing],
) -> Document:
    """Close a debate, named by its opening post as Lemmy does; `summary` says why."""
    reason = {"summary": summary} if summary else {}
    return envelope("Lock", site.activity(key), actor_uri, object_uri, **reason, **addressed)
