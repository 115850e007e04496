"""GET /metrics: what happened in this node, for Prometheus and for `fedi top`.

With several processes on a machine (`fedi serve --workers N`) they count in files of one
directory, and whoever is asked answers for all of them.
"""

import asyncio
import hmac
import os
from ipaddress import ip_address, ip_network
from pathlib import Path

from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from fedi.core.appkeys import NODE
from fedi.core.config import MetricsSection
from fedi.web.keys import SURVEY

SHARED = "PROMETHEUS_MULTIPROC_DIR"
#: A request with one of these was passed on: its address is only that of a proxy.
_FORWARDED = (hdrs.X_FORWARDED_FOR, hdrs.FORWARDED, hdrs.VIA)


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics, for the addresses and the token of the settings; 403 for everybody else."""
    node = request.app[NODE]
    if not may_read(request, node.config.metrics):
        raise web.HTTPForbidden(text="metrics.allowed and metrics.token say who may read this\n")
    await request.app[SURVEY].refresh()
    shared = os.environ.get(SHARED)
    body = await asyncio.to_thread(_of_all, Path(shared)) if shared else generate_latest(REGISTRY)
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})


def may_read(request: web.BaseRequest, settings: MetricsSection) -> bool:
    """Whether a request carries the token, or comes from an allowed address.

    What a proxy passes on that is not among `listen.trusted_proxies` comes from nowhere, or all
    the world would come from this machine.
    """
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if settings.token and scheme.lower() == "bearer":
        return hmac.compare_digest(token.strip().encode(), settings.token.encode())
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if not peer:  # a Unix socket has no addresses
        return False
    if request.remote == peer[0] and any(name in request.headers for name in _FORWARDED):
        return False
    address = ip_address(request.remote or peer[0])
    return any(address in ip_network(network) for network in settings.allowed)


def _of_all(folder: Path) -> bytes:
    """What all processes counted, also those that have ended, and what the living have."""
    for file in folder.glob("gauge_live*_*.db"):
        if not _lives(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]  # has no types
    return generate_latest(registry)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
