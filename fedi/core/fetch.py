"""The one way out: every connection this node opens to another server is opened here.

What comes back may be hostile.  Addresses are checked where the socket is made,
time and size are bounded while bytes arrive, and a document is believed only when
it was found at its own id, with the media type of ActivityStreams.
"""

import asyncio
import contextlib
import ssl
from collections import OrderedDict
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urldefrag, urljoin

import aiohttp
from aiohttp import ClientSession  # noqa: TID251 - banned everywhere but here
from aiohttp.abc import AbstractResolver
from yarl import URL

from fedi.core.addresses import PUBLIC_PORTS, Gate, GuardedResolver
from fedi.core.answers import (
    Answer,
    Fetched,
    NotADocument,
    is_activity_type,
    is_json_type,
    read_alternate,
    read_retry_after,
)
from fedi.core.budget import Budget, Failures
from fedi.core.errors import BudgetSpent, FediError, Gone, Malformed
from fedi.core.faults import check_status, peer_errors
from fedi.core.jsonld import parse_document
from fedi.core.urls import Origin, Site, Url, parse_url, read_id
from fedi.core.vocab import ACCEPT, TOMBSTONE

__all__ = ["Answer", "Budget", "Fetched", "Fetcher", "Patience", "Signer"]

#: Given the URL of a GET, the headers that sign it.
Signer = Callable[[str], Mapping[str, str]]

