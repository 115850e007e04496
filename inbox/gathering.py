"""Taking in what a collection lists: ids, posts, activities, of which nothing is believed yet."""

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

import structlog
from sqlalchemy import select

from fedi.core.errors import BudgetSpent, FediError, Malformed, Unreachable
from fedi.core.fetch import Budget
from fedi.core.jsonld import Document, id_of, one_type
from fedi.core.node import Node
from fedi.core.urls import origin_of
from fedi.core.vocab import POST_TYPES
from fedi.debates.models.post import Post
from inbox.batch import process
from inbox.crawl import Item
from inbox.parse import read_bare_post, read_collected
from inbox.resolve import Resolver
from inbox.types import DONE, Received

log = structlog.get_logger()

#: An activity may need its author, then what it answers, then its Group.
MAX_ROUNDS = 4
#: Reasons that are no refusal: others told the same, or later news came first.
EXPECTED = frozenset({"known", "stale", "retracted"})
#: Kinds of refusals that are remembered of one reading.
MAX_CODES = 20


class Gatherer:
    """Takes items of one collection, and remembers what could not be had."""

    def __init__(self, node: Node, resolver: Resolver, source: str, budget: Budget) -> None:
        self.found = 0
        self.silence: Unreachable | None = None
        self.missing: dict[str, str] = {}  # ids of posts, and why they could not be had
        self.refused: Counter[tuple[str, str]] = Counter()  # codes, with what was first refused so
        self._node = node
        self._resolver = resolver
        self._source = source
        self._budget = budget
        self._silent: frozenset[str] = frozenset()

    def let_wait(self, origins: Collection[str]) -> None:
        """Ask these servers for nothing: they are silent."""
        self._silent = frozenset(origins)

    async def take(
        self, items: Sequence[Item], owner: str | None = None, *, changed: bool = False
    ) -> None:
        """Take in what is unknown here; if `changed`, also what is known and reads otherwise.

        `owner` is the actor whose outbox this is: what is in it is said by that actor.
        """
        listed = dict.fromkeys(uri for item in items if (uri := post_of(item)) is not None)
        known = await self._known(listed)
        batch = []
        for item in items:
            is_known = post_of(item) in known
            if is_known and not (changed and isinstance(item, dict)):
                continue
            if isinstance(item, str):
                await self._obtain(item)
            elif (received := self._interpret(item, owner, is_known)) is not None:
                batch.append(received)
            await asyncio.sleep(0)
        await self._handle(batch)
        await self._note_missing(listed)

    async def _known(self, uris: Collection[str]) -> set[str]:
        async with self._node.db.reading() as unit:
            known = set(await unit.session.scalars(select(Post.uri).where(Post.uri.in_(uris))))
        return known | {uri for uri in uris if self._node.site.is_local(uri)}

    async def _note_missing(self, listed: Collection[str]) -> None:
        known = await self._known(listed)
        for uri in listed:
            if uri in known:
                self.missing.pop(uri, None)
            else:
                self.missing.setdefault(uri, "unverified")

    async def _obtain(self, uri: str) -> None:
        """Fetch one post; one that cannot be had must not keep the others away."""
        if str(origin_of(uri)) in self._silent:
            self.missing[uri] = Unreachable.code
            return
        try:
            self.found += await self._resolver.obtain_post(uri, self._budget) is not None
        except BudgetSpent:
            raise
        except Unreachable as error:
            self.silence = error
            self.missing[uri] = error.code
        except FediError as error:
            self.missing[uri] = error.code
            log.debug("item refused", uri=uri, code=error.code)

    def _interpret(self, document: Document, owner: str | None, is_known: bool) -> Received | None:
        try:
            if one_type(document.get("type"), POST_TYPES) is not None:
                kind = "Update" if is_known else "Create"
                return read_bare_post(document, source_uri=self._source, way="collected", type=kind)
            received = read_collected(document, self._node.site, source_uri=self._source)
        except Malformed as error:
            self._refuse(error.code, document.get("id"))
            return None
        if received.actor_uri == owner:
            received.trust = "fetched"
        return received

    async def _handle(self, batch: list[Received]) -> None:
        """Handle activities found, asking the network for what they need as often as they need.

        A reaction may stand behind a post that has to be asked for: it waits with it.  What a
        post answers is not asked for when it is on the same page.
        """
        coming = {received.post.uri for received in batch if received.post is not None}
        for _ in range(MAX_ROUNDS):
            if not batch:
                return
            results = await process(self._node, batch)
            self.found += sum(outcome == DONE for _, outcome in results)
            for received, outcome in results:
                if outcome.name in ("ignored", "failed") and outcome.reason not in EXPECTED:
                    self._refuse(outcome.reason or outcome.name, received.uri)
            batch = [
                received for received, outcome in results if outcome.name in ("waiting", "later")
            ]
            for received in list(batch):
                for need in received.wants:
                    if need.kind in ("post", "actor") and self._is_vain(need.uri, coming):
                        received.answers[need] = "failed"
                received.wants = tuple(
                    need for need in received.wants if need not in received.answers
                )
                try:
                    await self._resolver.resolve(received, self._budget)
                except Unreachable as error:
                    self.silence = error
                    batch.remove(received)
                    if received.object_uri is not None and received.type == "Create":
                        self.missing[received.object_uri] = error.code

    def _refuse(self, code: str, subject: object) -> None:
        """Count a refusal; of each kind the first stands for all, so nobody fills the journal."""
        for known, first in self.refused:
            if known == code:
                self.refused[known, first] += 1
                return
        if len(self.refused) < MAX_CODES:
            self.refused[code, str(subject)] += 1

    def _is_vain(self, uri: str, coming: Collection[str]) -> bool:
        return uri in coming or str(origin_of(uri)) in self._silent


def post_of(item: Item) -> str | None:
    """The post that an item is, or creates: when it is known there is nothing to do."""
    if isinstance(item, dict) and item.get("type") == "Create":
        return id_of(item.get("object"))
    if isinstance(item, dict) and one_type(item.get("type"), POST_TYPES) is None:
        return None
    return id_of(item)
