"""Likes, dislikes and shares: one of each kind per actor and post."""

from collections.abc import Collection
from typing import Literal

from sqlalchemy import select

from actors.followers import Target, follower_targets, targets_of
from actors.models import Actor
from fedi.core.errors import Forbidden
from fedi.core.jsonld import Document, parse_document
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.audience import carrier_targets
from fedi.debates.groups import relay
from fedi.debates.holding import hold
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post, Reaction
from fedi.debates.models.thread import Thread
from fedi.debates.notifications import forget, notify
from fedi.debates.participation import note_change
from fedi.debates.permissions import is_public
from outbox.builders import build_announce, build_like, build_undo
from outbox.models import Activity
from outbox.publish import publish

Kind = Literal["like", "dislike", "share"]
_COUNTS = {"like": "like_count", "share": "share_count"}  # dislikes are kept, not counted


# --- ours --------------------------------------------------------------------------------


async def like(unit: Unit, actor: Actor, post: Post) -> Reaction:
    """Like a post, and tell its author, the Group and the node where the debate started.

    Liking twice changes nothing.  Raises `Forbidden` for what is private or gone.
    """
    await hold(unit, post)
    _check(actor, post)
    known = await find_reaction(unit, actor, post, "like")
    if known is not None:
        return known
    thread = await thread_of(unit, post)
    told = await _told(unit, post, thread)
    document = build_like(
        unit.site,
        new_key(),
        actor.uri,
        post.uri,
        to=[person.uri for person in told],
        audience=post.audience_uri,
    )
    reaction = await _count(unit, actor, post, kind="like", uri=document["id"], emoji=None)
    await _say(unit, actor, post, thread, document, await _hearers(unit, thread, told))
    return reaction


async def share(unit: Unit, actor: Actor, post: Post) -> Reaction:
    """Show a post to the member's followers; its author is told.

    Sharing twice changes nothing.  Raises `Forbidden` for what is private or gone.
    """
    await hold(unit, post)
    _check(actor, post)
    known = await find_reaction(unit, actor, post, "share")
    if known is not None:
        return known
    author = await _author_of(unit, post)
    document = build_announce(
        unit.site,
        new_key(),
        actor.uri,
        post.uri,
        published=unit.now,
        cc=[f"{actor.uri}/followers", author.uri],
    )
    reaction = await _count(unit, actor, post, kind="share", uri=document["id"], emoji=None)
    await publish(unit, actor, document, to=await _shown(unit, actor, author))
    return reaction


async def unlike(unit: Unit, actor: Actor, post: Post) -> bool:
    """Take a like back; False when there was none."""
    document = await _take_back(unit, actor, post, "like")
    if document is not None:
        thread = await thread_of(unit, post)
        told = await _hearers(unit, thread, await _told(unit, post, thread))
        await _say(unit, actor, post, thread, document, told)
    return document is not None


async def unshare(unit: Unit, actor: Actor, post: Post) -> bool:
    """Show a post no longer; False when it was not shared."""
    document = await _take_back(unit, actor, post, "share")
    if document is not None:
        author = await _author_of(unit, post)
        await publish(unit, actor, document, to=await _shown(unit, actor, author))
    return document is not None


async def _take_back(unit: Unit, actor: Actor, post: Post, kind: Kind) -> Document | None:
    """Count a member's reaction no more; the Undo to publish, or None when there was none."""
    await hold(unit, post)
    reaction = await find_reaction(unit, actor, post, kind)
    activity = await unit.find(Activity, uri=reaction.uri) if reaction and reaction.uri else None
    if activity is None:
        return None
    await accept_undo_reaction(unit, actor, post, kind)
    return build_undo(unit.site, new_key(), actor.uri, parse_document(activity.body))


async def _author_of(unit: Unit, post: Post) -> Actor:
    author = await unit.find(Actor, id=post.author_id)
    if author is None:
        raise LookupError(f"{post.uri} has no author")
    return author


async def _shown(unit: Unit, actor: Actor, author: Actor) -> list[Target]:
    """Where a share goes."""
    return [
        *await targets_of(unit, [author], "addressed"),
        *await follower_targets(unit, actor),
    ]


def _check(actor: Actor, post: Post) -> None:
    if not is_public(post) or post.deleted_at is not None:
        raise Forbidden("this message is private or gone", code="not-public")
    if actor.suspended_at is not None:
        raise Forbidden("this account is suspended", code="suspended")


async def _told(unit: Unit, post: Post, thread: Thread) -> list[Actor]:
    """Who hears of a like: who wrote the post, its Group, and who started the debate."""
    ids = dict.fromkeys([post.author_id, thread.group_id, thread.author_id])
    found = [await unit.find(Actor, id=identity) for identity in ids if identity is not None]
    return [actor for actor in found if actor is not None]


