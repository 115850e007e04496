"""From bytes to `Received`: everything that can be known of an activity from itself.

Done outside units, since cleaning HTML costs more than a query.  Nothing here is believed
yet; what contradicts itself bears a `refusal` from here on.
"""

from typing import Any

from fedi.core.errors import Malformed
from fedi.core.jsonld import Document, dumps, id_of, one_owner, one_type, parse_document
from fedi.core.urls import Site, same_origin
from fedi.core.vocab import POST_TYPES, TOMBSTONE
from fedi.debates.received_note import read_object
from inbox.frame import Frame, read_frame
from inbox.models import InboxItem
from inbox.types import Received, Trust, Way

#: What a Group may pass on by wrapping it (FEP-1b12); the rest is between two actors, or a loop.
ANNOUNCEABLE = frozenset(
    {
        "Create",
        "Update",
        "Delete",
        "Like",
        "Dislike",
        "EmojiReact",
        "Undo",
        "Add",
        "Remove",
        "Lock",
        "Move",
    }
)
#: Longest batch of activities in one Announce (PieFed makes them).
MAX_BATCH = 100


def read_item(item: InboxItem, site: Site) -> Received:
    """Read a stored activity; raises `Malformed` when this version no longer accepts its frame."""
    document = parse_document(item.body)
    frame = read_frame(document, site)
    trust: Trust | None = "signature" if item.signer_uri == frame.actor_uri else None
    received = read_activity(document, frame, item.body, signer_uri=item.signer_uri, trust=trust)
    received.item_id, received.origin = item.id, item.origin
    received.attempts, received.received_at = item.attempts, item.received_at
    received.recipient = item.recipient
    if received.type == "Announce":
        received.inner = _read_announced(received, site)
    return received


def read_activity(
    document: Document,
    frame: Frame,
    body: bytes,
    *,
    signer_uri: str,
    trust: Trust | None,
    way: Way = "sent",
) -> Received:
    """Read one activity, and its object when that is a post of the same actor."""
    value = _only(document.get("object"))
    received = Received(
        document, body, frame.uri, frame.type, frame.actor_uri, signer_uri, trust, way
    )
    received.object_uri = id_of(value)
    if isinstance(value, dict):
        received.object = value
    if received.type in ("Create", "Update"):
        _read_post(received)
    return received


def read_collected(document: Document, site: Site, *, source_uri: str) -> Received:
    """Read an activity found in a collection, which vouches for nothing."""
    frame = _read_inner_frame(document)
    received = read_activity(
        document, frame, dumps(document), signer_uri=source_uri, trust=None, way="collected"
    )
    if site.is_local(frame.actor_uri):
        received.refusal = "own-actor"
    elif received.type == "Announce":
        received.inner = _read_announced(received, site)
    return received


def read_bare_post(
    document: Document, *, source_uri: str, way: Way, type: str = "Create"
) -> Received:
    """Read a post that came without its Create, as if its author had just sent one.

    Raises `Malformed` when it has not one id and one author.
    """
    author_uri, uri = one_owner(document.get("attributedTo")), id_of(document)
    if author_uri is None or uri is None:
        raise Malformed("a post has one id and one author", code="author")
    wrapper = {"type": type, "actor": author_uri, "object": document}
    frame = Frame(None, type, author_uri)
    return read_activity(
        wrapper, frame, dumps(document), signer_uri=source_uri, trust=None, way=way
    )


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _read_post(received: Received) -> None:
    """Read the object of a Create or an Update; an actor may only speak for its own posts."""
    document = received.object
    if document is None or one_type(document.get("type"), POST_TYPES) is None:
        return
    try:
        post = read_object(document)
        if post.author_uri != received.actor_uri:
            received.refusal = "not-the-author"
        elif not same_origin(post.uri, received.actor_uri):
            received.refusal = "object-origin"
        else:
            received.post = post
    except Malformed as error:
        received.refusal = error.code


def _read_announced(announce: Received, site: Site) -> list[Received]:
    """What an Announce wraps: activities, or a post; nothing when it names a post by its id."""
    value = announce.activity.get("object")
    if isinstance(value, dict) and value.get("type") in ("OrderedCollection", "Collection"):
        value = value.get("orderedItems") or value.get("items")
    entries = value if isinstance(value, list) else [value]
    documents = [entry for entry in entries if isinstance(entry, dict) and not _is_stub(entry)]
    parts = []
    for document in documents[:MAX_BATCH]:
        try:
            parts.append(_read_part(announce, document, site))
        except Malformed as error:
            announce.refusal = error.code if len(documents) == 1 else announce.refusal
    return parts


def _is_stub(document: Document) -> bool:
    """Whether this is hardly more than the id of a post, which has to be asked for anyway."""
    is_post = one_type(document.get("type"), POST_TYPES) is not None
    return is_post and "attributedTo" not in document


def _read_part(announce: Received, document: Document, site: Site) -> Received:
    if one_type(document.get("type"), POST_TYPES) is not None:
        part = read_bare_post(document, source_uri=announce.actor_uri, way="announced")
    else:
        frame = _read_inner_frame(document)
        own = frame.actor_uri == announce.actor_uri
        part = read_activity(
            document,
            frame,
            dumps(document),
            signer_uri=announce.actor_uri,
            trust=announce.trust if own else None,
            way="announced",
        )
        if part.type not in ANNOUNCEABLE:
            part.refusal = "not-announceable"
    if site.is_local(part.actor_uri):
        part.refusal = "own-actor"  # Our own words come back to us.
    part.attempts = announce.attempts
    return part


def _read_inner_frame(document: Document) -> Frame:
    """Who speaks in an activity inside another document; it needs no context of its own."""
    actor_uri, uri = id_of(document.get("actor")), id_of(document)
    kind = document.get("type")
    if actor_uri is None or not isinstance(kind, str):
        raise Malformed("the activity inside has not one type and one actor", code="inner")
    if uri is not None and not same_origin(uri, actor_uri):
        raise Malformed("an id is given by its actor's own server", code="id-origin")
    return Frame(uri, kind, actor_uri)


def is_tombstone(document: Document) -> bool:
    """Whether this stands where something was deleted."""
    return one_type(document.get("type"), {TOMBSTONE}) is not None
