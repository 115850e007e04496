"""Repairing posts whose bytes are no longer those that came, from the copies of others.

A sound copy is one whose proof holds under a key of the author: who brings it does not matter.
"""

from collections.abc import Iterator, Sequence

from actors.models import Actor
from actors.snapshots import ProvingKeys, proving_keys
from fedi.core.errors import FediError, Malformed
from fedi.core.fetch import Budget
from fedi.core.jsonld import Document, dumps, id_of
from fedi.core.node import Node
from fedi.core.signatures.proof import proof_key_id
from fedi.core.unit import Unit
from fedi.debates.addresses import mirror_uri
from fedi.debates.archive import Evidence
from fedi.debates.audience import carriers
from fedi.debates.digest import name_of
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.received_note import read_object
from fedi.debates.repair import replace_damaged
from fedi.debates.verification import Verdict, is_proved
from inbox.crawl import items_of

#: Posts asked for in one request.
NAMED = 50


async def repair(node: Node, thread: Thread, verdicts: Sequence[Verdict]) -> set[str]:
    """Replace what is not as it was said by sound copies; the ids of the posts that were."""
    damaged = {verdict.uri for verdict in verdicts if verdict.fails}
    async with node.db.reading() as unit:
        origins = dict.fromkeys(actor.origin for actor in await carriers(unit, thread))
    repaired: set[str] = set()
    budget = Budget(gets=100, hosts=20, seconds=120)
    for origin in origins:
        left = sorted(damaged - repaired)
        for start in range(0, len(left), NAMED):
            names = ",".join(name_of(uri) for uri in left[start : start + NAMED])
            copy = f"{mirror_uri(origin, thread.uri)}?posts={names}"
            try:
                page = (await node.fetcher.get_document(copy, budget)).document
            except FediError:
                break
            async with node.db.unit() as unit:
                for item in items_of(page):
                    if isinstance(item, dict) and (uri := await _replace(unit, item, damaged)):
                        repaired.add(uri)
    return repaired


async def _replace(unit: Unit, activity: Document, damaged: set[str]) -> str | None:
    """Put a sound copy in the place of a damaged post; its id if that was done."""
    said = activity.get("object") if isinstance(activity.get("object"), dict) else activity
    uri = id_of(said)
    post = await unit.find(Post, uri=uri) if uri in damaged and isinstance(said, dict) else None
    author = await unit.find(Actor, id=post.author_id) if post is not None else None
    if post is None or author is None or not isinstance(said, dict):
        return None
    try:
        document = read_object(said)
    except Malformed:
        return None
    keys = (await proving_keys(unit, [author]))[author.uri]
    if document.author_uri != author.uri or not _holds(activity, said, keys, unit):
        return None
    key_uri = proof_key_id(activity) or proof_key_id(said)
    kind = str(activity.get("type"))
    evidence = Evidence(
        id_of(activity) or post.uri, kind, dumps(activity), "proof", author.uri, key_uri
    )
    await replace_damaged(unit, post, author, document, dumps(said), evidence)
    return post.uri


def _holds(activity: Document, said: Document, keys: ProvingKeys, unit: Unit) -> bool:
    return any(is_proved(document, keys, unit.now) for document in _apart(activity, said))


def _apart(activity: Document, said: Document) -> Iterator[Document]:
    yield activity
    if said is not activity:
        yield said
