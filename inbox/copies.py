"""Reading the copies that other nodes keep of a debate, when its origin does not tell all.

Who keeps a copy is believed about nothing: its activities bear proofs, or their authors'
servers are asked.  Of authors whose servers are silent, the keys may come from a network that
ours follows; it is noted who vouched for them, and such keys verify proofs and nothing else.
"""

from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy import select

from actors.document import read_actor
from actors.known import FetchedActor
from actors.models import Actor
from actors.remote import obtain_actor, remember_actor
from fedi.core.errors import FediError, Malformed, Unreachable
from fedi.core.fetch import Budget
from fedi.core.jsonld import Document, dumps, id_of, objects_of, one_owner
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import origin_of, same_origin
from fedi.debates.digest import (
    MAX_BRANCHES,
    MAX_PREFIX,
    Leaf,
    Told,
    Tree,
    name_of,
    open_branches,
    plant,
    read_tree,
)
from fedi.debates.mirrors import is_mirror, mirrored_uris
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Continuation, Thread
from inbox.completion import schedule_backfill
from inbox.crawl import Item, items_of
from inbox.gathering import Gatherer, post_of
from inbox.relevance import is_followed

log = structlog.get_logger()

#: Pages of one reading, and posts on a page that are asked for by name.
MAX_PAGES, NAMED = 10, 50
#: Rounds of a comparison: each opens branches one digit further.
MAX_ROUNDS = MAX_PREFIX
#: Debates of a network that are asked for when it is first followed; more when somebody wishes.
MAX_DEBATES = 50


class CopyReading:
    """One reading of one copy: all of it when little is known here, else what differs."""

    def __init__(self, node: Node, uri: str, gatherer: Gatherer, budget: Budget) -> None:
        self.context: str | None = None  # the debate it is a copy of
        self.rest: list[str] = []
        self.asked = 0  # documents
        self._node = node
        self._uri = uri
        self._whole = uri.partition("?")[0]
        self._gatherer = gatherer
        self._budget = budget
        self._carrier = ""
        self._silent: set[str] = set()  # origins of authors that did not answer

    async def read(self) -> None:
        """Take in what the copy has and this node has not.

        Raises `Unreachable` and `BudgetSpent`, and `Malformed` for what is no copy.
        """
        document = await self._get(self._uri)
        self.context = self._check(document)
        if "?" in self._uri:
            return await self._read_pages(document)
        tree = await self._tree()
        total = document.get("totalItems")
        if isinstance(total, int) and len(tree.leaves) * 2 >= total:
            return await self._read_differences(tree)
        first = id_of(document.get("first"))
        if first is not None and first.partition("?")[0] == self._whole:
            await self._read_pages(await self._get(first))
        return None

    def _check(self, document: Document) -> str:
        """Of which debate it is the copy; its address says the same."""
        context, carrier = id_of(document.get("mirrorOf")), one_owner(document.get("attributedTo"))
        if context not in mirrored_uris(self._whole) or carrier is None:
            raise Malformed(f"{self._uri} is not a copy of a debate", code="not-a-copy")
        if not same_origin(carrier, self._uri):
            raise Malformed(f"{self._uri} is served in another's name", code="not-a-copy")
        self._carrier = carrier
        return context

    async def _get(self, uri: str) -> Document:
        self.asked += 1
        document = (await self._node.fetcher.get_document(uri, self._budget, fresh=True)).document
        self._budget.answers.clear()  # a long debate would be kept in memory whole
        return document

    async def _tree(self) -> Tree:
        async with self._node.db.reading() as unit:
            thread = await unit.find(Thread, uri=self.context)
            if (
                thread is None
                and (other := await unit.find(Continuation, uri=self.context)) is not None
            ):
                thread = await unit.find(Thread, id=other.thread_id)
            return plant([]) if thread is None else await read_tree(unit, thread)

    # --- all of it -----------------------------------------------------------------------

    async def _read_pages(self, page: Document) -> None:
        for number in range(MAX_PAGES):
            await self._take(items_of(page))
            following = id_of(page.get("next"))
            if following is None or following.partition("?")[0] != self._whole:
                return
            if number == MAX_PAGES - 1:
                self.rest = [following] if self._gatherer.found else []
                return
            page = await self._get(following)

    # --- what differs --------------------------------------------------------------------

    async def _read_differences(self, tree: Tree) -> None:
        wanted = await self._compare(tree)
        for start in range(0, min(len(wanted), MAX_PAGES * NAMED), NAMED):
            names = ",".join(leaf.name for leaf in wanted[start : start + NAMED])
            page = await self._get(f"{self._whole}?posts={names}")
            await self._take(items_of(page), changed=True)

    async def _compare(self, tree: Tree) -> list[Leaf]:
        """The posts that the copy has and this node has not, or has in another state."""
        prefixes, wanted = [""], list[Leaf]()
        for _ in range(MAX_ROUNDS):
            opened: list[str] = []
            for start in range(0, len(prefixes), MAX_BRANCHES):
                asked = prefixes[start : start + MAX_BRANCHES]
                document = await self._get(f"{self._whole}?digest={','.join(asked)}")
                deeper, leaves = open_branches(tree, _read_told(document, asked))
                opened += deeper
                wanted += leaves
            prefixes = opened[: MAX_BRANCHES * MAX_PAGES]
            if not prefixes or len(wanted) >= MAX_PAGES * NAMED:
                break
        return await self._leave_out_gone(wanted)

    async def _leave_out_gone(self, wanted: Sequence[Leaf]) -> list[Leaf]:
        """Without what was deleted here: nobody has a later word for it."""
        async with self._node.db.reading() as unit:
            thread = await unit.find(Thread, uri=self.context)
            query = select(Post.uri).where(
                Post.thread_id == (thread.id if thread else 0), Post.deleted_at.is_not(None)
            )
            gone = {name_of(uri) for uri in await unit.session.scalars(query)}
        return [leaf for leaf in wanted if leaf.name not in gone]

    # --- both ----------------------------------------------------------------------------

    async def _take(self, items: Sequence[Item], *, changed: bool = False) -> None:
        mine = [item for item in items if not self._is_ours(item)]
        await self._meet_authors(mine)
        self._gatherer.let_wait(self._silent)
        await self._gatherer.take(mine, changed=changed)

    def _is_ours(self, item: Item) -> bool:
        return isinstance(item, str) and self._node.site.is_local(item)

    async def _meet_authors(self, items: Iterable[Item]) -> None:
        """Know who wrote these, from their own servers or else from who keeps the copy."""
        named = {
            uri
            for item in items
            if isinstance(item, dict)
            for part in (item, *objects_of(item.get("object"), 1))
            for name in ("actor", "attributedTo", "audience")
            if (uri := id_of(part.get(name))) and not self._node.site.is_local(uri)
        }
        async with self._node.db.reading() as unit:
            query = select(Actor.uri).where(Actor.uri.in_(named))
            unknown = named - set(await unit.session.scalars(query))
        lost = set()
        for uri in sorted(unknown):
            origin = str(origin_of(uri))
            if origin not in self._silent:
                try:
                    await obtain_actor(self._node, uri, self._budget)
                    continue
                except Unreachable:
                    self._silent.add(origin)
                except FediError as error:
                    log.debug("author refused", uri=uri, code=error.code)
                    continue
            lost.add(uri)
        if lost:
            await self._meet_carried(lost)

    async def _meet_carried(self, lost: set[str]) -> None:
        """Take what a network that ours follows has from servers that are silent now."""
        async with self._node.db.reading() as unit:
            if not await is_followed(unit, self._carrier):
                return
        following: str | None = f"{self._whole}?authors=0"
        for _ in range(MAX_PAGES):
            if following is None or following.partition("?")[0] != self._whole or not lost:
                return
            page = await self._get(following)
            for document in objects_of(page.get("orderedItems"), 2 * NAMED):
                if id_of(document) in lost:
                    await self._remember(document)
            following = id_of(page.get("next"))

    async def _remember(self, document: Document) -> None:
        try:
            fetched = FetchedActor(read_actor(document), dumps(document), self._carrier)
            await remember_actor(self._node, fetched)
        except FediError as error:
            log.debug("carried actor refused", uri=document.get("id"), code=error.code)


