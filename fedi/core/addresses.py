"""Where this node may connect: names, ports and network addresses.

A name proves nothing: it may resolve to this machine, now or at the second
question.  So names are only sieved here, and the decision falls where the
socket is made, on the very address it will connect to.
"""

import asyncio
import socket
from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from fedi.core.errors import ForbiddenAddress
from fedi.core.urls import Origin, Site, Url, parse_url

DNS_SECONDS = 5
PUBLIC_PORTS = frozenset({443, 8443})

Network = IPv4Network | IPv6Network

#: Names that never belong to a server on the Internet (RFC 6761, 6762, 7686, 8375, 9476).
_RESERVED_NAMES = frozenset(
    {"alt", "arpa", "example", "home", "i2p", "internal", "invalid", "lan", "local"}
    | {"localhost", "onion", "test"}
)


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(map(ip_network, text.split()))


#: The special-purpose registries of IANA, of which `ipaddress.is_global` knows fewer.
_CLOSED_V4 = _networks(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
    "192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 "
    "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
#: IPv6 is open where unicast addresses are given out, less the ranges that lead elsewhere.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = _networks("2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20")


class Denied(OSError):
    """The address is not one this node connects to."""


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet; False when it is no address."""
    ip = _read_address(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _CLOSED_V4)
    if isinstance(ip, IPv6Address):
        return ip in _OPEN_V6 and not any(ip in network for network in _CLOSED_V6)
    return False


def _read_address(address: str) -> IPv4Address | IPv6Address | None:
    """Read an address; one of IPv4 written as IPv6 is that IPv4 address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        return None if ip.scope_id else ip.ipv4_mapped or ip
    return ip


class Gate:
    """The rules of one node about what it may connect to."""

    def __init__(
        self,
        site: Site,
        *,
        allow_private: bool = False,
        allow_http: bool = False,
        ports: Collection[int] = PUBLIC_PORTS,
        also: Iterable[str] = (),
    ) -> None:
        """Let through the public Internet, and the networks in `also`, over https.

        `allow_private` opens every address and name, `allow_http` plain http; both
        open every port.
        """
        self._site = site
        self._allow_private = allow_private
        self._allow_http = allow_http
        self._ports = ports
        self._also = tuple(ip_network(network) for network in also)

    def admit(self, url: object) -> Url:
        """Read a URL we are about to ask; raises `Malformed` or `ForbiddenAddress`."""
        target = parse_url(url)
        reason = self._objection(target.origin)
        if reason is not None:
            raise ForbiddenAddress(f"{target.origin} is never asked: {reason}", code=reason)
        return target

    def _objection(self, origin: Origin) -> str | None:
        if origin == self._site.origin:
            return "own-address"
        if origin.scheme != "https" and not self._allow_http:
            return "plain-http"
        if self._allow_private:
            return None
        if origin.port not in self._ports and not self._allow_http:
            return "unusual-port"
        if origin.is_ip_literal:
            return "ip-literal"
        parent, _, last = origin.host.rpartition(".")
        return "reserved-name" if not parent or last in _RESERVED_NAMES else None

    def permits(self, address: str) -> bool:
        """Whether a socket may connect to this IP address."""
        if self._allow_private or is_public(address):
            return True
        ip = _read_address(address)
        return ip is not None and any(ip in network for network in self._also)

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for one address, or raise `Denied`.

        aiohttp passes here for names, literals, redirects and every second answer of
        the DNS alike; a resolver is not asked about literals.
        """
        family, kind, protocol, _, address = info
        if not self.permits(str(address[0])):
            raise Denied(f"{address[0]} is not a public address")
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """A resolver that refuses a name as soon as one of its addresses is forbidden.

    A name with a public and a private address is how rebinding is prepared.
    """

    def __init__(self, gate: Gate, resolver: AbstractResolver | None = None) -> None:
        self._gate = gate
        self._resolver = resolver or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Ask the DNS; raises `Denied`, or `OSError` when there is no answer in five seconds."""
        async with asyncio.timeout(DNS_SECONDS):
            answers = await self._resolver.resolve(host, port, family)
        for answer in answers:
            if not self._gate.permits(answer["host"]):
                raise Denied(f"{host} resolves to {answer['host']}")
        return answers

    async def close(self) -> None:
        """Close the resolver that is asked."""
        await self._resolver.close()
