"""The collections of threads and posts, as documents for other servers.

Pages are numbered from 1 and hold 50 items.  Only what everybody may read is in them, and the
totals count nothing else.
"""

from typing import Any, Literal

from sqlalchemy import func, or_, select

from actors.models import Actor
from fedi.core.jsonld import Document, embed
from fedi.core.unit import Unit
from fedi.core.vocab import AS2
from fedi.debates.addresses import page_path
from fedi.debates.models.post import ArchivedActivity, Post, Reaction
from fedi.debates.models.thread import Thread
from fedi.debates.note import write_empty_replies, write_moment
from fedi.debates.permissions import is_public, readable

PAGE = 50

_HISTORY_TERM = {
    "contextHistory": {"@id": "https://w3id.org/fep/171b/contextHistory", "@type": "@id"}
}
_TERMS = {**_HISTORY_TERM, "movedTo": {"@id": "as:movedTo", "@type": "@id"}}


def etag(thread: Thread) -> str:
    """The entity tag of what is served of a thread: it changes with whatever is shown of it."""
    return f'"{thread.id:x}-{round(thread.changed_at.timestamp() * 1_000_000):x}"'


# --- the context: all posts, the first one first, then by date ------------------------------


async def context_collection(unit: Unit, thread: Thread, uri: str | None = None) -> Document:
    """A whole thread (FEP-f228), its first posts inline; `uri` is the context of a sequel, or of
    a thread that was merged into this one: that is said by `movedTo`.

    PieFed reads what is inline and nothing else; NodeBB and others follow the pages.
    """
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    author = await unit.find(Actor, id=thread.author_id)
    owner = group or author
    return {
        "@context": [AS2, _TERMS],
        "id": uri or thread.uri,
        "type": "OrderedCollection",
        **({"movedTo": thread.uri} if await _is_merged(unit, thread, uri) else {}),
        "name": thread.title,
        "url": f"{unit.site.url}{page_path(thread)}",
        **({"attributedTo": owner.uri} if owner is not None else {}),
        **({"audience": group.uri} if group is not None else {}),
        "published": write_moment(thread.opened_at),
        "updated": write_moment(thread.changed_at),
        "contextHistory": f"{uri or thread.uri}/history",
        "totalItems": thread.post_count,
        "orderedItems": await _context_items(unit, thread, 1),
        "first": _page_uri(uri or thread.uri, 1),
        "last": _page_uri(uri or thread.uri, _last_page(thread.post_count)),
    }


async def _is_merged(unit: Unit, thread: Thread, uri: str | None) -> bool:
    """Whether this is the context of another thread than the one it leads to."""
    return uri not in (None, thread.uri) and await unit.find(Thread, uri=uri) is not None


async def context_page(unit: Unit, thread: Thread, page: int, uri: str | None = None) -> Document:
    """One page of a thread; empty past its end."""
    last = _last_page(thread.post_count)
    return _ordered_page(
        uri or thread.uri, page, last, await _context_items(unit, thread, page), thread.post_count
    )


async def _context_items(unit: Unit, thread: Thread, page: int) -> list[str]:
    """The first post opens the thread even when the clock of another server was slow."""
    root = await unit.find(Post, id=thread.root_id) if page == 1 else None
    first = [root.uri] if root is not None and is_public(root) else []
    query = (
        select(Post.uri)
        .where(Post.thread_id == thread.id, Post.id != thread.root_id, readable())
        .order_by(Post.published_at, Post.id)
        .offset(max(0, (page - 1) * PAGE - 1))
        .limit(PAGE - len(first))
    )
    return [*first, *await unit.session.scalars(query)]


# --- the history: the activities themselves -------------------------------------------------


async def history_collection(unit: Unit, thread: Thread, context: str | None = None) -> Document:
    """What was said in a thread, as the activities that said it (FEP-171b)."""
    query = _history(select(func.count()), thread)
    total = await unit.session.scalar(query) or 0
    uri = f"{context or thread.uri}/history"
    return {
        "@context": [AS2],
        "id": uri,
        "type": "OrderedCollection",
        "totalItems": total,
        "first": _page_uri(uri, 1),
        "last": _page_uri(uri, _last_page(total)),
    }