def _read_told(document: Document, asked: Sequence[str]) -> dict[str, Told]:
    """What was told about these branches, and nothing else; what is nonsense is left out."""
    below = document.get("below")
    told: dict[str, Told] = {}
    for prefix in asked:
        what = below.get(prefix) if isinstance(below, dict) else None
        if isinstance(what, dict):
            told[prefix] = {
                kind: [text for text in values[:MAX_BRANCHES] if isinstance(text, str)]
                for kind in ("posts", "branches")
                if isinstance(values := what.get(kind), list)
            }
    return told


class IndexReading:
    """One reading of the list of copies that a network keeps: each is read in its turn."""

    def __init__(self, node: Node, uri: str, budget: Budget) -> None:
        self.context = None
        self.rest: list[str] = []  # further pages are read when somebody asks for more
        self._node = node
        self._uri = uri
        self._budget = budget

    async def read(self) -> None:
        """Have the debates on this page read; those of other origins than the list are not."""
        document = (await self._node.fetcher.get_document(self._uri, self._budget)).document
        uris = [uri for item in items_of(document)[:MAX_DEBATES] if (uri := post_of(item))]
        async with self._node.db.unit() as unit:
            for uri in uris:
                if same_origin(uri, self._uri) and is_mirror(uri) and not self._is_own(uri):
                    await schedule_backfill(unit, uri, reason=self._uri)

    def _is_own(self, uri: str) -> bool:
        return any(self._node.site.is_local(name) for name in mirrored_uris(uri))


async def ask_for_more(node: Node, origin: str) -> int:
    """Have further debates of a network read that are unknown here, as many again; how many.

    It begins anew each time and leaves out what came, so it needs no memory of where it was.
    """
    following: str | None = f"{origin}/m"
    wanted: list[str] = []
    budget = Budget(gets=2 * MAX_PAGES, hosts=1, seconds=30)
    for _ in range(2 * MAX_PAGES):
        if following is None or not same_origin(following, origin) or len(wanted) >= MAX_DEBATES:
            break
        page = (await node.fetcher.get_document(following, budget, fresh=True)).document
        copies = [uri for item in items_of(page) if (uri := post_of(item)) and is_mirror(uri)]
        async with node.db.reading() as unit:
            for uri in copies:
                if same_origin(uri, origin) and not await _is_known(unit, uri):
                    wanted.append(uri)
        following = id_of(page.get("next"))
    async with node.db.unit() as unit:
        for uri in wanted[:MAX_DEBATES]:
            await schedule_backfill(unit, uri, reason=origin)
    return len(wanted[:MAX_DEBATES])


async def _is_known(unit: Unit, copy_uri: str) -> bool:
    """Whether a debate is ours, or is kept here at least in part."""
    for uri in mirrored_uris(copy_uri):
        if unit.site.is_local(uri) or await unit.find(Thread, uri=uri) is not None:
            return True
    return False


def is_index(uri: str) -> bool:
    """Whether an address is that of the list of copies of a node."""
    return uri.removeprefix(str(origin_of(uri))).partition("?")[0] == "/m"
