"""What peers answer, and how the headers of an answer are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fedi.core.jsonld import Document
from fedi.core.vocab import AS2


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
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
