"""Move: an actor of ours goes on under another id."""

from fedi.core.jsonld import Document
from fedi.core.urls import Site
from fedi.core.vocab import PUBLIC
from outbox.builders.envelope import envelope


def build_move(site: Site, key: str, actor_uri: str, target_uri: str) -> Document:
    """Tell followers to follow another actor, which names this one in `alsoKnownAs`."""
    return envelope(
        "Move",
        site.activity(key),
        actor_uri,
        actor_uri,
        target=target_uri,
        to=[PUBLIC],
        cc=[f"{actor_uri}/followers"],
    )
