"""Examining a node: each test gives one finding, and says what to do about it."""

import asyncio
import ctypes
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

from sqlalchemy import func, select

from actors.keys import signing_key
from actors.local import instance_actor
from fedi.cli.identity import check_identity
from fedi.cli.refusals import Refused, database_errors
from fedi.core.config import Config
from fedi.core.errors import FediError
from fedi.core.fetch import Fetcher
from fedi.core.node import Node, open_node
from fedi.core.urls import Site
from fedi.core.version import VERSION
from fedi.core.vocab import JRD_JSON
from fedi.migrations.state import HEAD, require_current
from inbox.models import InboxItem
from outbox.models import Delivery

#: Work that is due and waits longer than this is not being done.
SLOW = timedelta(minutes=10)
#: A certificate that ends sooner should have been renewed already.
RENEWAL = timedelta(days=14)
FREE_MB = 500
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class State(StrEnum):
    """How serious a finding is."""

    FINE = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """What one test found, and what to do about it."""

    subject: str
    state: State
    text: str
    advice: str = ""

    def as_row(self) -> dict[str, str]:
        """The finding for programs."""
        return {
            "check": self.subject,
            "state": self.state.value,
            "found": self.text,
            "advice": self.advice,
        }


async def examine(settings: Config) -> AsyncIterator[Finding]:
    """Examine settings, database and queue, then the node as others see it.

    The tests of the database stop at the first problem, for the next ones need it.
    """
    yield Finding("settings", State.FINE, f"the node is {settings.site.url}")
    with database_errors():
        node = open_node(settings)
    try:
        for test in (_database, _keys, _queue, _inbox):
            finding = await _guarded(test, node)
            yield finding
            if finding.state is State.PROBLEM:
                break
    finally:
        await node.close()
    yield _disk(settings)
    yield _clock()
    for look in (_name, _certificate, _webfinger):
        yield await look(settings)


async def _guarded(test: Callable[[Node], Awaitable[Finding]], node: Node) -> Finding:
    try:
        with database_errors():
            return await test(node)
    except FediError as error:
        return Finding("database", State.PROBLEM, str(error), _database_advice(error))


def _database_advice(error: FediError) -> str:
    if error.code == "other-network":
        return "set them back, or give this network a database of its own"
    if isinstance(error, Refused):
        return "check node.database, and that the data directory belongs to the node"
    return ""


async def _database(node: Node) -> Finding:
    await require_current(node.db)
    await check_identity(node)
    return Finding("database", State.FINE, f"it is at revision {HEAD}")


async def _keys(node: Node) -> Finding:
    async with node.db.reading() as unit:
        try:
            await signing_key(unit, await instance_actor(unit))
        except FediError as error:
            advice = f"restore {node.config.secret_path} from the backup of this node"
            return Finding("keys", State.PROBLEM, str(error), advice)
    return Finding("keys", State.FINE, "the secret key opens them")


async def _queue(node: Node) -> Finding:
    async with node.db.reading() as unit:
        query = select(func.count(), func.min(Delivery.next_attempt_at)).where(
            Delivery.finished_at.is_(None)
        )
        waiting, oldest = (await unit.session.execute(query)).one()
        return _waiting("deliveries", waiting, oldest, unit.now)


async def _inbox(node: Node) -> Finding:
    async with node.db.reading() as unit:
        query = select(func.count(), func.min(InboxItem.next_attempt_at)).where(
            InboxItem.finished_at.is_(None), InboxItem.next_attempt_at.is_not(None)
        )
        waiting, oldest = (await unit.session.execute(query)).one()
        return _waiting("received activities", waiting, oldest, unit.now)


