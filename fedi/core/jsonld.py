"""ActivityStreams documents as a closed profile of JSON.

No JSON-LD processing: contexts are compared as text and never fetched, and the
keywords with which a document could be rearranged are refused.  Checker and
consumer then see the same values, whoever wrote the document.
"""

import json
import re
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

import orjson

from fedi.core.errors import Malformed
from fedi.core.urls import read_id
from fedi.core.vocab import AS2, PUBLIC

Document = dict[str, Any]

MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_STRING = 128 * 1024  # characters; longer than any content we accept
MAX_INTEGER = 2**53
MAX_RECIPIENTS = 256
MAX_OBJECTS = 64

#: With these a signed document can be made to say something else (CVE-2026-42462 and its kin).
_REARRANGING = frozenset({"@graph", "@included", "@reverse", "@nest", "@base", "@import"})
_REARRANGED = re.compile(rf'"@(?:{"|".join(name[1:] for name in _REARRANGING)})"'.encode())
_PUBLIC_NAMES = frozenset({PUBLIC, "as:Public", "Public"})

#: What is not a bracket: strings (up to the end of the text when one is not closed) and the rest.
#: Every quote is consumed by the match that meets it, so one pass is enough.
_NOT_BRACKETS = re.compile(r'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[^\[\]{}"]++)++', re.DOTALL)
_DOUBTFUL_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_DOUBTFUL_TEXT = re.compile(r"[\x00\ud800-\udfff]")

#: RFC 3339; ActivityStreams lets the seconds be left out.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_YEARS = range(1990, 2101)


def parse_document(body: bytes) -> Document:
    """Read a JSON object from the network, or raise `Malformed`.

    Refused: anything but UTF-8 without a byte order mark, duplicate keys, numbers
    that JSON or 53 bits cannot hold, more than 32 levels or 20,000 values, U+0000
    and lone surrogates, and the JSON-LD keywords that rearrange a document.
    """
    document = _read_plain(body)
    return _read_with_care(body) if document is None else document


def _read_plain(body: bytes) -> Document | None:
    """The document, if nothing in it needs a closer look, as in most; that costs half as much.

    Written again in the shortest way it shows what a reader loses or bends.  A member named
    twice takes its quotes along, and only an escaped quote could make up for them; a number
    beyond 64 bits comes back as `1.8e+19`, one beyond 53 is not written at all.
    """
    if len(body) > MAX_NODES or body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        return None
    if b"\\" in body and b"\\u00" in body:  # perhaps U+0000 or an escaped quote
        return None
    try:
        document = orjson.loads(body)
        written = orjson.dumps(document, option=orjson.OPT_STRICT_INTEGER)
    except (ValueError, TypeError):
        return None
    if written != body and (written.count(b'"') != body.count(b'"') or b"e+" in written):
        return None
    return document if isinstance(document, dict) and not _REARRANGED.search(written) else None


def _read_with_care(body: bytes) -> Document:
    """The document, or why it is refused."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("the document is not UTF-8", code="json-encoding") from error
    if _is_too_deep(body, text):
        raise Malformed("the document is nested too deeply", code="json-depth")
    try:
        document = _DECODER.decode(text)
    except ValueError as error:
        raise Malformed("the document is not JSON", code="json") from error
    if not isinstance(document, dict):
        raise Malformed("the document is not a JSON object", code="json-object")
    if _is_doubtful(body, text):
        _check_values(document)
    return document


def _is_too_deep(body: bytes, text: str) -> bool:
    """Count the brackets, before a parser recurses into them."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", text):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _is_doubtful(body: bytes, text: str) -> bool:
    """Whether the values need a closer look: most documents are plainly within bounds.

    No document holds more values, or longer texts, than it has bytes.
    """
    if len(body) > min(MAX_NODES, MAX_STRING):
        return True
    return b"\\u" in body and _DOUBTFUL_ESCAPE.search(text) is not None


def _check_values(document: Document) -> None:
    count = 0
    pending: list[Any] = [document]
    while pending:
        value = pending.pop()
        count += 1
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            for key in value:
                _check_text(key)
            pending.extend(value.values())
    if count > MAX_NODES:
        raise Malformed("the document holds too many values", code="json-size")


def _check_text(text: str) -> None:
    if len(text) > MAX_STRING:
        raise Malformed("the document holds too long a text", code="json-size")
    if _DOUBTFUL_TEXT.search(text):
        raise Malformed("the document holds text no database can store", code="json-text")


