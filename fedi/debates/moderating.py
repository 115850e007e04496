"""What moderators take out of sight, and bring back.

A message in a Group of ours is removed from its debate, which the Group tells everybody who
follows it.  A message in the debate of another network is hidden here, and nobody is told: there
it is not ours to judge.  Its words are kept as a revision, because the decision may be appealed.
"""

from sqlalchemy import delete, select

from actors.models import Actor
from fedi.core.errors import Conflict, Forbidden
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.debates.archive import erase_evidence
from fedi.debates.holding import hold
from fedi.debates.images import put_away
from fedi.debates.joining import heading_of, is_heading, thread_of
from fedi.debates.models.post import Post, Revision
from fedi.debates.models.thread import Thread
from fedi.debates.participation import note_change
from fedi.debates.permissions import is_public
from fedi.debates.posts import bury, delete_post
from fedi.debates.publication import freeze, say_restore, serve_again
from fedi.debates.tags import change_tags


async def is_our_debate(unit: Unit, thread: Thread) -> bool:
    """Whether the debate is in a Group of ours: what is removed from it is removed everywhere."""
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    return group is not None and group.is_local


async def hide_post(unit: Unit, moderator: Actor, post: Post, reason: str) -> None:
    """Take a message out of sight.  Raises `Conflict` when it is gone already."""
    await hold(unit, post)
    if post.deleted_at is not None:
        raise Conflict("this message is gone already", code="gone")
    thread = await thread_of(unit, post)
    if await is_our_debate(unit, thread):
        await delete_post(unit, moderator, post, reason=reason)
    else:
        await bury(unit, post, thread, moderator, reason)


async def erase_post(unit: Unit, moderator: Actor, post: Post, reason: str) -> None:
    """Erase the words of a message for good, revisions, evidence and images included.

    One of a member is taken back in their name, so that every server which has it erases it.
    """
    await hold(unit, post)
    author = await unit.find(Actor, id=post.author_id)
    if post.deleted_at is None and author is not None and author.is_local:
        if author.suspended_at is not None:
            raise Forbidden("a suspended member says nothing any more: hide it", code="suspended")
        await delete_post(unit, author, post)
    elif post.deleted_at is None:
        await hide_post(unit, moderator, post, reason)
    post.removed_by_id, post.removal_reason = moderator.id, reason or None
    await erase_evidence(unit, post)
    await unit.session.execute(delete(Revision).where(Revision.post_id == post.id))
    await change_tags(unit, post, None)
    await put_away(unit, post)


async def last_words(unit: Unit, post: Post) -> Revision | None:
    """What a message said that moderators removed; None when nothing of it is kept."""
    if post.deleted_at is None or post.removed_by_id is None:
        return None
    await unit.flush()
    query = (
        select(Revision).where(Revision.post_id == post.id).order_by(Revision.id.desc()).limit(1)
    )
    words: Revision | None = await unit.session.scalar(query)
    return words


async def restore_post(unit: Unit, moderator: Actor, post: Post) -> None:
    """Bring back what moderators of this node hid, and tell whom the removal was told.

    Raises `Conflict` when nothing of it is kept, or when another network removed it.
    """
    await hold(unit, post)
    remover = await unit.find(Actor, id=post.removed_by_id) if post.removed_by_id else None
    if remover is None or not remover.is_local:
        raise Conflict("this message was not hidden here", code="not-hidden")
    if not await _unearth(unit, post):
        raise Conflict("nothing is kept of this message", code="nothing-kept")
    thread = await thread_of(unit, post)
    author = await unit.find(Actor, id=post.author_id)
    if author is not None and author.is_local:
        await freeze(unit, post, thread, author)
    await serve_again(unit, post)
    if await is_our_debate(unit, thread):
        await say_restore(unit, post, thread, remover)


async def accept_remote_restore(unit: Unit, uri: str, actor: Actor) -> bool:
    """Bring back what an actor of a peer had removed here; whether that was done."""
    post = await unit.find(Post, uri=uri)
    if post is None or post.removed_by_id != actor.id or post.deleted_at is None:
        return False
    return await _unearth(unit, post)


async def _unearth(unit: Unit, post: Post) -> bool:
    words = await last_words(unit, post)
    if words is None:
        return False
    thread = await thread_of(unit, post)
    post.title, post.summary = words.title, words.summary
    post.content, post.source = words.content, words.source
    post.deleted_at = post.removed_by_id = post.removal_reason = None
    post.stamp = new_id()
    await unit.session.delete(words)
    if is_heading(post, thread):
        thread.title, thread.question = heading_of(post)
        thread.listed = is_public(post) and thread.group_id is not None
    note_change(unit, thread)
    return True
