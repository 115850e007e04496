"""Posts that members want to find again: a list of their own, of which nobody else learns."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from actors.models import Actor
from fedi.core.errors import Forbidden
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Bookmark
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import may_read
from fedi.debates.reading import PostRow, read_posts


@dataclass(frozen=True, slots=True)
class Marked:
    """A post somebody wants to find again."""

    id: int  # of the bookmark: the cursor of the page that comes after it
    marked_at: datetime
    thread: Thread
    post: PostRow


async def add_bookmark(unit: Unit, actor: Actor, post: Post) -> bool:
    """Mark a post; False when it was marked already.  Raises `Forbidden` when it may not be read.

    A post that is gone may be marked, as far as there is anything to find again.
    """
    if not may_read(post, actor.uri):
        raise Forbidden("this message is not for you", code="private")
    if await _find(unit, actor, post) is not None:
        return False
    unit.write(Bookmark, actor_id=actor.id, post_id=post.id, created_at=unit.now)
    return True


async def remove_bookmark(unit: Unit, actor: Actor, post: Post) -> bool:
    """Mark a post no more; False when it was not marked."""
    known = await _find(unit, actor, post)
    if known is None:
        return False
    await unit.session.execute(delete(Bookmark).where(Bookmark.id == known))
    return True


async def list_bookmarks(
    unit: Unit, actor: Actor, *, before: int | None = None, limit: int = 30
) -> list[Marked]:
    """What a member marked, latest first, as far as they may still read it."""
    query = (
        select(Bookmark.id, Bookmark.created_at, Bookmark.post_id, Thread)
        .join(Post, Post.id == Bookmark.post_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Bookmark.actor_id == actor.id)
        .order_by(Bookmark.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Bookmark.id < before)
    rows = (await unit.session.execute(query)).all()
    posts = {
        post.id: post
        for post in await read_posts(unit, [row.post_id for row in rows], viewer=actor)
    }
    return [
        Marked(row.id, row.created_at, row.Thread, posts[row.post_id])
        for row in rows
        if row.post_id in posts
    ]


async def _find(unit: Unit, actor: Actor, post: Post) -> int | None:
    await unit.flush()
    query = select(Bookmark.id).where(Bookmark.actor_id == actor.id, Bookmark.post_id == post.id)
    return await unit.session.scalar(query)