def _read_object(pairs: list[tuple[str, Any]]) -> Document:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("the document names a member twice", code="json-duplicate")
    if not _REARRANGING.isdisjoint(members):
        raise Malformed("the document uses a JSON-LD keyword we refuse", code="json-keyword")
    return members


def _read_integer(text: str) -> int:
    if len(text) > 17 or abs(number := int(text)) > MAX_INTEGER:
        raise Malformed("the document holds too large a number", code="json-number")
    return number


def _read_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise Malformed("the document holds too large a number", code="json-number")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON", code="json-number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_read_float,
    parse_constant=_refuse_constant,
)


def require_context(document: Document) -> None:
    """Raise `Malformed` unless the document says that it speaks ActivityStreams 2."""
    context = document.get("@context")
    if context != AS2 and not (isinstance(context, list) and AS2 in context):
        raise Malformed("the document is not ActivityStreams", code="context")


def id_of(value: object) -> str | None:
    """The id a reference stands for: a string, an object with an id, or one of them in a list.

    None when there is not exactly one usable http(s) id.
    """
    if isinstance(value, list):
        if len(value) != 1:
            return None
        value = value[0]
    if isinstance(value, dict):
        value = value.get("id")
    if value is None:  # as often as not, and an error costs more than all the rest
        return None
    try:
        return read_id(value)
    except Malformed:
        return None


def ids_of(value: object) -> list[str]:
    """The ids in a recipient field, in order, without repetition, at most 256.

    The short names of the public collection become its IRI; what is no id is left out.
    """
    found: dict[str, None] = {}
    for entry in _entries(value):
        if isinstance(entry, str) and entry in _PUBLIC_NAMES:
            found[PUBLIC] = None
        elif (uri := id_of(entry)) is not None:
            found[uri] = None
        if len(found) == MAX_RECIPIENTS:
            break
    return list(found)


def one_owner(value: object) -> str | None:
    """The one id in `actor` or `attributedTo`; None when there are none or several.

    With several, the one that was checked might not be the one that is stored.  PeerTube
    names an account and its channel: the only Person among them is the owner.
    """
    if isinstance(value, list) and len(value) > 1:
        value = [entry for entry in objects_of(value) if entry.get("type") == "Person"]
    return id_of(value)


def one_type(value: object, known: Container[str]) -> str | None:
    """The one type of an object that is among those known; None when none is, or several."""
    candidates = [entry for entry in _entries(value) if isinstance(entry, str) and entry in known]
    return candidates[0] if len(candidates) == 1 else None


def text_of(value: object, limit: int) -> str | None:
    """A text, trimmed and cut to `limit` characters; None when it is missing, blank or no text."""
    if not isinstance(value, str):
        return None
    return value.strip()[:limit].rstrip() or None


def link_of(value: object) -> str | None:
    """The address in `url`, `href`, `icon` or `image`: a string, a Link, an Image, or the first.

    It is a link to show or to fetch, never an identity.
    """
    for entry in _entries(value):
        if isinstance(entry, dict):
            entry = entry.get("href") or entry.get("url")
            if not isinstance(entry, str):
                entry = link_of(entry)
        try:
            return read_id(entry)
        except Malformed:
            continue
    return None


def time_of(value: object) -> datetime | None:
    """An RFC 3339 time with its zone, in UTC; None when it is none or not of our age."""
    match = _TIME.fullmatch(value) if isinstance(value, str) and len(value) < 64 else None
    if match is None or int(match[1][:4]) not in _YEARS:
        return None
    day, minute, second, fraction, zone = match.groups("")
    micros = f".{fraction[:6]:0<6}" if fraction else ""
    try:
        time = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}{micros}{zone.upper()}")
    except ValueError:
        return None
    return time.astimezone(UTC)


def objects_of(value: object, limit: int = MAX_OBJECTS) -> list[Document]:
    """The objects in `tag`, `attachment`, `oneOf` and the like: one or a list, at most `limit`."""
    return [entry for entry in _entries(value) if isinstance(entry, dict)][:limit]


def _entries(value: object) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def dumps(document: Document) -> bytes:
    """Write a document of ours as it goes out: compact UTF-8."""
    return orjson.dumps(document)


def embed(raw: bytes) -> orjson.Fragment:
    """Wrap JSON that was received so that `dumps` repeats it byte for byte, proofs intact."""
    return orjson.Fragment(raw)
