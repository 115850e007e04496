"""How a post comes to stand somewhere: it begins a thread, joins one, or waits for its parent."""

from fedi.core.db import Unit
from fedi.core.html import excerpt
from fedi.core.urls import origin_of
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.orphans import remember_orphan
from fedi.debates.participation import begin_counting, count_post
from fedi.debates.permissions import is_public
from fedi.debates.tree import gather_orphans, plant, relink_children

_TITLE_FROM_TEXT = 100


def begin_thread(unit: Unit, root: Post, *, uri: str, group_id: int | None, listed: bool) -> Thread:
    """Make a thread that starts with a post; not `listed`, it shows only to who has its address."""
    title, question = heading_of(root)
    thread = unit.add(
        Thread(
            uri=uri,
            key=root.key,
            origin=str(origin_of(root.uri)),
            root_id=root.id,
            root_uri=root.uri,
            group_id=group_id,
            author_id=root.author_id,
            title=title,
            question=question,
            opened_at=root.published_at,
            active_at=min(root.published_at, unit.now),
            last_author_id=root.author_id,
            post_count=0,
            locked_at=None,
            listed=listed,
            changed_at=unit.now,
        )
    )
    begin_counting(unit, thread)
    plant(root, thread.id)
    return thread


def heading_of(root: Post) -> tuple[str, str]:
    """The title and the question of a thread, from what its first post says.

    Microblogs have no titles: a warning or the first words stand for one.  A private post
    gives none, because threads are named in places where posts are not.
    """
    if not is_public(root) or root.deleted_at is not None:
        return "", ""
    if root.title:
        return root.title, root.summary
    return root.summary or excerpt(root.content, _TITLE_FROM_TEXT), ""


async def enter(unit: Unit, post: Post, thread: Thread, parent: Post | None) -> None:
    """Store a post that has been placed, count it, and bring home what waited for it."""
    unit.add(post)
    await count_post(unit, thread, post, parent)
    if parent is None and post.parent_uri is not None:
        remember_orphan(unit, post)
    await relink_children(unit, post)
    if post.parent_uri is None:
        await gather_orphans(unit, thread, post)


async def thread_of(unit: Unit, post: Post) -> Thread:
    """The thread a post belongs to."""
    thread = await unit.find(Thread, id=post.thread_id)
    if thread is None:
        raise LookupError(f"{post.uri} belongs to no thread")
    return thread
