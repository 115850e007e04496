"""Asking the network for what an activity, or a person, refers to and nobody here has met.

Everything found is stored at once, in a unit of its own, so that the activity that needed it
finds it known when its turn comes again.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from urllib.parse import urljoin

from actors.models import Actor
from actors.nodeinfo import ensure_described
from actors.policies import Policies
from actors.remote import obtain_actor
from fedi.core.answers import NotADocument
from fedi.core.errors import BudgetSpent, FediError, Gone, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget, Fetched
from fedi.core.jsonld import Document, id_of
from fedi.core.node import Node
from fedi.core.signatures.proof import proof_key_id
from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.debates.archive import Evidence
from fedi.debates.models.post import Post
from fedi.debates.posts import accept_remote_post
from fedi.debates.received_note import PostDocument, read_object
from fedi.debates.threads import find_thread
from inbox.completion import complete_thread
from inbox.crawl import first_item, is_collection
from inbox.types import Answer, Need, Received
from inbox.vouch import vouch

#: Activities for which the network is asked at the same time.
SLOTS = 8
#: What one post may answer, and that again: NodeBB climbs as far.
MAX_ANCESTORS = 50
#: How often an activity waits for a parent whose server is silent; then it is kept without.
PATIENCE = 2


@dataclass(frozen=True, slots=True)
class _Link:
    """One post of a chain of answers, as its own server serves it."""

    document: PostDocument
    fetched: Fetched
    author: Actor


class Resolver:
    """Finds posts, actors and proofs; bounded for each activity and for all together."""

    def __init__(self, node: Node, policies: Policies) -> None:
        self._node = node
        self._policies = policies
        self.book = policies.book
        self._slots = asyncio.Semaphore(SLOTS)

    async def resolve(self, received: Received, budget: Budget | None = None) -> None:
        """Answer what an activity wants to know, with one budget for all of it.

        Raises `Unreachable` when a peer has to be asked again later.
        """
        async with self._slots:
            budget = budget or Budget()
            for part in received.parts():
                for need in part.wants:
                    part.answers[need] = await self._answer(part, need, budget)
                part.wants = ()

    async def _answer(self, part: Received, need: Need, budget: Budget) -> Answer:
        try:
            await self._ask(part, need, budget)
        except Unreachable:
            if need.kind in ("post", "actor", "peer") and part.attempts >= PATIENCE:
                return "failed"
            raise
        except FediError as error:
            if isinstance(error, BudgetSpent) and part.way == "collected":
                raise  # Reading a collection goes on another time.
            if need.kind == "vouch":
                part.refusal = error.code
            return "gone" if isinstance(error, NotFound) else "failed"
        return "found"

    async def _ask(self, part: Received, need: Need, budget: Budget) -> None:
        match need.kind:
            case "vouch":
                await vouch(self._node, self._policies, part, budget)
            case "post":
                await self.obtain_post(need.uri, budget)
            case "actor":
                await obtain_actor(self._node, need.uri, budget)
            case "refresh":
                await self._refresh(need.uri, budget)
            case "peer":
                await ensure_described(self._node, need.uri, budget)

    async def _refresh(self, uri: str, budget: Budget) -> None:
        """Have an actor as its server shows it now; an older row is no answer here."""
        actor = await obtain_actor(self._node, uri, budget, max_age=timedelta(0))
        if actor.is_local:
            return
        if actor.fetched_at is None or actor.fetched_at < self._node.clock() - timedelta(minutes=1):
            raise Unreachable(f"{uri} could not be fetched again")

    # --- posts ---------------------------------------------------------------------------

    async def find_post(self, url: str) -> Post | None:
        """The post at an address that a person pasted: an id, a page, or a whole debate.

        An unknown one is fetched with what it answers; the rest of its debate follows in the
        background.  None when there is no post.  Raises `Unreachable` and `Blocked`.
        """
        async with self._node.db.reading() as unit:
            known = await unit.find(Post, uri=url)
            if known is None and (thread := await find_thread(unit, url)) is not None:
                known = await unit.find(Post, id=thread.root_id)
        if known is not None or self._node.site.is_local(url):
            return known
        budget = Budget()
        try:
            await self._policies.check(origin_of(url))
            return await self.obtain_post(await self._find_id(url, budget), budget)
        except (Malformed, NotFound):
            return None

    async def _find_id(self, url: str, budget: Budget) -> str:
        """The id of the post that a page shows, or that opens a debate."""
        fetcher = self._node.fetcher
        try:
            fetched = await fetcher.get_document(url, budget, any_origin=True, fresh=True)
        except NotADocument as page:
            if page.alternate is None:
                raise
            fetched = await fetcher.get_document(
                urljoin(url, page.alternate), budget, any_origin=True
            )
        document: Document = fetched.document
        uri = first_item(document) if is_collection(document) else id_of(document)
        if uri is None:
            raise Malformed(f"{url} leads to no post", code="no-post")
        return uri

    async def obtain_post(self, uri: str, budget: Budget) -> Post | None:
        """The post of that id, fetched from its own server together with what it answers.

        None when it may not be kept here.  Raises what fetching the post itself raises; of
        what it answers, as much is kept as could be had.  A tombstone keeps its place in a
        debate; alone it is nothing.
        """
        chain: list[_Link] = []
        next_uri: str | None = uri
        while next_uri is not None and len(chain) <= MAX_ANCESTORS:
            if await self._is_known(next_uri) or any(next_uri == x.document.uri for x in chain):
                break
            try:
                link = await self._fetch(next_uri, budget)
            except FediError:
                if not chain:
                    raise
                break
            chain.append(link)
            next_uri = link.document.parent_uri
        is_rooted = next_uri is not None and await self._is_known(next_uri)
        if not is_rooted and all(link.document.tombstone for link in chain):
            raise Gone(f"{uri} was deleted, and nothing stands around it")
        await self._meet_groups(chain, budget)
        return await self._node.db.attempt(partial(self._store, uri=uri, chain=chain))

    async def _meet_groups(self, chain: list[_Link], budget: Budget) -> None:
        """Know the Groups these posts are for, if they can be had: debates belong to them."""
        groups = {link.document.audience_uri for link in chain}
        for uri in sorted(group for group in groups if group is not None):
            with suppress(FediError):
                await obtain_actor(self._node, uri, budget)

    async def _is_known(self, uri: str) -> bool:
        if self._node.site.is_local(uri):
            return True
        async with self._node.db.reading() as unit:
            return await unit.find(Post, uri=uri) is not None

    async def _fetch(self, uri: str, budget: Budget) -> _Link:
        await self._policies.check(origin_of(uri))
        fetched = await self._node.fetcher.get_document(uri, budget, tombstones=True)
        document = read_object(fetched.document)
        if document.author_uri is None:
            raise Gone(f"{uri} was deleted")
        return _Link(document, fetched, await obtain_actor(self._node, document.author_uri, budget))

    async def _store(self, unit: Unit, uri: str, chain: list[_Link]) -> Post | None:
        for link in reversed(chain):
            document = link.document
            author = await unit.find(Actor, uri=link.author.uri)
            if author is None:
                continue
            key_uri = proof_key_id(link.fetched.document)
            evidence = Evidence(
                document.uri, document.type, link.fetched.body, "fetched", document.uri, key_uri
            )
            post = await accept_remote_post(unit, document, author, evidence=evidence)
            if post is not None:
                await complete_thread(unit, post, document, is_old=True)
        return await unit.find(Post, uri=chain[0].document.uri if chain else uri)
