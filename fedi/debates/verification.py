"""Who wrote what, shown by what this node kept: nobody has to be asked, nor believed.

A post is judged by its evidence: the bytes that came, their digest, the proof in them, and
every key that its author was ever seen to publish.  And what is shown must be what they say.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import select

from actors.models import Actor
from actors.snapshots import ProvingKeys, proving_keys
from fedi.core.errors import Malformed, Unauthenticated
from fedi.core.jsonld import Document, parse_document
from fedi.core.signatures.proof import proof_key_id, verify_proof
from fedi.core.tables import IN_LIMIT
from fedi.core.unit import Unit
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Thread
from fedi.debates.note import written_content
from fedi.debates.permissions import readable
from fedi.debates.received_note import read_object

#: Posts judged between two looks at the clock of whoever waits.
BATCH = 200


class Standing(StrEnum):
    """How well it is known that an author wrote a post."""

    PROOF = "proof"  # the author's own proof holds
    ORIGIN = "origin"  # the author's server sent or served it, and says nothing else
    COPY = "copy"  # nothing that is kept here shows it
    BROKEN = "broken"  # a proof does not hold, or what is shown is not what was said
    GONE = "gone"  # taken away, and by whom is known


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of one post."""

    uri: str
    author_uri: str
    standing: Standing
    key_uri: str | None = None  # of the proof
    vouched_by: str | None = None  # who carried the author's keys here, if not their server
    reason: str = ""  # a code, when it is broken or a copy

    @property
    def fails(self) -> bool:
        """Whether something is wrong, not merely unproved."""
        return self.standing is Standing.BROKEN


async def verify_thread(unit: Unit, thread: Thread) -> list[Verdict]:
    """Judge every public post of a debate, in the order in which it is read."""
    query = select(Post).where(Post.thread_id == thread.id, readable()).order_by(Post.path)
    posts = list(await unit.session.scalars(query))
    verdicts: list[Verdict] = []
    for start in range(0, len(posts), BATCH):
        verdicts += await verify_posts(unit, posts[start : start + BATCH])
    return verdicts


async def verify_posts(unit: Unit, posts: Sequence[Post]) -> list[Verdict]:
    """Judge these posts: in three queries, and a millisecond for each."""
    await unit.load(Actor, id={post.author_id for post in posts})
    authors = {post.author_id: await unit.find(Actor, id=post.author_id) for post in posts}
    keys = await proving_keys(unit, [actor for actor in authors.values() if actor is not None])
    evidence = await _evidence(unit, [post.uri for post in posts])
    verdicts = []
    for post in posts:
        if (author := authors[post.author_id]) is not None:
            verdicts.append(_judge(post, author, evidence[post.uri], keys[author.uri], unit.now))
        await asyncio.sleep(0)  # HTML is cleaned again to be compared: let others have a turn
    return verdicts


async def _evidence(unit: Unit, uris: Collection[str]) -> dict[str, list[ArchivedActivity]]:
    """What is kept of each of these posts, the newest first."""
    names, found = sorted(uris), defaultdict[str, list[ArchivedActivity]](list)
    for start in range(0, len(names), IN_LIMIT):
        query = (
            select(ArchivedActivity)
            .where(ArchivedActivity.object_uri.in_(names[start : start + IN_LIMIT]))
            .order_by(ArchivedActivity.id.desc())
        )
        for row in await unit.session.scalars(query):
            found[row.object_uri].append(row)
    return found


def _judge(
    post: Post,
    author: Actor,
    evidence: Sequence[ArchivedActivity],
    keys: ProvingKeys,
    now: datetime,
) -> Verdict:
    verdict = Verdict(post.uri, author.uri, Standing.COPY, vouched_by=author.vouched_by)
    if post.deleted_at is not None:
        return replace(verdict, standing=Standing.GONE)
    rows = [row for row in evidence if row.body and row.type not in ("Delete", "Undo")]
    if not rows:
        return replace(verdict, reason="no-evidence")
    damaged = False
    for row in rows:
        try:
            activity, said = _read(row)
        except Malformed:
            damaged = True
            continue
        if says(said, post):
            if not _is_served(said, post):
                return replace(verdict, standing=Standing.BROKEN, reason="served-otherwise")
            return _weigh(verdict, row, [activity, said], keys, now)
    reason = "damaged" if damaged else "shown-otherwise"
    return replace(verdict, standing=Standing.BROKEN, reason=reason)


def _read(row: ArchivedActivity) -> tuple[Document, Document]:
    """The activity and the post in it; `Malformed` when the bytes are not those that came."""
    if sha256(row.body).digest() != row.sha256:
        raise Malformed("the bytes have changed", code="damaged")
    activity = parse_document(row.body)
    inner = activity.get("object")
    return activity, inner if isinstance(inner, dict) else activity


def says(document: Document, post: Post) -> bool:
    """Whether a document says what is shown of a post."""
    if post.document is not None:  # ours: compared as it is said
        return document.get("content") == written_content(post) and (
            post.type == "Note" or document.get("name", "") == post.title
        )
    try:
        said = read_object(document)
    except Malformed:
        return False
    return (said.uri, said.parent_uri, said.title, said.summary, said.content) == (
        post.uri,
        post.parent_uri,
        post.title,
        post.summary,
        post.content,
    )


def _is_served(document: Document, post: Post) -> bool:
    """Whether a post of ours is served as it was said."""
    if post.document is None:
        return True
    try:
        return parse_document(post.document) == document
    except Malformed:
        return False


def _weigh(
    verdict: Verdict,
    row: ArchivedActivity,
    documents: Sequence[Document],
    keys: ProvingKeys,
    now: datetime,
) -> Verdict:
    """By a proof of the author if there is one; else by who brought it."""
    proofs = list(_proofs(documents, keys, now))
    for key_uri, holds in proofs:
        if holds:
            return replace(verdict, standing=Standing.PROOF, key_uri=key_uri)
    for key_uri, _ in proofs:
        return replace(verdict, standing=Standing.BROKEN, key_uri=key_uri, reason="proof")
    if row.trust in ("signature", "fetched"):
        return replace(verdict, standing=Standing.ORIGIN)
    return replace(verdict, reason="unknown-key" if row.key_uri else "no-proof")


def is_proved(document: Document, keys: ProvingKeys, now: datetime) -> bool:
    """Whether a document bears a proof that holds under one of these keys."""
    return any(holds for _, holds in _proofs([document], keys, now))


def _proofs(
    documents: Sequence[Document], keys: ProvingKeys, now: datetime
) -> Iterator[tuple[str, bool]]:
    """The proofs made in the author's name, and whether they hold."""
    for document in documents:
        key_uri = proof_key_id(document)
        if key_uri is None or not (candidates := keys.get(key_uri)):
            continue
        for key in candidates:
            try:
                verify_proof(document, key, now)
            except Unauthenticated:
                continue
            yield key_uri, True
            break
        else:
            yield key_uri, False