async def history_page(
    unit: Unit, thread: Thread, page: int, context: str | None = None
) -> Document:
    """A page of activities, newest last, byte for byte: their proofs hold without us."""
    query = _history(select(ArchivedActivity.body), thread).order_by(ArchivedActivity.id)
    bodies = await unit.session.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1))
    items = [embed(body) for body in bodies]
    last = page + 1 if len(items) > PAGE else page
    return _ordered_page(f"{context or thread.uri}/history", page, last, items[:PAGE])


def _history(query: Any, thread: Thread) -> Any:
    """Activities only, not what was fetched; and of a post that is gone, only that it is gone."""
    return (
        query.select_from(ArchivedActivity)
        .outerjoin(Post, Post.uri == ArchivedActivity.object_uri)
        .where(
            ArchivedActivity.thread_id == thread.id,
            ArchivedActivity.trust != "fetched",
            or_(Post.deleted_at.is_(None), ArchivedActivity.type == "Delete"),
        )
    )


# --- replies, likes, shares ----------------------------------------------------------------


async def replies_collection(unit: Unit, post: Post) -> Document:
    """The direct replies to a post, wherever they were written.

    The first page has no items and leads to the next one, as in the post itself.
    """
    uri = f"{post.uri}/replies"
    return {
        "@context": [AS2],
        "id": uri,
        "type": "Collection",
        "totalItems": post.reply_count,
        "first": write_empty_replies(post.uri),
    }


async def replies_page(unit: Unit, post: Post, page: int) -> Document:
    """A page of replies by date; page 0 is the empty one that stands in the post."""
    if page == 0:
        return {"@context": [AS2], **write_empty_replies(post.uri)}
    uri = f"{post.uri}/replies"
    query = (
        select(Post.uri)
        .where(Post.parent_id == post.id, readable())
        .order_by(Post.published_at, Post.id)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    items = list(await unit.session.scalars(query))
    following = {"next": _page_uri(uri, page + 1)} if len(items) > PAGE else {}
    return {
        "@context": [AS2],
        "id": _page_uri(uri, page),
        "type": "CollectionPage",
        "partOf": uri,
        **following,
        "items": items[:PAGE],
    }


async def likes_collection(unit: Unit, post: Post) -> Document:
    """Who likes a post: how many, and the newest."""
    return await _reactions(unit, post, "like", f"{post.uri}/likes", post.like_count)


async def shares_collection(unit: Unit, post: Post) -> Document:
    """Who shared a post: how many, and the newest."""
    return await _reactions(unit, post, "share", f"{post.uri}/shares", post.share_count)


async def _reactions(
    unit: Unit, post: Post, kind: Literal["like", "share"], uri: str, total: int
) -> Document:
    """Items are the activities, or the actors when those have no id."""
    query = (
        select(func.coalesce(Reaction.uri, Actor.uri))
        .join(Actor, Actor.id == Reaction.actor_id)
        .where(Reaction.post_id == post.id, Reaction.kind == kind)
        .order_by(Reaction.id.desc())
        .limit(PAGE)
    )
    return {
        "@context": [AS2],
        "id": uri,
        "type": "Collection",
        "totalItems": total,
        "items": list(await unit.session.scalars(query)),
    }


# --- pages -----------------------------------------------------------------------------------


def _last_page(total: int) -> int:
    return max(1, -(-total // PAGE))


def _page_uri(collection: str, page: int) -> str:
    return f"{collection}?page={page}"


def _ordered_page(
    collection: str, page: int, last: int, items: list[Any], total: int | None = None
) -> Document:
    return {
        "@context": [AS2],
        "id": _page_uri(collection, page),
        "type": "OrderedCollectionPage",
        "partOf": collection,
        **({"totalItems": total} if total is not None else {}),
        **({"next": _page_uri(collection, page + 1)} if page < last else {}),
        **({"prev": _page_uri(collection, page - 1)} if page > 1 else {}),
        "orderedItems": items,
    }
