"""Running a node: checks before it starts, a socket, a signal that ends it."""

import asyncio
import errno
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web
from sqlalchemy import func, select

from fedi.accounts.models import Account
from fedi.accounts.signup import create_setup_link
from fedi.app import Role, create_app
from fedi.cli.identity import check_identity, introduce_network
from fedi.cli.refusals import Refused, database_errors
from fedi.core.config import Config
from fedi.core.log import set_up_log
from fedi.core.node import Node, open_node
from fedi.core.version import VERSION
from fedi.migrations.state import require_current

#: Seconds that requests under way have to end.
GRACE = 10.0
#: Objects made before the collector looks at them; a request makes more than Python's 700.
COLLECT_AFTER = 10_000
#: Seconds after which a connection without a whole request is closed: longer than nginx (60) and
#: Caddy (120) keep theirs open, so that none is closed just when they use it again.
IDLE = 130.0
RELAXED = ("allow_private_addresses", "allow_http")

log = structlog.get_logger()


@dataclass(frozen=True)
class Listen:
    """Where to listen when it is not where the settings say."""

    host: str | None = None
    port: int | None = None
    socket: Path | None = None


def run(settings: Config, role: Role, listen: Listen) -> None:
    """Run a node until SIGTERM or SIGINT.

    Raises `BadSecret`, `NotMigrated`, `NewerDatabase`, and
    `Refused` for a port in use or a directory that cannot be written.
    """
    set_up_log(settings.log.level, settings.log.format)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, role, listen))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(settings: Config, role: Role, listen: Listen) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with database_errors():
        node = open_node(settings)
    try:
        await _check(node)
        async with _running(node, role, listen) as address:
            log.info("started", version=VERSION, url=node.site.url, role=role, listening=address)
            if role != "worker":
                await introduce_network(node)
                await _offer_setup(node)
            await stop.wait()
            log.info("stopping")
    finally:
        await node.close()


async def _check(node: Node) -> None:
    """Refuse to start on what would fail later, with one line that says what to do."""
    for place in (node.config.node.data_dir, *node.config.database_files):
        if place.exists() and not os.access(place, os.W_OK):
            raise Refused(f"{place} cannot be written: check its owner")
    with database_errors():
        await require_current(node.db)
        await check_identity(node)
    for key in RELAXED:
        if getattr(node.config.federation, key):
            log.warning(f"federation.{key} is on: this node is for tests, keep it off the Internet")


@asynccontextmanager
async def _running(node: Node, role: Role, listen: Listen) -> AsyncIterator[str]:
    """Start the application, and its socket unless it only works; stop both in the end."""
    runner = web.AppRunner(
        create_app(node, role),
        access_log=None,
        shutdown_timeout=GRACE,
        keepalive_timeout=IDLE,
        handle_signals=False,
    )
    await runner.setup()
    gc.freeze()  # What was read in order to start stays: the collector need not look at it.
    gc.set_threshold(COLLECT_AFTER)
    try:
        yield "nowhere" if role == "worker" else await _listen(runner, node.config, listen)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Config, listen: Listen) -> str:
    socket = listen.socket or settings.listen.socket
    if socket is not None and listen.host is None and listen.port is None:
        await _start(web.UnixSite(runner, socket), str(socket))
        socket.chmod(0o660)  # the proxy is in the group of the node
        return str(socket)
    host = listen.host or settings.listen.host
    port = settings.listen.port if listen.port is None else listen.port
    await _start(web.TCPSite(runner, host, port), f"{host}:{port}")
    return f"{host}:{port}"


async def _start(site: web.BaseSite, address: str) -> None:
    try:
        await site.start()
    except OSError as error:
        reason = (
            "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror
        )
        raise Refused(f"cannot listen on {address}: {reason}") from error


async def _offer_setup(node: Node) -> None:
    """While the node has no account, print a link that makes the first administrator."""
    async with node.db.unit() as unit:
        if await unit.session.scalar(select(func.count()).select_from(Account)):
            return
        token = await create_setup_link(unit)
    print(f"To create the first administrator, open {node.site.url}/setup/{token}", flush=True)
