"""Having a debate for oneself: what counts is read, then written, and nobody may come between.

A unit takes the threads it changes before it writes anything, in the order of their keys: so
no reply is counted for another, and units wait for each other but never in a circle.  SQLite
has one writer at a time, who has everything.
"""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, any_, bindparam, inspect, select, union

from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread

#: Of posts and contexts, for PostgreSQL: one question, however many names there are.
_THREADS = (
    select(Thread)
    .where(
        Thread.id.in_(
            union(
                select(Post.thread_id).where(
                    Post.uri == any_(bindparam("posts", type_=ARRAY(Text)))
                ),
                select(Thread.id).where(
                    Thread.uri == any_(bindparam("contexts", type_=ARRAY(Text)))
                ),
                select(Thread.merged_into_id).where(
                    Thread.uri == any_(bindparam("contexts", type_=ARRAY(Text)))
                ),
            )
        )
    )
    .order_by(Thread.id)
    .with_for_update(of=Thread)
)


async def hold_threads(unit: Unit, *, posts: Collection[str], contexts: Collection[str]) -> None:
    """Take the threads of these contexts and of these posts, by id, until the unit ends.

    To be called before any of them is read: what is read afterwards is how it stays.
    """
    if _has_everything(unit):
        return
    named = {"posts": list(posts), "contexts": list(contexts)}
    unit.met |= dict.fromkeys((Thread, "uri", uri) for uri in contexts)
    for thread in await unit.session.scalars(_THREADS, named):
        unit.meet(thread)


async def hold(unit: Unit, post: Post) -> None:
    """Take the thread of a post that has been read, and read both again, until the unit ends.

    What was made in this very unit is nobody else's yet.
    """
    if _has_everything(unit) or unit.memory.get((hold, post.thread_id)):
        return
    unit.memory[hold, post.thread_id] = True
    await unit.flush()  # or what this unit changed would be read again as it was
    query = select(Thread).where(Thread.id == post.thread_id).with_for_update()
    again = query.execution_options(populate_existing=True)
    thread = (await unit.session.scalars(again)).one_or_none()
    if thread is not None:
        unit.meet(thread)
        if inspect(post).persistent:
            await unit.session.refresh(post)


def _has_everything(unit: Unit) -> bool:
    return unit.session.get_bind().dialect.name == "sqlite"
