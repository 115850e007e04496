"""Flag: this node reports posts or an actor to the moderators of their server."""

from collections.abc import Sequence
from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import Addressing, envelope


def build_flag(
    site: Site,
    key: str,
    actor_uri: str,
    objects: Sequence[str],
    reason: str,
    **addressed: Unpack[Addressing],
) -> Document:
    """Report an actor and posts, all of one server.

    The reporting member stays unnamed: `actor_uri` is the instance actor.  Mastodon reads
    the reason in `content`, Lemmy in `summary`.
    """
    return envelope(
        "Flag",
        site.activity(key),
        actor_uri,
        list(objects),
        content=reason,
        summary=reason,
        **addressed,
    )