def _waiting(subject: str, count: int, due: datetime | None, now: datetime) -> Finding:
    text = f"{count} waiting"
    if due is None or due > now - SLOW:
        return Finding(subject, State.FINE, text)
    minutes = int((now - due).total_seconds() // 60)
    text = f"{text}, the oldest due for {minutes} minutes"
    return Finding(subject, State.PROBLEM, text, "is `fedi serve` running?  Read its log.")


def _disk(settings: Config) -> Finding:
    try:
        free = shutil.disk_usage(settings.node.data_dir).free // 1_000_000
    except OSError as error:
        return Finding("disk", State.PROBLEM, f"{settings.node.data_dir}: {error.strerror}")
    if free < FREE_MB:
        return Finding("disk", State.WARNING, f"{free} MB are free", "make room before it is full")
    return Finding("disk", State.FINE, f"{free} MB are free")


def _clock() -> Finding:
    """Signed requests carry a date: peers refuse those of a clock that is an hour off."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256))
    except (OSError, AttributeError):
        return Finding("clock", State.WARNING, "this system does not tell whether it is set")
    if state == TIME_ERROR:
        advice = "unless the host of this machine does it: timedatectl set-ntp true"
        return Finding("clock", State.WARNING, "nothing keeps the clock on time", advice)
    return Finding("clock", State.FINE, f"it is {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")


async def _name(settings: Config) -> Finding:
    origin = settings.site.origin
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = f"add an A or AAAA record for {origin.host} at your registrar"
        return Finding("name", State.PROBLEM, f"{origin.host}: {error.strerror}", advice)
    addresses = ", ".join(sorted({str(item[4][0]) for item in found}))
    return Finding("name", State.FINE, f"{origin.host} is {addresses}")


async def _certificate(settings: Config) -> Finding:
    origin = settings.site.origin
    if origin.scheme != "https":
        return Finding("certificate", State.FINE, "none is needed: the address is http")
    advice = "give the proxy a certificate of a public authority, and have it renewed"
    try:
        ends = await asyncio.to_thread(_certificate_end, origin.host, origin.port)
    except OSError as error:  # of ssl too
        return Finding("certificate", State.PROBLEM, str(error), advice)
    text = f"it is valid until {ends:%Y-%m-%d}"
    if ends - datetime.now(UTC) < RENEWAL:
        return Finding("certificate", State.WARNING, text, advice)
    return Finding("certificate", State.FINE, text)


def _certificate_end(host: str, port: int) -> datetime:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        certificate = secure.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)


async def _webfinger(settings: Config) -> Finding:
    """Ask for the network as a stranger would: through the DNS, the proxy and its certificate."""
    account = f"acct:{settings.network.handle}@{settings.site.domain}"
    url = f"{settings.site.url}/.well-known/webfinger?resource={quote(account, safe='')}"
    stranger = Fetcher(
        Site("https://stranger.invalid"),
        user_agent=f"fedi/{VERSION} (doctor)",
        allow_private=settings.federation.allow_private_addresses,
        allow_http=settings.federation.allow_http,
    )
    try:
        found = (await stranger.get_json(url, accept=JRD_JSON)).document
    except FediError as error:
        return Finding("discovery", State.PROBLEM, str(error), _advice(error.code, settings))
    finally:
        await stranger.close()
    if found.get("subject") != account:
        text = f"{url} answers for {found.get('subject')}"
        return Finding("discovery", State.PROBLEM, text, "another program answers there")
    return Finding("discovery", State.FINE, f"others find @{account.removeprefix('acct:')}")


def _advice(code: str, settings: Config) -> str:
    listen = settings.listen.socket or f"{settings.listen.host}:{settings.listen.port}"
    advices = {
        "dns": "see `name` above",
        "tls": "see `certificate` above",
        "private-address": "the name leads into a private network: others cannot reach it",
        "not-found": "does the proxy pass /.well-known/webfinger to the node?",
        "http-502": f"is `fedi serve` running?  The proxy must pass requests to {listen}",
        "connect": "is `fedi serve` running, and the proxy before it?",
    }
    return advices.get(code, f"the proxy must pass every request to {listen}")
