"""Delete: a post or an actor of ours is no more; or a moderator removes a post."""

from typing import Unpack

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from fedi.core.vocab import TOMBSTONE
from outbox.builders.envelope import Addressing, envelope


def build_delete(
    site: Site,
    key: str,
    actor_uri: str,
    object_uri: str,
    *,
    summary: str = "",
    place: Document | None = None,
    **addressed: Unpack[Addressing],
) -> Document:
    """Take a post back, or an actor that says it of itself.

    A `summary` is the reason of a moderator: by it Lemmy tells a removal from an author's
    own deletion.  A post leaves a Tombstone; an actor is named by its id, as Mastodon does.
    `place` is what the Tombstone tells of where the post stood: who never had the post can then
    put something in its place, though its server be gone.
    """
    of_itself = object_uri == actor_uri
    removed = object_uri if of_itself else {"id": object_uri, "type": TOMBSTONE, **(place or {})}
    reason = {"summary": summary} if summary else {}
    return envelope("Delete", site.activity(key), actor_uri, removed, **reason, **addressed)
