"""What an activity must look like before anybody reads what it says.  Pure.

First the HTTP request, from its headers alone; then the activity: who speaks, and
whether that actor may speak under that id at all (FEP-fe34).
"""

from functools import lru_cache
from typing import Any, NamedTuple

from fedi.core.answers import is_activity_type
from fedi.core.errors import FediError, Forbidden, Malformed, NotFound
from fedi.core.jsonld import Document, id_of, require_context
from fedi.core.signatures.proof import proof_key_id
from fedi.core.urls import Site, origin_of, read_id, same_origin

MAX_BODY = 1024 * 1024
#: A Delete of an actor by itself is short; nothing longer is looked at before its signature is.
MAX_FAREWELL = 16 * 1024
MAX_TYPE = 64

#: Activities that answer or take back one that we stored: some peers give them no id.
ANONYMOUS = frozenset({"Accept", "Reject", "Undo"})
#: Activities whose truth can be asked of the actor's own server, so anybody may carry them here.
CHECKABLE = frozenset({"Create", "Update", "Delete", "Like", "Announce"})


class WrongMediaType(Malformed):
    """The body is not called an ActivityStreams document, or is compressed."""

    code = "media-type"


class TooLarge(Malformed):
    """The body is longer than any activity we accept."""

    code = "too-large"


class WrongHost(Malformed):
    """The request is meant for another server."""

    code = "wrong-host"


class TooSlow(FediError):
    """The body did not arrive in time."""

    code = "too-slow"


class BrokenOff(Malformed):
    """The body ended before its end, or is not framed as HTTP demands."""

    code = "broken-off"


class NoSuchInbox(NotFound):
    """No actor of this node has that inbox."""

    code = "no-such-inbox"


class NotTheSigner(Forbidden):
    """The actor did not sign, and nothing lets us ask its server whether the activity is true."""

    code = "not-the-signer"


class Frame(NamedTuple):
    """What every activity says of itself."""

    uri: str | None  # None only for the types in ANONYMOUS
    type: str
    actor_uri: str


def check_content(content_type: str, encodings: list[str]) -> None:
    """Raise `WrongMediaType` unless the body is ActivityStreams in plain UTF-8.

    A compressed body is refused: its digest is over bytes that we would not get to see.
    """
    if not _is_activity(content_type):
        raise WrongMediaType
    if any(encoding.strip().lower() not in ("", "identity") for encoding in encodings):
        raise WrongMediaType(code="content-encoding")


@lru_cache(maxsize=64)  # there are few ways to write it
def _is_activity(content_type: str) -> bool:
    return is_activity_type(content_type) and _charset(content_type) in ("", "utf-8")


def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def check_length(length: int | None) -> None:
    """Raise `TooLarge` when a body is, or announces that it will be, longer than 1 MiB."""
    if length is not None and length > MAX_BODY:
        raise TooLarge


def check_host(scheme: str, host: str, site: Site) -> None:
    """Raise `WrongHost` unless the request was sent to this node's own name."""
    url = f"{scheme}://{host}"
    if url == site.url:  # as nearly everybody writes it
        return
    try:
        addressed = origin_of(url)
    except Malformed as error:
        raise WrongHost from error
    if addressed != site.origin:
        raise WrongHost


def read_frame(document: Document, site: Site) -> Frame:
    """Read who speaks and under which id.

    Raises `Malformed` when the document is no activity, or when its id is not of its
    actor's origin; `Forbidden` when it claims to come from this very node.
    """
    require_context(document)
    kind = _read_type(document.get("type"))
    actor_uri = _read_actor(document.get("actor"))
    origin = origin_of(actor_uri)
    if document.get("id") is None and kind in ANONYMOUS:
        uri = None
    else:
        uri = read_id(document.get("id"))
        if origin_of(uri) != origin:
            raise Malformed("an id is given by its actor's own server", code="id-origin")
    if origin == site.origin:
        raise Forbidden("our own actors do not write to us", code="own-actor")
    return Frame(uri, kind, actor_uri)


def _read_type(value: object) -> str:
    """One word; a list is taken when it holds one.  IRIs are the unabridged names of JSON-LD."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and 0 < len(value) <= MAX_TYPE and value.isalnum():
        return value
    raise Malformed("an activity has one type", code="type")


def _read_actor(value: object) -> str:
    actor_uri = id_of(value)
    if actor_uri is None:
        raise Malformed("an activity has one actor", code="actor")
    return actor_uri


def check_signer(frame: Frame, document: Document, signer_uri: str) -> bool:
    """Whether the actor signed the request itself.

    False when somebody passes on what another actor said: that is kept only to be proved or
    fetched again.  Raises `NotTheSigner` when neither is possible.
    """
    if signer_uri == frame.actor_uri:
        return True
    if frame.type in CHECKABLE or has_proof_of(document, frame.actor_uri):
        return False
    raise NotTheSigner


def has_proof_of(document: Document, owner_uri: str) -> bool:
    """Whether the document bears a proof that its owner may have made; it is not verified here."""
    key_id = proof_key_id(document)
    try:
        return key_id is not None and same_origin(key_id, owner_uri)
    except Malformed:
        return False


def read_farewell(document: dict[str, Any]) -> str | None:
    """The actor that a Delete says has left, when it is the one that speaks."""
    actor_uri = id_of(document.get("actor"))
    if document.get("type") != "Delete" or actor_uri != id_of(document.get("object")):
        return None
    return actor_uri
