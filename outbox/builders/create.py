"""Create: a post is said for the first time."""

from datetime import datetime

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from outbox.builders.envelope import addressing_of, envelope, write_time


def build_create(site: Site, actor_uri: str, object_doc: Document, published: datetime) -> Document:
    """Say a post to those it is addressed to; the post is embedded as it is served.

    The id is a fragment of the post's: whoever asks for it is given the post.  Mastodon then
    never shows as a boost what a third server announces of ours, and NodeBB, which asks for
    the activities others announce, still finds the post.  `ValueError` when the post is not
    ours.
    """
    if not site.is_local(object_doc["id"]):
        raise ValueError("nobody creates posts in the name of another server")
    return envelope(
        "Create",
        f"{object_doc['id']}#create",
        actor_uri,
        object_doc,
        published=write_time(published),
        **addressing_of(object_doc),
    )
