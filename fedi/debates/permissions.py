"""Who may read what, and who may act.

Every surface asks here: pages, documents, collections, feeds, search, mail.
"""

import json

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, exists, or_, select

from actors.models import Actor
from fedi.accounts.models import Account, AccountRole
from fedi.core.unit import Unit
from fedi.debates.models.post import Post, Visibility
from fedi.debates.models.thread import Moderator, Participation, Thread

#: What everybody may read.
PUBLISHED = (Visibility.PUBLIC, Visibility.UNLISTED)


def is_public(post: Post) -> bool:
    """Whether everybody may read a post."""
    return post.visibility in PUBLISHED


def readable(viewer: str | None = None) -> ColumnElement[bool]:
    """The posts that a reader, named by the id of their actor, may read; nobody: the public ones.

    Whoever is addressed by name may read a private post; its author is among them, because
    `addressed` of a private post names the author too.
    """
    public = Post.visibility.in_(PUBLISHED)
    if viewer is None:
        return public
    return or_(public, cast(Post.addressed, Text).contains(json.dumps(viewer), autoescape=True))


def may_read(post: Post, viewer: str | None = None) -> bool:
    """What `readable` says, of one post at hand."""
    return is_public(post) or (viewer is not None and viewer in post.addressed)


def findable(viewer: Actor | None = None) -> ColumnElement[bool]:
    """The posts that a search may show to a reader, in a query that joins `Actor` and `Thread`.

    They are among the `readable` ones, and there.  Those of another server are found by
    strangers when their author agrees (FEP-5feb) and has addressed everybody without reserve;
    whoever takes part in the debate finds all of it.  Visitors find what is listed here.
    """
    there = and_(
        readable(viewer.uri if viewer is not None else None),
        Post.deleted_at.is_(None),
        Actor.suspended_at.is_(None),
        Actor.silenced_at.is_(None),
    )
    agreed = or_(Actor.role.is_not(None), Actor.indexable)
    offered = and_(Post.visibility == Visibility.PUBLIC, agreed)
    if viewer is None:
        return and_(there, offered, Thread.listed)
    takes_part = exists().where(
        Participation.thread_id == Post.thread_id,
        Participation.actor_id == viewer.id,
        Participation.post_count > 0,
    )
    addressed = Post.visibility.not_in(PUBLISHED)
    return and_(there, or_(offered, addressed, Post.author_id == viewer.id, takes_part))


async def is_moderator(unit: Unit, group_id: int | None, actor: Actor) -> bool:
    """Whether an actor looks after a Group of this node; the node's moderators look after all."""
    if group_id is None:
        return False
    group = await unit.find(Actor, id=group_id)
    if group is None or not group.is_local or actor.suspended_at is not None:
        return False
    key = (Moderator, group_id, actor.id)
    if key not in unit.memory:
        unit.memory[key] = await _looks_after(unit, group_id, actor)
    answer: bool = unit.memory[key]
    return answer


_LOOKS_AFTER = select(
    or_(
        exists().where(
            Moderator.group_id == bindparam("group_id"), Moderator.actor_id == bindparam("actor_id")
        ),
        exists().where(
            Account.actor_id == bindparam("actor_id"),
            Account.role != AccountRole.MEMBER,
            Account.disabled_at.is_(None),
        ),
    )
)


async def _looks_after(unit: Unit, group_id: int, actor: Actor) -> bool:
    await unit.flush()
    asked = {"group_id": group_id, "actor_id": actor.id}
    return bool(await unit.session.scalar(_LOOKS_AFTER, asked))


async def may_reply(unit: Unit, thread: Thread, actor: Actor) -> bool:
    """Whether an actor may add to a thread: not when suspended, nor once it is locked."""
    if actor.suspended_at is not None or actor.gone_at is not None:
        return False
    return thread.locked_at is None or await is_moderator(unit, thread.group_id, actor)


async def may_reshape(unit: Unit, thread: Thread, actor: Actor) -> bool:
    """Whether an actor may close or rearrange a whole debate: who looks after its Group, here."""
    return await is_moderator(unit, thread.group_id, actor)


async def holds_debate(unit: Unit, thread: Thread, actor: Actor) -> bool:
    """Whether an actor is the Group of a peer that holds a debate, or one beside it, where a
    network speaks for its groups."""
    home = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    is_group = actor.type == "Group" and not actor.is_local
    return home is not None and is_group and home.origin == actor.origin


async def may_remove(unit: Unit, thread: Thread, post: Post, actor: Actor) -> bool:
    """Whether an actor may take a post away: its author, or who looks after the Group."""
    return post.author_id == actor.id or await is_moderator(unit, thread.group_id, actor)
