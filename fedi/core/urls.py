"""Addresses: reading those of others strictly, building our own.

An id is compared as the text that was received.  To keep one identity per
resource in spite of that, an id whose scheme, host or port is not already
written in the one canonical way is refused, never repaired.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

import idna
import uuid_utils

from fedi.core.errors import Malformed

MAX_URL = 2048
PORTS = {"http": 80, "https": 443}

#: What a URL never contains: ASCII controls, spaces, quotes and backslash, and the Unicode
#: characters that are invisible or turn the reading direction.
_NEVER = (
    r"\x00-\x20\x7f-\xa0\"<>\\"
    r"\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff\ufeff"
)
_URL = re.compile(rf"((?i:https?))://([^/?#{_NEVER}]+)([^#{_NEVER}]*)(#[^{_NEVER}]*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@%]+)(?::([0-9]{1,5}))?")
_HOST = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)

#: Everything printable in ASCII is left as it was written; only other characters are quoted.
_ASCII = "".join(map(chr, range(0x21, 0x7F)))

_KEY_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_KEY_PAIRS = [first + second for first in _KEY_ALPHABET for second in _KEY_ALPHABET]
_KEY_BITS = 130
_SHELVES = {"person": "p", "group": "g", "network": "g"}


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Scheme, canonical host and effective port: who may speak for whom (RFC 6454)."""

    scheme: str
    host: str  # lower-case A-labels, or an address without brackets
    port: int

    @property
    def authority(self) -> str:
        """`host` or `host:port`, the port only when it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_ip_literal(self) -> bool:
        """Whether the host is an address instead of a name."""
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


@dataclass(frozen=True, slots=True)
class Url:
    """An http(s) URL whose origin is canonical; the rest is kept as it was written."""

    origin: Origin
    target: str  # path and query
    fragment: str  # with its `#`, or empty
    is_canonical: bool = field(default=True, compare=False)  # whether its origin was so written

    @property
    def request(self) -> str:
        """The URL as an HTTP request and its signature name it: ASCII, no fragment."""
        path, _, query = quote(self.target, _ASCII).partition("?")
        return f"{self.origin}{path or '/'}{query and '?'}{query}"

    def __str__(self) -> str:
        return f"{self.origin}{self.target}{self.fragment}"


def parse_url(value: object) -> Url:
    """Read an http(s) URL that a person or a peer wrote, in any spelling of its host.

    Raises `Malformed` for anything else: another type or scheme, user names,
    spaces, backslashes, `%` in the host, addresses in disguise, port 0.
    """
    if not isinstance(value, str) or len(value) > MAX_URL:
        raise Malformed("an address must be a short text", code="url")
    return _read_url(value)


@lru_cache(maxsize=512)  # one activity names the same few addresses again and again
def _read_url(value: str) -> Url:
    match = _URL.fullmatch(value)
    if match is None:
        raise Malformed("an address must be an http or https URL", code="url")
    scheme, authority, target, fragment = match.groups("")
    origin = _read_origin(scheme.lower(), authority)
    return Url(origin, target, fragment, str(origin) == f"{scheme}://{authority}")


def read_id(value: object) -> str:
    """Return an id unchanged if it can be one; raise `Malformed` otherwise.

    `https://EXAMPLE.com:443/a` is refused: it would be a second name of
    `https://example.com/a`.  Path, query and fragment are never normalised.
    """
    if not parse_url(value).is_canonical:
        raise Malformed("the host of an id must be in canonical form", code="url-not-canonical")
    return str(value)


def origin_of(url: str) -> Origin:
    """The origin of a URL; raises `Malformed` when it has none."""
    return parse_url(url).origin


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs have the same origin; raises `Malformed` when one has none."""
    return origin_of(one) == origin_of(other)


@lru_cache(maxsize=4096)
def _read_origin(scheme: str, authority: str) -> Origin:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise Malformed("the address has no usable host", code="url-host")
    port = int(match[2] or PORTS[scheme])
    if not 1 <= port <= 65535:
        raise Malformed("the address has an impossible port", code="url-port")
    try:
        return Origin(scheme, _read_host(match[1]), port)
    except ValueError as error:  # of idna (UnicodeError) and of ipaddress
        raise Malformed("the address has no usable host", code="url-host") from error


def _read_host(host: str) -> str:
    if host.startswith("["):
        return str(IPv6Address(host[1:-1]))
    if not host.isascii() or "xn--" in host.lower():
        host = idna.encode(host, uts46=True).decode()
    host = host.lower().removesuffix(".")
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise ValueError(host)
    last = host.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):
        # Browsers read 127.1 and 0x7f000001 as addresses, so only the plain spelling may pass.
        return str(IPv4Address(host))
    return host


@dataclass(frozen=True, slots=True)
class Site:
    """The addresses of this node.

    Raises `Malformed` unless `url` is exactly an origin: no path, no trailing slash.
    """

    url: str
    #: Under which everything of ours has its id.
    origin: Origin = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", origin_of(self.url))
        if str(self.origin) != self.url:
            raise Malformed(f"the node's address must look like {self.origin}", code="url")

    @property
    def domain(self) -> str:
        """What follows the `@` in the handles of our actors: host, and port when unusual."""
        return self.origin.authority

    @property
    def instance_actor(self) -> str:
        """The actor that signs what the node asks for itself."""
        return f"{self.url}/actor"

    @property
    def shared_inbox(self) -> str:
        """The inbox that serves every actor of ours."""
        return f"{self.url}/inbox"

    def actor(self, kind: str, name: str) -> str:
        """The id of an actor; `kind` is its role or its ActivityStreams type, in any case."""
        shelf = _SHELVES.get(kind.lower())
        return f"{self.url}/{shelf}/{name}" if shelf else self.instance_actor

    def object(self, key: str) -> str:
        """The id of a post."""
        return f"{self.url}/o/{key}"

    def context(self, key: str) -> str:
        """The id of a thread."""
        return f"{self.url}/c/{key}"

    def activity(self, key: str) -> str:
        """The id of an activity that is not a Create."""
        return f"{self.url}/a/{key}"

    def is_local(self, uri: str) -> bool:
        """Whether we are the only ones who may speak for this URI; False when it is none."""
        return self.local_path(uri) is not None

    def local_path(self, uri: str) -> str | None:
        """What follows our origin in a URI of ours, as written, fragment included."""
        try:
            url = parse_url(uri)
        except Malformed:
            return None
        return f"{url.target}{url.fragment}" if url.origin == self.origin else None


def new_key() -> str:
    """Make the part of an id that tells it from all others: 26 characters, never given twice.

    It is a UUIDv7 in Crockford's base 32, so keys sort by the time they were made.
    """
    number = uuid_utils.uuid7().int
    return "".join([_KEY_PAIRS[number >> shift & 1023] for shift in range(_KEY_BITS - 10, -1, -10)])