async def _hearers(unit: Unit, thread: Thread, told: list[Actor]) -> list[Target]:
    """Where a like goes: to those it names, and to all who keep the debate, whoever is silent."""
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    targets = await targets_of(unit, told, "addressed")
    if group is None or not group.is_local:  # or else the Group passes it on
        targets += await carrier_targets(unit, thread)
    return targets


async def _say(
    unit: Unit, actor: Actor, post: Post, thread: Thread, document: Document, to: list[Target]
) -> None:
    activity = await publish(unit, actor, document, to=to)
    await relay(
        unit,
        thread,
        actor=actor,
        uri=activity.uri,
        type=activity.type,
        object_uri=post.uri,
        document=parse_document(activity.body),
        body=activity.body,
    )


# --- of peers ----------------------------------------------------------------------------


async def accept_reaction(
    unit: Unit, actor: Actor, post: Post, *, kind: Kind, uri: str | None, emoji: str | None = None
) -> Reaction | None:
    """Count what an actor thinks of a post; None when it is known, private or gone.

    A like and a dislike of one actor exclude each other: the last word counts.
    """
    if not is_public(post) or post.deleted_at is not None or actor.suspended_at is not None:
        return None
    if await find_reaction(unit, actor, post, kind) is not None:
        return None
    if uri is not None and await unit.find(Reaction, uri=uri) is not None:
        return None
    if kind != "share":
        await accept_undo_reaction(unit, actor, post, "dislike" if kind == "like" else "like")
    return await _count(unit, actor, post, kind=kind, uri=uri, emoji=emoji)


async def accept_share(unit: Unit, actor: Actor, post: Post, *, uri: str | None) -> Reaction | None:
    """Count that a person showed a post to their followers."""
    return await accept_reaction(unit, actor, post, kind="share", uri=uri)


async def accept_undo_reaction(unit: Unit, actor: Actor, post: Post, kind: str) -> bool:
    """Count a reaction no more; False when there was none."""
    reaction = await find_reaction(unit, actor, post, kind)
    if reaction is None:
        return False
    await unit.flush()
    await unit.session.delete(reaction)
    await unit.flush()  # the same actor may react again within this unit
    _remember(unit, actor.id, post.id, kind, None)
    unit.met[Reaction, "id", reaction.id] = None
    if reaction.uri is not None:
        unit.met[Reaction, "uri", reaction.uri] = None
    await _add(unit, post, kind, -1)
    if kind == "like":
        author = await unit.find(Actor, id=post.author_id)
        await forget(unit, to=author, kind=kind, by=actor, post=post)
    return True


# --- both --------------------------------------------------------------------------------


async def load_reactions(unit: Unit, *, actors: Collection[int], posts: Collection[int]) -> None:
    """Meet in one query what each of these actors thinks of each of these posts."""
    kinds = ("like", "dislike", "share")
    for actor_id in actors:
        for post_id in posts:
            for kind in kinds:
                unit.memory.setdefault((Reaction, actor_id, post_id, kind), None)
    query = select(Reaction).where(Reaction.actor_id.in_(actors), Reaction.post_id.in_(posts))
    for row in await unit.session.scalars(query):
        unit.meet(row)
        _remember(unit, row.actor_id, row.post_id, row.kind, row)


async def find_reaction(unit: Unit, actor: Actor, post: Post, kind: str) -> Reaction | None:
    """An actor's reaction to a post; asked of the database at most once in a unit."""
    if (Reaction, actor.id, post.id, kind) not in unit.memory:
        await unit.flush()
        await load_reactions(unit, actors=[actor.id], posts=[post.id])
    found: Reaction | None = unit.memory[Reaction, actor.id, post.id, kind]
    return found


def _remember(unit: Unit, actor_id: int, post_id: int, kind: str, row: Reaction | None) -> None:
    unit.memory[Reaction, actor_id, post_id, kind] = row


async def _count(
    unit: Unit, actor: Actor, post: Post, *, kind: Kind, uri: str | None, emoji: str | None
) -> Reaction:
    reaction = unit.add(
        Reaction(
            uri=uri,
            actor_id=actor.id,
            post_id=post.id,
            kind=kind,
            emoji=emoji,
            created_at=unit.now,
        )
    )
    _remember(unit, actor.id, post.id, kind, reaction)
    await _add(unit, post, kind, 1)
    author = await unit.find(Actor, id=post.author_id) if kind == "like" else None
    if author is not None:
        notify(unit, to=author, kind=kind, by=actor, post=post)
    return reaction


async def _add(unit: Unit, post: Post, kind: str, number: int) -> None:
    """Move the counter of a post, where its kind has one."""
    column = _COUNTS.get(kind)
    if column is None:
        return
    setattr(post, column, max(0, getattr(post, column) + number))
    note_change(unit, await thread_of(unit, post))
