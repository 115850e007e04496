"""Running a node: checks before it starts, a socket, a signal that ends it.

Three ways to end.  SIGTERM and SIGINT: take no more connections, finish what is under way.
SIGUSR1, from the supervisor when a successor has the same sockets: the same, but everybody
connected is given the time to come back to the successor by themselves.  SIGQUIT, where
another machine takes over: tell balancers first, and take what they still send meanwhile.
"""

import asyncio
import gc
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import cast

import structlog
from aiohttp import web
from sqlalchemy import func, select

from fedi.accounts.models import Account
from fedi.accounts.signup import create_setup_link
from fedi.app import Role, create_app
from fedi.cli.identity import check_identity, introduce_network
from fedi.cli.listening import given, name_of
from fedi.cli.notify import is_first, notify
from fedi.cli.refusals import Refused, database_errors
from fedi.core.config import Config
from fedi.core.departure import Departure
from fedi.core.log import set_up_log
from fedi.core.node import Node, open_node
from fedi.core.version import VERSION
from fedi.migrations.state import require_current

#: Seconds that requests under way have to end.
GRACE = 10.0
#: Seconds in which balancers notice that `/readyz` says no.
NOTICE = 10.0
#: Seconds that kept connections have to be used once more, and so to be told to close.
LAST_WORDS = 10.0
#: Connections that wait to be taken when all processes are busy.
BACKLOG = 1024
#: Objects made before the collector looks at them; a request makes more than Python's 700.
COLLECT_AFTER = 10_000
#: Seconds after which a connection without a whole request is closed: longer than nginx (60) and
#: Caddy (120) keep theirs open, so that none is closed just when they use it again.
IDLE = 130.0
RELAXED = ("allow_private_addresses", "allow_http")

log = structlog.get_logger()


def run(settings: Config, role: Role) -> None:
    """Run a node on the sockets handed to this process until a signal ends it.

    Raises `BadSecret`, `NotMigrated`, `NewerDatabase`, and
    `Refused` for a directory that cannot be written.
    """
    set_up_log(settings.log.level, settings.log.format)
    _open_many_files()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, role))


def _open_many_files() -> None:
    """Take all the files we may have: a post for 2,000 servers keeps a connection to each.

    Systems give 1,024 at first, for programs of the last century that cannot count further.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(settings: Config, role: Role) -> None:
    departure = Departure()
    ended = _hear_signals()
    with database_errors():
        node = open_node(settings)
    try:
        await _check(node)
        async with _running(node, role, departure) as runner:
            async with _taking(runner) as addresses:
                where = ", ".join(addresses) or "nowhere"
                log.info("started", version=VERSION, url=node.site.url, role=role, listening=where)
                if role != "worker":
                    await introduce_network(node)
                    await _offer_setup(node)
                notify("READY=1")
                number = await ended
                log.info("stopping")
                if number == signal.SIGQUIT:
                    await _give_notice(departure)
            if number == signal.SIGUSR1:
                await _see_off(runner, departure)
    finally:
        await node.close()


def _hear_signals() -> asyncio.Future[int]:
    """The first signal that ends this process."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1):
        loop.add_signal_handler(number, end, number)
    return ended


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
async def _running(node: Node, role: Role, departure: Departure) -> AsyncIterator[web.AppRunner]:
    """Start the application; stop it in the end."""
    runner = web.AppRunner(
        create_app(node, role, departure),
        access_log=None,
        shutdown_timeout=GRACE,
        keepalive_timeout=IDLE,
        handle_signals=False,
    )
    await runner.setup()
    gc.freeze()  # What was read in order to start stays: the collector need not look at it.
    gc.set_threshold(COLLECT_AFTER)
    try:
        yield runner
    finally:
        departure.let_go()
        await runner.cleanup()


@asynccontextmanager
async def _taking(runner: web.AppRunner) -> AsyncIterator[Sequence[str]]:
    """Take connections inside the block; who still waits in the queue is for the successor."""
    serve = cast(web.Server, runner.server)  # it is there once the application has started
    loop = asyncio.get_running_loop()
    sockets, servers = given(), []
    names = [name_of(item) for item in sockets]
    for item in sockets:
        create = loop.create_unix_server if item.family == socket.AF_UNIX else loop.create_server
        servers.append(await create(serve, sock=item, backlog=BACKLOG))
    try:
        yield names
    finally:
        for server in servers:
            server.close()


async def _give_notice(departure: Departure) -> None:
    """Tell balancers, and go on serving until they have noticed."""
    departure.is_announced = True
    departure.let_go()
    await asyncio.sleep(NOTICE)


async def _see_off(runner: web.AppRunner, departure: Departure) -> None:
    """Wait until nobody is connected: each is told with the next answer to come back.

    A connection closed while it is idle may be closed just when it is used again.
    """
    departure.let_go()
    with suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS):
            server = cast(web.Server, runner.server)
            while server.connections:  # noqa: ASYNC110  aiohttp tells nobody when one ends
                await asyncio.sleep(0.05)


async def _offer_setup(node: Node) -> None:
    """While the node has no account, print a link that makes the first administrator."""
    if not is_first():
        return
    async with node.db.unit() as unit:
        if await unit.session.scalar(select(func.count()).select_from(Account)):
            return
        token = await create_setup_link(unit)
    print(f"To create the first administrator, open {node.site.url}/setup/{token}", flush=True)
