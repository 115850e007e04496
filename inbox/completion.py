"""Deciding what to read so that a debate becomes complete here; `backfill` does the reading."""

from datetime import timedelta

from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.debates.addresses import mirror_uri
from fedi.debates.audience import carriers
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.received_note import PostDocument
from inbox.models import Backfill

#: A collection is not read again sooner, whatever is said in its debate.
COOLDOWN = timedelta(minutes=15)
#: A debate that has come so far in is not gone after further.
MAX_POSTS = 500
#: Copies that are asked when the origin does not answer, or at night.
MAX_MIRRORS = 3


async def schedule_backfill(
    unit: Unit, uri: str | None, *, reason: str, after: timedelta = timedelta()
) -> None:
    """Have a peer's collection read in the background, now or when it has rested."""
    if uri is None or unit.site.is_local(uri):
        return
    row = await unit.find(Backfill, uri=uri)
    if row is None:
        row = unit.add(Backfill(uri=uri, attempts=0, created_at=unit.now))
        row.next_attempt_at = unit.now + after
    elif row.finished_at is not None:
        row.next_attempt_at = max(unit.now, row.finished_at + COOLDOWN)
        row.finished_at, row.attempts = None, 0
    else:
        return
    row.reason = reason
    unit.wake("backfill")


async def complete_thread(
    unit: Unit, post: Post, document: PostDocument, *, is_old: bool = False
) -> None:
    """Have the rest of a peer's debate read, of which this post has just arrived.

    The context lists the whole debate (FEP-f228).  Where there is none, what answers a post
    is asked of the post; one that was written just now (not `is_old`) has no answers yet.
    """
    thread = await unit.find(Thread, id=post.thread_id)
    if thread is None or thread.origin == unit.site.url or thread.post_count > MAX_POSTS:
        return
    context = document.context_uri
    if context is not None and _leads_to_all(context, thread):
        await schedule_backfill(unit, context, reason=post.uri)
    elif is_old or document.parent_uri is None:
        replies = document.replies_uri
        if replies is not None and same_origin(replies, post.uri):
            await schedule_backfill(unit, replies, reason=post.uri)


async def schedule_mirrors(
    unit: Unit, context_uri: str, *, limit: int = MAX_MIRRORS, lately: timedelta = COOLDOWN
) -> None:
    """Have copies of a debate compared with what is kept here: of those who carry it besides us.

    Those that were read `lately` are left alone.
    """
    thread = await unit.find(Thread, uri=context_uri)
    if thread is None or thread.uri == thread.root_uri:
        return
    origins = dict.fromkeys(actor.origin for actor in await carriers(unit, thread))
    for origin in list(origins)[:limit]:
        uri = mirror_uri(origin, thread.uri)
        row = await unit.find(Backfill, uri=uri)
        if row is None or row.finished_at is None or row.finished_at < unit.now - lately:
            await schedule_backfill(unit, uri, reason=context_uri)


def _leads_to_all(context: str, thread: Thread) -> bool:
    """Whether the whole debate is listed there, as far as one can tell.

    NodeBB gives replies a context of its own, which is not the debate as its origin keeps it.
    A thread that has no context yet may begin in the middle: then any lead is good.
    """
    return thread.uri == thread.root_uri or same_origin(context, thread.origin)
