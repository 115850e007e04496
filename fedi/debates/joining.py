"""How a post comes to stand somewhere: it begins a thread, joins one, or waits for its parent."""

from actors.models import Actor
from fedi.core.html import excerpt
from fedi.core.unit import Unit
from fedi.core.urls import origin_of, same_origin
from fedi.debates.models.post import Post, Visibility
from fedi.debates.models.thread import Continuation, Thread
from fedi.debates.orphans import remember_orphan
from fedi.debates.participation import begin_counting, count_post
from fedi.debates.permissions import is_public
from fedi.debates.placements import decided_place, follow_merges
from fedi.debates.tree import attach, gather_orphans, place, plant, relink_children

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


def is_heading(post: Post, thread: Thread) -> bool:
    """Whether the title of a thread is that of this post, and not one that was given to a part."""
    return post.id == thread.root_id and post.parent_uri is None


async def thread_by_context(unit: Unit, post: Post) -> Thread | None:
    """The thread that an answer to an unknown post names.

    Contexts come second, because forums give each message its own, or one for their copy.
    """
    if post.continues_uri is not None:
        return await thread_named(unit, post.continues_uri)
    if post.parent_uri is None or post.context_uri is None:
        return None
    return await thread_named(unit, post.context_uri)


async def thread_named(unit: Unit, context_uri: str) -> Thread | None:
    """The thread that a context stands for: its own, that of a sequel, or where it all went."""
    thread = await unit.find(Thread, uri=context_uri)
    if thread is None:
        sequel = await unit.find(Continuation, uri=context_uri)
        thread = await unit.find(Thread, id=sequel.thread_id) if sequel is not None else None
    return thread and await follow_merges(unit, thread)


async def settle(unit: Unit, post: Post, thread: Thread, parent: Post | None) -> Thread:
    """Give a post its place: under what it answers, or under the root while that is unknown.

    The thread in which it stands: another one, when its Group has placed it elsewhere.
    """
    if parent is not None:
        attach(post, parent)
    else:
        await place_apart(unit, post, thread)
    decided = await decided_place(unit, post.uri, thread.id)
    above = await unit.find(Post, uri=decided.above_uri) if decided and decided.above_uri else None
    if above is None:
        return thread
    place(post, above)
    return await thread_of(unit, post)


async def place_apart(unit: Unit, post: Post, thread: Thread) -> None:
    """Place a post below the opening of a thread, which it does not answer."""
    root = await unit.find(Post, id=thread.root_id)
    if root is None:
        raise LookupError(f"{thread.uri} has no first post")
    place(post, root)


async def begin_foreign_thread(unit: Unit, post: Post) -> Thread:
    """Begin a thread with a root, or with an answer that waits for what it answers."""
    candidates = [uri for uri in (post.audience_uri, *post.addressed) if uri is not None]
    await unit.load(Actor, uri=candidates)
    found = [await unit.find(Actor, uri=uri) for uri in candidates]
    group = next((actor for actor in found if actor is not None and actor.type == "Group"), None)
    is_root = post.parent_uri is None
    uri = post.uri
    if is_root and post.context_uri is not None and same_origin(post.context_uri, post.uri):
        taken = await unit.find(Thread, uri=post.context_uri)
        uri = post.context_uri if taken is None else post.uri
    author = await unit.find(Actor, id=post.author_id)
    is_silenced = author is not None and author.silenced_at is not None
    is_offered = post.visibility is Visibility.PUBLIC and bool(group or post.title)
    listed = is_root and is_offered and not is_silenced
    return begin_thread(unit, post, uri=uri, group_id=group.id if group else None, listed=listed)


async def note_sequel(unit: Unit, thread: Thread, opening: Post) -> str:
    """Let a second context stand for a thread: that of an opening which goes on with it."""
    uri = opening.context_uri or opening.uri
    if await unit.find(Continuation, uri=uri) is None:
        unit.add(
            Continuation(uri=uri, thread_id=thread.id, root_uri=opening.uri, created_at=unit.now)
        )
    return uri


async def enter(unit: Unit, post: Post, thread: Thread, parent: Post | None) -> None:
    """Store a post that has been placed, count it, and bring home what waited for it."""
    unit.add(post)
    await count_post(unit, thread, post, parent)
    if parent is None and post.parent_uri is not None:
        remember_orphan(unit, post)
    await relink_children(unit, post)
    if post.parent_uri is None and post.continues_uri is None:
        for sequel in await gather_orphans(unit, thread, post):
            await note_sequel(unit, thread, sequel)


async def thread_of(unit: Unit, post: Post) -> Thread:
    """The thread a post belongs to."""
    thread = await unit.find(Thread, id=post.thread_id)
    if thread is None:
        raise LookupError(f"{post.uri} belongs to no thread")
    return thread
