"""What peers answer, and how the headers of an answer are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fedi.core.errors import Malformed
from fedi.core.jsonld import Document
from fedi.core.vocab import AS2

#: One link of a `Link` header: an address in angle brackets, then its parameters.
_LINK = re.compile(r'<([^<>]*)>((?:[^,"]|"[^"]*")*)')
_LONGEST_LINKS = 8192


class NotADocument(Malformed):
    """What was found is of another media type; a page may say where its document is."""

    code = "media-type"

    def __init__(
        self, message: str = "", *, code: str | None = None, alternate: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.alternate = alternate  # relative to the page, as written


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document as a peer served it; callers share it, so nobody changes it."""

    document: Document
    body: bytes  # as received, decompressed
    url: str  # where it was found in the end, after redirects
    etag: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer said to a POST."""

    status: int
    retry_after: float | None  # seconds
    text: str  # the beginning of the body, for the log

    @property
    def accepted(self) -> bool:
        """Whether the peer took it."""
        return 200 <= self.status < 300


def is_activity_type(content_type: str) -> bool:
    """Whether a Content-Type names an ActivityStreams document (ActivityPub §3.2).

    JSON of any other type may be a file that somebody uploaded, so it speaks for nobody.
    """
    essence, _, parameters = content_type.partition(";")
    essence = essence.strip().lower()
    if essence == "application/activity+json":
        return True
    return essence == "application/ld+json" and AS2 in _profiles(parameters)


def read_alternate(links: str) -> str | None:
    """The ActivityStreams document that a page names in its `Link` header (RFC 8288)."""
    for match in _LINK.finditer(links[:_LONGEST_LINKS]):
        parameters: dict[str, str] = {}
        for parameter in match[2].split(";"):
            name, _, value = parameter.partition("=")
            parameters.setdefault(name.strip().lower(), value.strip().strip('"'))
        relations = parameters.get("rel", "").lower().split()
        if "alternate" in relations and is_activity_type(parameters.get("type", "")):
            return match[1]
    return None


def is_json_type(content_type: str) -> bool:
    """Whether a Content-Type names JSON of any kind."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence == "application/json" or (
        essence.startswith("application/") and essence.endswith("+json")
    )


def _profiles(parameters: str) -> list[str]:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "profile":
            return value.strip().strip('"').split()
    return []


def read_retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """The seconds a peer asks us to wait (RFC 9110 §10.2.3); None when it does not say."""
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
