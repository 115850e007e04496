"""What every activity of ours has: context, id, type, actor, recipients, object."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypedDict

from fedi.core.jsonld import Document
from fedi.core.vocab import AS2, DATA_INTEGRITY

#: The second context names the terms of a proof, which public activities receive.
CONTEXT = (AS2, DATA_INTEGRITY)
#: What belongs to a document as a whole and has no place in one that is embedded.
_OUTER = frozenset({"@context", "proof"})


class Addressing(TypedDict, total=False):
    """Who an activity is for: ids of actors and collections."""

    to: Iterable[str]
    cc: Iterable[str]
    audience: str | None  # the Group whose debate it belongs to


@lru_cache(maxsize=16)  # all that one unit says bears the same moment
def write_time(moment: datetime) -> str:
    """Write a moment as peers read it: RFC 3339, UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def envelope(
    kind: str,
    uri: str,
    actor_uri: str,
    embedded: Any,
    /,
    *,
    to: Iterable[str] = (),
    cc: Iterable[str] = (),
    audience: str | None = None,
    **more: Any,
) -> Document:
    """Wrap an object in an activity; `more` are further members.

    Recipients are lists even when there is one: NodeBB spreads a text into its letters.
    """
    document: Document = {
        "@context": list(CONTEXT),
        "id": uri,
        "type": kind,
        "actor": actor_uri,
        **more,
        "to": list(dict.fromkeys(to)),
        "cc": list(dict.fromkeys(cc)),
    }
    if audience is not None:
        document["audience"] = audience
    document["object"] = embedded
    return document


def addressing_of(document: Document) -> Addressing:
    """The recipients that a document of ours names."""
    return {
        "to": document.get("to", ()),
        "cc": document.get("cc", ()),
        "audience": document.get("audience"),
    }


def inner(document: Document) -> Document:
    """A document of ours as it stands inside another."""
    return {name: value for name, value in document.items() if name not in _OUTER}
