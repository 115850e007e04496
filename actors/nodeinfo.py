"""Asking other servers what they run: NodeInfo, and FEP-844e on their instance actor.

These functions wait for other servers, so none of them may be called inside a unit.
"""

from functools import partial

from actors.document import read_implements
from actors.models import Peer
from actors.peers import Description, note_silence, peers_to_describe, store_description
from fedi.core.errors import BudgetSpent, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget, Fetcher
from fedi.core.jsonld import Document, objects_of, text_of
from fedi.core.node import Node
from fedi.core.urls import same_origin
from fedi.core.vocab import AS2

MAX_NAME = 100

#: Link relations of the NodeInfo versions we read, the newest first.
_SCHEMAS = tuple(f"http://nodeinfo.diaspora.software/ns/schema/{v}" for v in ("2.1", "2.0"))
_APPLICATION = f"{AS2}#Application"  # FEP-2677: where the instance actor is


async def describe_due(node: Node, *, limit: int = 10) -> int:
    """Ask some of the servers that were not asked within a day; returns how many."""
    async with node.db.reading() as unit:
        origins = await peers_to_describe(unit, limit)
    for origin in origins:
        await _describe_now(node, origin, Budget())
    return len(origins)


async def ensure_described(node: Node, origin: str, budget: Budget | None = None) -> None:
    """Learn how a server wants to be spoken to before the first word, if it was never asked.

    A server that does not answer is asked again later; nothing is raised for it.
    """
    async with node.db.reading() as unit:
        peer = await unit.find(Peer, uri=origin)
    if peer is not None and peer.described_at is None:
        await _describe_now(node, origin, budget)


async def _describe_now(node: Node, origin: str, budget: Budget | None) -> None:
    try:
        description = await describe(node.fetcher, origin, budget)
    except (Unreachable, BudgetSpent):
        await node.db.attempt(partial(note_silence, origin=origin))
        return
    await node.db.attempt(partial(store_description, origin=origin, description=description))


async def describe(fetcher: Fetcher, origin: str, budget: Budget | None = None) -> Description:
    """Ask a server what it runs: NodeInfo 2.1 or 2.0, and FEP-844e on its instance actor.

    A server that has no NodeInfo, or one we cannot use, has an empty description.  Raises
    `Unreachable` and `BudgetSpent`; the caller asks again another day.
    """
    try:
        links = await fetcher.get_json(f"{origin}/.well-known/nodeinfo", budget=budget)
        found = _read_links(links.document, origin)
        href = next((found[rel] for rel in _SCHEMAS if rel in found), None)
        software = (await fetcher.get_json(href, budget=budget)).document if href else {}
    except (Malformed, NotFound):
        return Description()
    implements = await _ask_application(fetcher, found.get(_APPLICATION), budget)
    return _read_software(software, implements)


def _read_links(document: Document, origin: str) -> dict[str, str]:
    """Links by relation; one that leads to another server is left out (CVE-2026-62857)."""
    found: dict[str, str] = {}
    for link in objects_of(document.get("links")):
        rel, href = link.get("rel"), link.get("href")
        try:
            if isinstance(rel, str) and isinstance(href, str) and same_origin(href, origin):
                found.setdefault(rel, href)
        except Malformed:
            continue
    return found


async def _ask_application(
    fetcher: Fetcher, uri: str | None, budget: Budget | None
) -> frozenset[str]:
    if uri is None:
        return frozenset()
    try:
        return read_implements((await fetcher.get_document(uri, budget)).document)
    except (Malformed, NotFound):
        return frozenset()


def _read_software(document: Document, implements: frozenset[str]) -> Description:
    software = document.get("software")
    if not isinstance(software, dict):
        return Description(implements=implements)
    name = text_of(software.get("name"), MAX_NAME)
    version = text_of(software.get("version"), MAX_NAME)
    return Description(name.lower() if name else None, version, implements)
