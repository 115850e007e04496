"""Posts of peers for tests: documents as they would be served, and what a node makes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from actors.models import Actor
from fedi.core.jsonld import Document
from fedi.core.unit import Unit
from fedi.core.vocab import PUBLIC
from fedi.debates.archive import Evidence
from fedi.debates.models.post import Post
from fedi.debates.note import write_moment
from fedi.debates.posts import accept_remote_post
from fedi.debates.received_note import PostDocument, read_object

MORNING = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def note(author: Actor, name: str, /, *, at: float = 0, **more: Any) -> Document:
    """A public note by an actor of a peer, `at` minutes past eight; `more` replaces members."""
    return {
        "@context": ["https://www.w3.org/ns/activitystreams"],
        "id": note_uri(author, name),
        "type": "Note",
        "attributedTo": author.uri,
        "to": [PUBLIC],
        "cc": [f"{author.uri}/followers"],
        "content": f"<p>{name}</p>",
        "published": write_moment(MORNING + timedelta(minutes=at)),
        **more,
    }


def note_uri(author: Actor, name: str) -> str:
    """The id that `note` gives."""
    return f"{author.origin}/notes/{name}"


def evidence(uri: str, body: bytes = b"{}") -> Evidence:
    """The Create that brought a post, signed by its author."""
    return Evidence(f"{uri}#create", "Create", body, "signature")


async def receive(unit: Unit, author: Actor, name: str, /, **more: Any) -> Post | None:
    """Accept such a note."""
    document = read_object(note(author, name, **more))
    return await accept(unit, document, author)


async def accept(unit: Unit, document: PostDocument, author: Actor) -> Post | None:
    """Accept a document that has been read."""
    return await accept_remote_post(unit, document, author, evidence=evidence(document.uri))


async def received(unit: Unit, author: Actor, name: str, /, **more: Any) -> Post:
    """Accept such a note, which is not refused."""
    post = await receive(unit, author, name, **more)
    assert post is not None
    return post


async def outline(unit: Unit, thread_id: int) -> list[tuple[int, str]]:
    """A thread as the database holds it: depth and last part of the id, in reading order."""
    await unit.flush()
    query = select(Post.depth, Post.uri).where(Post.thread_id == thread_id).order_by(Post.path)
    return [(depth, uri.rpartition("/")[2]) for depth, uri in await unit.session.execute(query)]
