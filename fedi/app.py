"""The application: the doors, what they share, and the loops behind them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import time
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
from fedi.accounts.mailer import Mailer
from fedi.belongings.erasing import erase_who_left
from fedi.belongings.exports import Exporter, take_down_exports
from fedi.core.appkeys import NODE
from fedi.core.departure import Departure
from fedi.core.images import Gallery
from fedi.core.jobs import take_back
from fedi.core.leader import leadership
from fedi.core.node import Node
from fedi.core.pulse import Pulse
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import Scheme, sign
from fedi.core.survey import Survey
from fedi.core.urls import parse_url
from fedi.debates.search.keeping import Indexer
from fedi.moderation.acts import lift_suspensions
from fedi.retention import prune
from fedi.routes import add_routes, add_watching
from fedi.web.health import let_go
from fedi.web.keys import (
    DEPARTURE,
    FIND_POST,
    GALLERY,
    LIMITS,
    LIVE,
    MORE_DEBATES,
    RECEIVED,
    SURVEY,
)
from fedi.web.limits import make_limits
from fedi.web.live import Live
from fedi.web.middleware import guard, know_reader, show_errors
from fedi.web.opened import OPENED, Opened
from fedi.web.proxies import trust_proxies
from fedi.web.render import set_up_templates
from fedi.web.seen import SEEN, Seen
from fedi.web.sharing import answer_again
from fedi.web.watch import watch_requests
from fedi.worker import Chore, Daily, Loop, leading, running
from inbox.backfill import Backfiller
from inbox.copies import ask_for_more
from inbox.guard import Guard
from inbox.kept import body_received
from inbox.keys import ACCEPTOR, GUARD
from inbox.models import Backfill, InboxItem
from inbox.partners import meet_partners
from inbox.processor import Processor
from inbox.receive import Acceptor
from inbox.reconciliation import complete_opened, reconcile
from inbox.resolve import Resolver
from outbox.deliverer import Deliverer
from outbox.models import Delivery

Role = Literal["all", "web", "worker"]

#: The tables whose rows wait to be worked on.
QUEUES = (InboxItem, Delivery, Backfill)
#: Bytes of a request's body that aiohttp takes in at all; the inbox has a bound of its own.
MAX_BODY = 1024 * 1024
#: Between two looks for peers of whom we do not know, or no longer know, what they run.
DESCRIBE_SECONDS = 20
#: Between two looks for networks that keep copies and that we have not met.
PARTNERS_SECONDS = 60
#: Between two looks for suspensions whose time has come.
SUSPENSION_SECONDS = 60
#: Between two writings of what the doors noted for the federation journal.
JOURNAL_SECONDS = 5
#: Between two writings of what members have read.
SEEN_SECONDS = 2
#: When nightly work is done: in Europe, few are there.
NIGHT = time(2, 30)


def create_app(
    node: Node, role: Role = "all", departure: Departure | None = None
) -> web.Application:
    """Put a node together: `web` answers requests, `worker` runs the loops, `all` does both.

    `departure` tells how far the process is on its way out.
    """
    app = _bare_app(node)
    policies = Policies(node.db, node.config.federation.mode)
    journal = Journal(node.db)
    acceptor = Acceptor(node)
    resolver = Resolver(node, policies)
    app[NODE] = node
    app[DEPARTURE] = departure = departure or Departure()
    app[LIVE] = Live(node, departure)
    app[POLICIES] = policies
    app[JOURNAL] = journal
    app[AUTHENTICATOR] = Authenticator(node, policies, journal)
    app[ACCEPTOR] = acceptor
    app[GUARD] = Guard(node.config.limits.inbox_per_minute)
    app[FIND_POST] = resolver.find_post
    app[MORE_DEBATES] = lambda origin: ask_for_more(node, origin)
    app[RECEIVED] = body_received
    app[GALLERY] = Gallery(node.config.media_dir)
    app[LIMITS] = make_limits(node.config.limits)
    app[SEEN] = seen = Seen(node.db)
    app[OPENED] = opened = Opened(partial(complete_opened, node))
    app[SURVEY] = Survey(node, QUEUES)
    set_up_templates(app, node.config)
    (add_watching if role == "worker" else add_routes)(app)

    journaling = Chore(journal.flush, every=JOURNAL_SECONDS, at_end=True)
    marking = Chore(seen.flush, every=SEEN_SECONDS, at_end=True)
    completing = Chore(opened.flush, every=SEEN_SECONDS)

    def work() -> list[Loop]:
        return [
            Processor(node, resolver, journal),
            Backfiller(node, resolver),
            Deliverer(node),
            Mailer(node),
            Exporter(node),
        ]

    app.cleanup_ctx.append(
        _keep_running(
            node,
            always=[Pulse(), journaling, node.signals],
            listening=[acceptor, marking, completing] if role != "worker" else [],
            work=work if role != "web" else None,
        )
    )
    return app


def _bare_app(node: Node) -> web.Application:
    """An application without addresses: what every request goes through, on whatever one."""
    trusted = node.config.listen.trusted_proxies
    app = web.Application(
        middlewares=[
            watch_requests(trusted),
            answer_again,
            *([trust_proxies(trusted)] if trusted else []),
            show_errors,
            know_reader,
        ],
        client_max_size=MAX_BODY,
    )
    app.on_response_prepare.extend((guard, let_go))
    return app


def _keep_running(
    node: Node,
    *,
    always: Sequence[Loop],
    listening: Sequence[Loop],
    work: Callable[[], list[Loop]] | None,
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Run the loops of a process; `work` makes those which process and deliver.

    Any number of processes may do that on PostgreSQL.  A SQLite file has one that writes all
    the time (two would wait for each other, and not in turn), so there the leader does it.
    """

    async def lead() -> list[Loop]:
        led: list[Loop] = [
            Chore(partial(describe_due, node), every=DESCRIBE_SECONDS),
            Indexer(node.db),
            Chore(partial(meet_partners, node), every=PARTNERS_SECONDS),
            Chore(partial(lift_suspensions, node), every=SUSPENSION_SECONDS),
            Daily(partial(reconcile, node), at=NIGHT, clock=node.clock),
            Daily(partial(prune, node), at=NIGHT, clock=node.clock),
            Daily(partial(erase_who_left, node), at=NIGHT, clock=node.clock),
            Daily(partial(take_down_exports, node), at=NIGHT, clock=node.clock),
        ]
        if work is None or node.db.is_shared:
            return led
        await take_up(node)
        return [*work(), *led]

    async def context(_: web.Application) -> AsyncIterator[None]:
        await sign_requests(node)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(running(always))
            if work is not None:
                await stack.enter_async_context(leading(leadership(node), lead))
            if work is not None and node.db.is_shared:
                await stack.enter_async_context(running(work()))
            await stack.enter_async_context(running(listening))
            yield

    return context


async def take_up(node: Node) -> None:
    """Go on at once with what the leader before us had in hand if it was killed."""
    async with node.db.unit() as unit:
        for jobs in QUEUES:
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
