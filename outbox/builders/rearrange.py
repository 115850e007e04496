"""Move of what is said: a debate into another or to another Group, a part of it out of it."""

from collections.abc import Sequence
from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, envelope


def build_rearrangement(
    site: Site,
    key: str,
    actor_uri: str,
    what: str | Sequence[str],
    *,
    origin: str,
    target: str,
    name: str = "",
    summary: str = "",
    **addressed: Unpack[Addressing],
) -> Document:
    """Bring a context, as NodeBB does, to another Group or into another context; or posts from
    their context into a new one, of which `name` is the title.  `summary` says why.
    """
    said = {"name": name, "summary": summary}
    return envelope(
        "Move",
        site.activity(key),
        actor_uri,
        what if isinstance(what, str) else list(what),
        origin=origin,
        target=target,
        **{member: text for member, text in said.items() if text},
        **addressed,
    )
