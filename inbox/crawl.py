"""Reading the collections of peers, page by page, without ever being led in a circle."""

from collections.abc import AsyncIterator
from typing import Any

from fedi.core.errors import Malformed, NotFound
from fedi.core.fetch import Budget, Fetcher
from fedi.core.jsonld import Document, id_of
from fedi.core.urls import same_origin

COLLECTION_TYPES = frozenset(
    {"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"}
)
MAX_PAGES = 10
MAX_ITEMS = 500

Item = str | Document


def is_collection(document: Document) -> bool:
    """Whether a document is a collection or a page of one."""
    kind = document.get("type")
    return isinstance(kind, str) and kind in COLLECTION_TYPES


def items_of(page: Document) -> list[Item]:
    """What a collection holds itself: ids, and objects that have one."""
    values: Any = page.get("orderedItems") or page.get("items") or []
    entries = values if isinstance(values, list) else [values]
    items: list[Item] = []
    for entry in entries[:MAX_ITEMS]:
        if id_of(entry) is not None:
            items.append(entry if isinstance(entry, dict) else str(entry))
    return items


def first_item(document: Document) -> str | None:
    """The id of the first thing in a collection."""
    items = items_of(document)
    if not items and isinstance(page := document.get("first"), dict):
        items = items_of(page)
    return id_of(items[0]) if items else None


async def read_collection(
    fetcher: Fetcher, uri: str, budget: Budget
) -> AsyncIterator[tuple[Document, list[Item]]]:
    """The pages of a collection with what is new in each: at most ten pages, 500 items.

    The collection itself comes first.  Pages are of its own origin, none is read twice, and
    what was on one page is left out of the next: NodeBB's first answer is a page in the
    middle, GoToSocial embeds an empty first one, others repeat everything.
    Raises as `get_document`, but a later page that is not there, or is none, ends the reading.
    """
    page = (await fetcher.get_document(uri, budget)).document
    if not is_collection(page):
        raise Malformed(f"{uri} is not a collection", code="not-a-collection")
    seen: set[str] = set()
    visited = {uri}
    link: object = page.get("first") or page.get("next")
    for _ in range(MAX_PAGES):
        yield page, _unseen(page, seen)
        following = await _follow(fetcher, link, uri, visited, budget)
        if following is None or len(seen) >= MAX_ITEMS:
            return
        page, link = following, following.get("next")


def _unseen(page: Document, seen: set[str]) -> list[Item]:
    fresh = []
    for item in items_of(page):
        uri = id_of(item)
        if uri is not None and uri not in seen and len(seen) < MAX_ITEMS:
            seen.add(uri)
            fresh.append(item)
    return fresh


async def _follow(
    fetcher: Fetcher, link: object, uri: str, visited: set[str], budget: Budget
) -> Document | None:
    """The page a link leads to: embedded, or fetched from the collection's own server."""
    if isinstance(link, dict) and is_collection(link):
        return link
    target = id_of(link)
    if target is None or target in visited or not same_origin(target, uri):
        return None
    visited.add(target)
    try:
        page = (await fetcher.get_document(target, budget)).document
    except (Malformed, NotFound):
        return None
    return page if is_collection(page) else None
