"""Announce: a Group passes an activity on (FEP-1b12), or an actor of ours boosts a post."""

from datetime import datetime
from typing import Unpack

import orjson

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from fedi.core.vocab import PUBLIC
from outbox.builders.envelope import Addressing, envelope, write_time


def build_announce(
    site: Site,
    key: str,
    actor_uri: str,
    announced: str | orjson.Fragment,
    *,
    published: datetime,
    **addressed: Unpack[Addressing],
) -> Document:
    """Announce a post by its id, for microblogs, or a whole activity, for forums.

    An activity comes as the bytes received (`jsonld.embed`), so that what is unknown to us
    and the proofs in it reach the others unchanged.  It is addressed to everybody unless
    `to` says otherwise: with Public in `cc` Mastodon would hide it from public timelines.
    """
    addressed.setdefault("to", [PUBLIC])
    return envelope(
        "Announce",
        site.activity(key),
        actor_uri,
        announced,
        published=write_time(published),
        **addressed,
    )
