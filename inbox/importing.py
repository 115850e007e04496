"""A debate as a file that somebody hands on: each line a document, every one judged by its proof.

The first line names the debate, then come those who wrote in it, then what they said.  Whoever
brings the file is believed about nothing but the keys of authors whose servers are silent, and
it is noted that these came with a file.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from actors.document import read_actor
from actors.known import FetchedActor
from actors.models import Actor
from actors.remote import obtain_actor, remember_actor
from fedi.core.errors import FediError, Malformed, Unreachable
from fedi.core.fetch import Budget
from fedi.core.jsonld import Document, dumps, id_of, parse_document
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.core.vocab import ACTOR_TYPES
from fedi.debates.mirrors import mirror_authors, mirror_page
from fedi.debates.models.thread import Thread
from inbox.gathering import Gatherer
from inbox.resolve import Resolver

#: Lines of one file, and how long each may be: as much as a request may hold.
MAX_LINES, MAX_LINE = 200_000, 1024 * 1024
BATCH = 50


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    context: str
    taken: int
    refused: dict[str, str]  # ids of posts, and why


async def write_lines(unit: Unit, thread: Thread) -> list[bytes]:
    """A debate as such a file."""
    lines = [dumps({"debate": thread.uri, "name": thread.title, "format": "fedi-debate-1"})]
    for read, word in ((mirror_authors, "authors"), (mirror_page, "after")):
        after = 0
        while True:
            page = parse_document_of(await read(unit, thread, after))
            lines += [dumps(item) for item in page["orderedItems"] if isinstance(item, dict)]
            following = id_of(page.get("next"))
            if following is None:
                break
            after = int(following.rpartition(f"{word}=")[2])
    return lines


def parse_document_of(document: Document) -> Document:
    """A document of ours with all that it embeds read."""
    return parse_document(dumps(document))


async def read_lines(node: Node, resolver: Resolver, lines: Iterable[bytes]) -> Imported:
    """Take such a file in; what has no proof that holds is asked of its author's server."""
    documents = [parse_document(line) for line in lines if line.strip() and len(line) <= MAX_LINE]
    if not documents or documents[0].get("format") != "fedi-debate-1":
        raise Malformed("this is not a debate that was exported", code="not-a-debate")
    head, *rest = documents[: MAX_LINES + 1]
    context = id_of(head.get("debate"))
    if context is None:
        raise Malformed("the file does not say which debate it holds", code="not-a-debate")
    source = f"file:{origin_of(context).host}"
    budget = Budget(gets=1000, hosts=100, seconds=600)
    gatherer = Gatherer(node, resolver, source, budget)
    actors = [document for document in rest if document.get("type") in ACTOR_TYPES]
    gatherer.let_wait(await _meet(node, actors, source, budget))
    said = [document for document in rest if document.get("type") not in ACTOR_TYPES]
    for start in range(0, len(said), BATCH):
        await gatherer.take(said[start : start + BATCH], changed=True)
    return Imported(context, gatherer.found, gatherer.missing)


async def _meet(node: Node, documents: list[Document], source: str, budget: Budget) -> set[str]:
    """Know the authors, from their own servers if they answer; the origins of those that do not."""
    silent: set[str] = set()
    for document in documents:
        uri = id_of(document)
        if uri is None or node.site.is_local(uri):
            continue
        origin = str(origin_of(uri))
        async with node.db.reading() as unit:
            known = await unit.session.scalar(select(Actor.fetched_at).where(Actor.uri == uri))
        try:
            if known is None and origin not in silent:
                await obtain_actor(node, uri, budget)
        except Unreachable:
            silent.add(origin)
        except FediError:
            continue
        if known is None and origin in silent:
            fetched = FetchedActor(read_actor(document), dumps(document), source)
            await remember_actor(node, fetched)
    return silent
