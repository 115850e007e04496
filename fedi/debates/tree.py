"""The tree of a debate, written into each post as the place where it is read.

A path has one segment per level, of fixed width and sortable as text: the date of the post,
so that siblings follow each other in time, then a digest of its id, so that every node breaks
a tie the same way.  Nothing in a path depends on when or in what order posts arrived.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, Integer, and_, case, func, literal, select, update
from sqlalchemy.orm.attributes import set_committed_value

from fedi.core.unit import Unit
from fedi.debates.archive import move_archive
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.orphans import orphans_of
from fedi.debates.participation import count_reply, forget_thread, transfer_branch
from fedi.debates.placements import decided_place

#: Replies to a post this deep are placed beside it; data keeps their real parent.  The path of
#: the deepest still fits into an index of PostgreSQL, whose entries have at most 2,704 bytes.
MAX_DEPTH = 170

_DIGITS = "0123456789abcdefghijklmnopqrstuv"  # in the order of their code points
_DATE = 11  # 55 bits of microseconds
_DIGEST = 4
WIDTH = _DATE + _DIGEST
_ROOM = MAX_DEPTH * WIDTH
_PAST_DIGITS = "w"  # what sorts behind a path and everything below it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def segment(published_at: datetime, uri: str) -> str:
    """The last part of a post's path: 15 characters that sort by date, then by digest of the id."""
    micros = max((published_at - _EPOCH) // timedelta(microseconds=1), 0)
    digest = int.from_bytes(sha256(uri.encode()).digest()[:4]) >> 12
    return _write(micros, _DATE) + _write(digest, _DIGEST)


def _write(number: int, width: int) -> str:
    return "".join(_DIGITS[number >> shift & 31] for shift in range(5 * (width - 1), -1, -5))


def below(above: str, path: str) -> str:
    """What `path` becomes under a post whose path is `above`, never deeper than `MAX_DEPTH`."""
    whole = above[:_ROOM] + path
    return whole if len(whole) <= _ROOM + WIDTH else whole[:_ROOM] + path[-WIDTH:]


def depth_of(path: str) -> int:
    """How many posts are above the one with this path."""
    return len(path) // WIDTH - 1


def plant(post: Post, thread_id: int) -> None:
    """Place a post as the first of its thread."""
    post.thread_id, post.path, post.depth = thread_id, segment(post.published_at, post.uri), 0


def place(post: Post, above: Post) -> None:
    """Place a post under another one of its thread, which may not be the one it answers."""
    post.thread_id = above.thread_id
    post.path = below(above.path, segment(post.published_at, post.uri))
    post.depth = depth_of(post.path)


def attach(post: Post, parent: Post) -> None:
    """Place a post under the one it answers."""
    post.parent_id = parent.id
    place(post, parent)


def below_path(path: str) -> ColumnElement[bool]:
    """The condition that selects a path and all below it, within a thread."""
    return and_(Post.path >= path, Post.path < path + _PAST_DIGITS)


def branch(post: Post) -> ColumnElement[bool]:
    """The condition that selects a post and everything below it: a range of one index."""
    return and_(Post.thread_id == post.thread_id, below_path(post.path))


def _holds(post: Post, other: Post) -> bool:
    return other.thread_id == post.thread_id and other.path.startswith(post.path)


async def relink_children(unit: Unit, post: Post) -> None:
    """Bring under `post` the replies to it that arrived earlier, with all that is below them.

    Those that a Group has placed elsewhere stay there.
    """
    for orphan in await orphans_of(unit, parent_uri=post.uri):
        if _holds(orphan, post):
            orphan.parent_uri = None  # the replies form a ring: it is cut where it closes
            continue
        orphan.parent_id = post.id
        count_reply(post, orphan)
        if await decided_place(unit, orphan.uri, post.thread_id) is None:
            await _move(unit, orphan, post)


async def gather_orphans(unit: Unit, thread: Thread, root: Post) -> list[Post]:
    """Bring into a thread the posts that name it as their context but whose parent is unknown.

    So are those that go on with it, which are returned.
    """
    for orphan in await orphans_of(unit, context_uri=thread.uri):
        if orphan.thread_id != thread.id:
            await _move(unit, orphan, root)
    sequels = await _sequels(unit, thread)
    for sequel in sequels:
        await _move(unit, sequel, root)
    return sequels


async def _sequels(unit: Unit, thread: Thread) -> list[Post]:
    """Openings that go on with a thread and came before it."""
    await unit.flush()
    query = select(Post).where(Post.continues_uri == thread.uri, Post.thread_id != thread.id)
    sequels = list(await unit.session.scalars(query.order_by(Post.id)))
    for sequel in sequels:
        unit.meet(sequel)
    return sequels


async def _move(unit: Unit, orphan: Post, above: Post) -> None:
    """Bring home a branch; a thread that had only been waiting with it is forgotten."""
    left_id = orphan.thread_id
    await transplant(unit, orphan, above.thread_id, above.path)
    left = await unit.find(Thread, id=left_id) if left_id != above.thread_id else None
    if left is not None and left.root_id == orphan.id:
        await forget_thread(unit, left)


async def transplant(unit: Unit, top: Post, thread_id: int, above: str = "") -> None:
    """Place a branch in a thread, below the path `above` or else as its beginning.

    It takes the same number of statements whatever its size.  Only places change: what the
    posts say and answer stays.
    """
    left_id, old_path = top.thread_id, top.path
    await unit.flush()
    deepest = await unit.session.scalar(select(func.max(Post.depth)).where(branch(top)))
    await unit.session.execute(
        update(Post)
        .where(branch(top))
        .values(thread_id=thread_id, **_moved_columns(above, len(old_path) - WIDTH))
        .execution_options(synchronize_session=False)
    )
    for row in list(unit.session.identity_map.values()):
        if isinstance(row, Post) and row.thread_id == left_id and row.path.startswith(old_path):
            _tell_moved(row, thread_id, above, old_path)
    if left_id != thread_id:
        await transfer_branch(unit, top, branch(top), left_id)
        await move_archive(unit, left_id, thread_id)
    if deepest is not None and deepest >= MAX_DEPTH:
        await _spread(unit, top)


async def _spread(unit: Unit, top: Post) -> None:
    """Give back to a branch that was too deep for its levels those for which there is room now."""
    query = select(Post).where(branch(top), Post.id != top.id).order_by(Post.path)
    posts = list(await unit.session.scalars(query))
    places = {top.id: top.path}
    while posts:
        waiting = [post for post in posts if post.parent_id not in places]
        for post in posts:
            if post.parent_id in places:
                own = post.path[-WIDTH:]
                post.path = places[post.id] = below(places[post.parent_id], own)
                post.depth = depth_of(post.path)
        if len(waiting) == len(posts):  # what answers nothing of the branch keeps its place
            break
        posts = waiting


def _moved_columns(above: str, cut: int) -> dict[str, ColumnElement[object]]:
    """What `below` computes, as SQL; paths lose their first `cut` characters."""
    whole = literal(above[:_ROOM]).concat(func.substr(Post.path, cut + 1))
    own = func.substr(Post.path, func.length(Post.path) - WIDTH + 1)
    path = case(
        (func.length(whole) > _ROOM + WIDTH, func.substr(whole, 1, _ROOM).concat(own)), else_=whole
    )
    return {"path": path, "depth": func.length(path, type_=Integer) // WIDTH - 1}


def _tell_moved(row: Post, thread_id: int, above: str, old_path: str) -> None:
    """Make a row that the unit remembers say what the database says since the move."""
    path = below(above, row.path[len(old_path) - WIDTH :])
    set_committed_value(row, "thread_id", thread_id)
    set_committed_value(row, "path", path)
    set_committed_value(row, "depth", depth_of(path))


def reading_order(posts: Iterable[Post]) -> list[Post]:
    """Posts as they are read: depth first, siblings by date, then by digest of their id.

    This is what sorting by path gives; it needs only ids, parents and dates, so it can judge
    paths.  A post whose parent is not among them comes after those of the tree before it.
    """
    everything = sorted(posts, key=lambda post: segment(post.published_at, post.uri), reverse=True)
    known = {post.uri for post in everything}
    children: defaultdict[str | None, list[Post]] = defaultdict(list)
    for post in everything:
        children[post.parent_uri if post.parent_uri in known else None].append(post)
    order = []
    pending = children[None]
    while pending:
        post = pending.pop()
        order.append(post)
        pending.extend(children[post.uri])
    return order