MAX_DOCUMENT = 1024 * 1024
MAX_DESCRIPTION = 64 * 1024  # WebFinger and NodeInfo
MAX_REMARK = 2048  # of a peer's answer to a POST
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: By these, servers say that they cannot read a signature: most 401, NodeBB 400.
UNREAD = frozenset({400, 401})
LEARNED = 1024
CONNECTIONS = 100
CONNECTIONS_PER_HOST = 2
KEEP_ALIVE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a peer may take."""

    connect: float = 5  # TCP and TLS together
    read: float = 10  # between two pieces of an answer
    get: float = 30  # a document, its redirects included
    post: float = 15
    remark: float = 1  # the body of an answer whose status we know already


@dataclass(frozen=True, slots=True)
class _Wish:
    """What we want to read, and what we are willing to take for it."""

    accept: str
    suits: Callable[[str], bool]
    limit: int
    any_origin: bool
    tombstones: bool = False  # a 410 with a Tombstone is an answer


class Fetcher:
    """The client of one node, shared by all its parts.

    `signers` may be set once the keys of the instance actor are loaded; from then on every
    GET is signed, each hop of a redirect anew: by the first of them, and when a server
    cannot read that, by the next.  Which one it took is remembered.
    """

    def __init__(
        self,
        site: Site,
        *,
        user_agent: str,
        allow_private: bool = False,
        allow_http: bool = False,
        signers: Sequence[Signer] = (),
        ports: Collection[int] = PUBLIC_PORTS,
        also: Iterable[str] = (),
        patience: Patience = Patience(),
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened before the first request.

        `ports` and `also` (networks) widen what `Gate` lets through; `resolver` and
        `tls` replace the DNS and the certificates of the machine.
        """
        self.signers = signers
        self._gate = Gate(
            site, allow_private=allow_private, allow_http=allow_http, ports=ports, also=also
        )
        self._user_agent = user_agent
        self._patience = patience
        self._resolver = resolver
        self._tls = tls
        self._opened: ClientSession | None = None
        self._flights: dict[str, asyncio.Task[Fetched]] = {}
        self._failures = Failures()
        self._learned: OrderedDict[Origin, Signer] = OrderedDict()

    async def close(self) -> None:
        """Give up what is under way and close the connections."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        if self._opened is not None:
            await self._opened.close()

    async def get_document(
        self,
        url: str,
        budget: Budget | None = None,
        *,
        any_origin: bool = False,
        fresh: bool = False,
        tombstones: bool = False,
    ) -> Fetched:
        """Fetch an ActivityStreams document whose `id` is where it was found.

        A document that names another id is fetched once more, from there.  Both must be
        of the origin of `url`, unless `any_origin` says that the URL is a mere link.
        Callers that ask for one URL at one time share one fetch, and failures are
        remembered for minutes: `fresh` asks in spite of them.  With `tombstones` the Tombstone
        that stands where something was removed is taken, whatever its status.

        Raises `Unreachable`, `NotFound`, `Gone`, `Malformed`, `ForbiddenAddress`, `BudgetSpent`.
        """
        wish = _Wish(ACCEPT, is_activity_type, MAX_DOCUMENT, any_origin, tombstones)
        fetch = partial(self._get_identified, url, wish, budget)
        return await self._once(f"{url} {any_origin} {tombstones}", fetch, budget, fresh=fresh)

    async def get_json(
        self,
        url: str,
        *,
        accept: str = "application/json",
        limit: int = MAX_DESCRIPTION,
        budget: Budget | None = None,
        any_origin: bool = False,
    ) -> Fetched:
        """Fetch JSON that is no ActivityStreams: WebFinger, NodeInfo.  Raises as `get_document`."""
        async with _within(budget):
            return await self._get(url, _Wish(accept, is_json_type, limit, any_origin), budget)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body with headers that are complete and signed; redirects are not followed.

        Returns whatever status the peer answers.  Raises `Unreachable` when it does
        not answer, `Malformed` or `ForbiddenAddress` when it cannot be asked.
        """
        target = self._gate.admit(url)
        with peer_errors():
            async with (
                asyncio.timeout(self._patience.post),
                self._session.post(
                    _wire(target), data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                remark = await self._read_remark(response)
                return Answer(response.status, read_retry_after(response.headers), remark)

    @property
    def _session(self) -> ClientSession:
        if self._opened is None:
            self._opened = self._open_session()
        return self._opened

    def _open_session(self) -> ClientSession:
        connector = aiohttp.TCPConnector(
            limit=CONNECTIONS,
            limit_per_host=CONNECTIONS_PER_HOST,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            resolver=GuardedResolver(self._gate, self._resolver),
            socket_factory=self._gate.open_socket,
            ssl=self._tls or True,
        )
        return ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self._patience.connect, sock_read=self._patience.read
            ),
        )

    async def _once(
        self,
        key: str,
        fetch: Callable[[], Coroutine[Any, Any, Fetched]],
        budget: Budget | None,
        *,
        fresh: bool,
    ) -> Fetched:
        if budget is not None and key in budget.answers and not fresh:
            budget.spend_again()
            return budget.answers[key]
        if not fresh:
            self._failures.check(key)
        while True:
            joined = key in self._flights
            flight = self._flights.get(key) or self._depart(key, fetch)
            async with _within(budget):
                try:
                    fetched = await asyncio.shield(flight)
                except BudgetSpent:
                    if joined:  # It was the budget of whoever asked first, not ours.
                        continue
                    raise
            if budget is not None:
                budget.answers[key] = fetched
            return fetched

    def _depart(
        self, key: str, fetch: Callable[[], Coroutine[Any, Any, Fetched]]
    ) -> asyncio.Task[Fetched]:
        flight = asyncio.create_task(fetch())
        self._flights[key] = flight
        flight.add_done_callback(partial(self._land, key))
        return flight

    def _land(self, key: str, flight: asyncio.Task[Fetched]) -> None:
        del self._flights[key]
        if flight.cancelled():
            return
        error = flight.exception()
        if isinstance(error, FediError) and not isinstance(error, BudgetSpent):
            self._failures.remember(key, error)
        elif error is None:
            self._failures.forget(key)

    async def _get_identified(self, url: str, wish: _Wish, budget: Budget | None) -> Fetched:
        """Fetch a document and hold it to its id (CVE-2024-23832)."""
        fetched = await self._get(url, wish, budget)
        claimed = read_id(fetched.document.get("id"))
        if claimed in {url, urldefrag(url).url, fetched.url}:
            return fetched
        if not wish.any_origin and parse_url(claimed).origin != parse_url(url).origin:
            raise Malformed(f"{url} serves an id of another server", code="id-mismatch")
        fetched = await self._get(claimed, wish, budget)
        if fetched.document.get("id") != claimed:
            raise Malformed(f"{claimed} does not serve its own id", code="id-mismatch")
        return fetched

    async def _get(self, url: str, wish: _Wish, budget: Budget | None) -> Fetched:
        with peer_errors():
            async with asyncio.timeout(self._patience.get):
                return await self._follow(url, wish, budget)

    async def _follow(self, url: str, wish: _Wish, budget: Budget | None) -> Fetched:
        """Go from redirect to redirect; each hop is a request of its own, checked and signed."""
        target = self._gate.admit(url)
        first = target.origin
        for _ in range(1 + MAX_REDIRECTS):
            if target.origin != first and not wish.any_origin:
                raise Malformed(f"{url} leads to another server", code="redirect-origin")
            async with self._ask(target, wish, budget) as response:
                if response.status not in REDIRECTS:
                    return await _read(target, response, wish)
                target = self._gate.admit(_next_hop(target, response))
        raise Malformed(f"{url} redirects too often", code="redirect-loop")

    @contextlib.asynccontextmanager
    async def _ask(
        self, target: Url, wish: _Wish, budget: Budget | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """GET, signed in one way after the other until the server can read it."""
        preferred = self._learned.get(target.origin)
        ways = sorted(self.signers, key=lambda way: way is not preferred) or [_unsigned]
        for way in ways:
            if budget is not None:
                budget.spend(target)
            headers = {"Accept": wish.accept, **way(target.request)}
            async with self._session.get(
                _wire(target), headers=headers, allow_redirects=False
            ) as response:
                is_read = response.status not in UNREAD
                if not is_read and way is not ways[-1]:
                    continue
                if is_read:
                    self._learn(target.origin, way)
                yield response
                return

    def _learn(self, origin: Origin, way: Signer) -> None:
        self._learned[origin] = way
        self._learned.move_to_end(origin)
        if len(self._learned) > LEARNED:
            self._learned.popitem(last=False)

    async def _read_remark(self, response: aiohttp.ClientResponse) -> str:
        """The beginning of an answer that is already decided, if it comes at once."""
        if response.content.is_eof():  # it has come, so nobody needs to watch the clock
            return response.content.read_nowait(MAX_REMARK).decode("utf-8", "replace")
        remark = b""
        with contextlib.suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(self._patience.remark):
                while len(remark) < MAX_REMARK and (piece := await response.content.read(4096)):
                    remark += piece
        return remark[:MAX_REMARK].decode("utf-8", "replace")


def _unsigned(url: str) -> Mapping[str, str]:
    return {}


@lru_cache(maxsize=512)  # inboxes are asked again and again
def _wire(target: Url) -> URL:
    """The URL exactly as it was signed: yarl would otherwise tidy it up."""
    return URL(target.request, encoded=True)


def _next_hop(target: Url, response: aiohttp.ClientResponse) -> str:
    location = response.headers.get("Location")
    if not location:
        raise Malformed("a redirect leads nowhere", code="redirect")
    return urljoin(target.request, location)


async def _read(target: Url, response: aiohttp.ClientResponse, wish: _Wish) -> Fetched:
    suits = wish.suits(response.headers.get("Content-Type", ""))
    removed = response.status == HTTPStatus.GONE and wish.tombstones and suits
    if not removed:
        check_status(target, response.status)
    if not suits:
        alternate = read_alternate(", ".join(response.headers.getall("Link", [])))
        raise NotADocument(f"{target} is not the document it should be", alternate=alternate)
    body = bytearray()
    announced = response.content_length or 0
    while max(announced, len(body)) <= wish.limit:
        if not (piece := await response.content.readany()):
            break
        body += piece
    else:
        raise Malformed(f"{target} is too large", code="too-large")
    document = parse_document(bytes(body))
    if removed and document.get("type") != TOMBSTONE:
        raise Gone(f"{target} was removed")
    return Fetched(document, bytes(body), str(target), response.headers.get("ETag"))


@contextlib.asynccontextmanager
async def _within(budget: Budget | None) -> AsyncIterator[None]:
    """Leave when the time of a budget is over."""
    try:
        async with asyncio.timeout(None if budget is None else budget.seconds_left):
            yield
    except TimeoutError as error:
        raise BudgetSpent(code="budget-time") from error
