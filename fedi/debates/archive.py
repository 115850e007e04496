"""The evidence of a debate: activities as they were received or sent, byte for byte.

Whoever holds an activity and its proof can show who wrote what, long after the node where the
thread started has gone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from sqlalchemy import exists, select, update

from fedi.core.jsonld import parse_document
from fedi.core.signatures.proof import proof_key_id
from fedi.core.unit import Unit
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Thread

Trust = Literal["ours", "signature", "proof", "fetched"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a document came to us: the activity that brought it, and why we believe it."""

    activity_uri: str
    type: str
    body: bytes  # exactly as received; the document itself when it was fetched
    trust: Trust
    sender_uri: str | None = None  # the actor or the collection that brought it
    key_uri: str | None = None  # the key of the proof that it carries


def archive(
    unit: Unit, thread: Thread, evidence: Evidence, *, object_uri: str, actor_uri: str
) -> None:
    """Keep an activity about a public post of a thread; never one about a private post."""
    if evidence.type == "Create":
        _said(unit)[object_uri] = True
    unit.write(
        ArchivedActivity,
        thread_id=thread.id,
        activity_uri=evidence.activity_uri,
        object_uri=object_uri,
        type=evidence.type,
        actor_uri=actor_uri,
        body=evidence.body,
        sha256=sha256(evidence.body).digest(),
        trust=evidence.trust,
        sender_uri=evidence.sender_uri,
        key_uri=evidence.key_uri,
        received_at=unit.now,
    )


def archive_last_word(
    unit: Unit, thread: Thread, body: bytes, *, object_uri: str, actor_uri: str
) -> None:
    """Keep a Delete that came before its post: by it others learn that it is gone."""
    delete = parse_document(body)
    evidence = Evidence(delete["id"], "Delete", body, "proof", actor_uri, proof_key_id(delete))
    archive(unit, thread, evidence, object_uri=object_uri, actor_uri=actor_uri)


async def load_said(unit: Unit, uris: Collection[str]) -> None:
    """Learn in one query of which of these posts the Create is kept."""
    said = _said(unit)
    unasked = sorted(set(uris) - said.keys())
    said |= dict.fromkeys(unasked, False)
    if unasked:
        query = select(ArchivedActivity.object_uri).where(
            ArchivedActivity.object_uri.in_(unasked), ArchivedActivity.type == "Create"
        )
        said |= dict.fromkeys(await unit.session.scalars(query), True)


async def was_said(unit: Unit, uri: str) -> bool:
    """Whether the Create of a post is kept; it is not when the post was merely fetched."""
    await load_said(unit, [uri])
    return _said(unit)[uri]


def _said(unit: Unit) -> dict[str, bool]:
    said: dict[str, bool] = unit.memory.setdefault("debates.archive:said", {})
    return said


async def erase_evidence(unit: Unit, post: Post) -> None:
    """Keep the digests of what a deleted post said, and nothing else: deletion wins over memory."""
    await unit.flush()
    await unit.session.execute(
        update(ArchivedActivity)
        .where(ArchivedActivity.object_uri == post.uri)
        .values(body=b"")
        .execution_options(synchronize_session=False)
    )


async def move_archive(unit: Unit, left_id: int, arrived_id: int) -> None:
    """Let the evidence follow posts that moved from one thread to another."""
    has_moved = exists().where(
        Post.uri == ArchivedActivity.object_uri, Post.thread_id == arrived_id
    )
    await unit.session.execute(
        update(ArchivedActivity)
        .where(ArchivedActivity.thread_id == left_id, has_moved)
        .values(thread_id=arrived_id)
        .execution_options(synchronize_session=False)
    )
