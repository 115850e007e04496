"""The application: the doors, what they share, and the loops behind them."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Literal

from aiohttp import web

from actors.appkeys import AUTHENTICATOR, JOURNAL, POLICIES
from actors.authenticate import Authenticator
from actors.journal import Journal
from actors.keys import signing_key
from actors.local import instance_actor
from actors.nodeinfo import describe_due
from actors.policies import Policies
from fedi.core.appkeys import NODE
from fedi.core.jobs import take_back
from fedi.core.node import Node
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import Scheme, sign
from fedi.core.urls import parse_url
from fedi.routes import add_routes
from fedi.web.keys import FIND_POST, LIMITS
from fedi.web.limits import make_limits
from fedi.web.middleware import guard, know_reader, show_errors
from fedi.web.proxies import trust_proxies
from fedi.web.render import set_up_templates
from fedi.worker import Chore, Loop, running
from inbox.backfill import Backfiller
from inbox.guard import Guard
from inbox.keys import ACCEPTOR, GUARD
from inbox.models import Backfill, InboxItem
from inbox.processor import Processor
from inbox.receive import Acceptor
from inbox.resolve import Resolver
from outbox.deliverer import Deliverer
from outbox.models import Delivery

Role = Literal["all", "web", "worker"]

#: Bytes of a request's body that aiohttp takes in at all; the inbox has a bound of its own.
MAX_BODY = 1024 * 1024
#: Between two looks for peers of whom we do not know, or no longer know, what they run.
DESCRIBE_SECONDS = 20
#: Between two writings of what the doors noted for the federation journal.
JOURNAL_SECONDS = 5


def create_app(node: Node, role: Role = "all") -> web.Application:
    """Put a node together: `web` answers requests, `worker` runs the loops, `all` does both."""
    proxies = trust_proxies(node.config.listen.trusted_proxies)
    app = web.Application(middlewares=[proxies, show_errors, know_reader], client_max_size=MAX_BODY)
    app.on_response_prepare.append(guard)
    policies = Policies(node.db, node.config.federation.mode)
    journal = Journal(node.db)
    acceptor = Acceptor(node)
    resolver = Resolver(node, policies)
    app[NODE] = node
    app[POLICIES] = policies
    app[JOURNAL] = journal
    app[AUTHENTICATOR] = Authenticator(node, policies, journal)
    app[ACCEPTOR] = acceptor
    app[GUARD] = Guard(node.config.limits.inbox_per_minute)
    app[FIND_POST] = resolver.find_post
    app[LIMITS] = make_limits(node.config.limits)
    set_up_templates(app, node.config)
    add_routes(app)

    listening: list[Loop] = [acceptor]
    working: list[Loop] = [
        Processor(node, resolver, journal),
        Backfiller(node, resolver),
        Deliverer(node),
        Chore(partial(describe_due, node), every=DESCRIBE_SECONDS),
    ]
    loops = (listening if role != "worker" else []) + (working if role != "web" else [])
    loops.append(Chore(journal.flush, every=JOURNAL_SECONDS, at_end=True))
    app.cleanup_ctx.append(_keep_running(node, loops, role))
    return app


def _keep_running(
    node: Node, loops: Sequence[Loop], role: Role
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def context(_: web.Application) -> AsyncIterator[None]:
        await sign_requests(node)
        if role != "web" and not node.db.is_shared:
            await take_up(node)
        async with running(loops):
            yield

    return context


async def take_up(node: Node) -> None:
    """Go on at once with what the process before us had in hand if it was killed."""
    async with node.db.unit() as unit:
        for jobs in (InboxItem, Delivery, Backfill):
            await take_back(unit, jobs)


async def sign_requests(node: Node) -> None:
    """Let the outbound client sign what it asks for, as the instance actor (FEP-2677)."""
    async with node.db.reading() as unit:
        key = await signing_key(unit, await instance_actor(unit))

    def sign_get(scheme: Scheme, url: str) -> dict[str, str]:
        address = parse_url(url)
        path = address.request.removeprefix(str(address.origin))
        request = Request("GET", address.origin.scheme, address.origin.authority, path, (), b"")
        return sign(request, key, scheme, node.clock())

    node.fetcher.signers = [partial(sign_get, "cavage"), partial(sign_get, "rfc9421")]
