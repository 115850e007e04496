"""Whose word on a caller's address counts: that of our own proxies, and nobody else's."""

from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Middleware
from aiohttp_remotes import XForwardedFiltered

from fedi.web.negotiate import Handler


def know_proxies(trusted: Sequence[str]) -> Callable[[web.Request], bool]:
    """Tell whether a request was handed over by one of these, or over our socket."""
    networks = [ip_network(text) for text in trusted]

    def is_ours(request: web.Request) -> bool:
        if not networks:
            return False
        peer = request.transport.get_extra_info("peername") if request.transport else None
        if not peer:  # a Unix socket has no addresses
            return True
        address = ip_address(peer[0])
        return any(address in network for network in networks)

    return is_ours


def trust_proxies(trusted: Sequence[str]) -> Middleware:
    """Read `X-Forwarded-*` on requests that come from these networks, or over our socket."""
    proxy = XForwardedFiltered(set(trusted))
    is_ours = know_proxies(trusted)

    @web.middleware
    async def forwarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_ours(request):
            response: web.StreamResponse = await proxy.middleware(request, handler)
            return response
        return await handler(request)

    return forwarded
