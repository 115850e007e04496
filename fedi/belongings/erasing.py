"""Erasing those who left: what they wrote, what is known of them, here and with every peer.

It is done in small units, each of which may be the last before a restart: the account goes at the
end, so whoever begins again finds it and goes on.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from actors.followers import Target, targets_of
from actors.models import Actor, ActorKey, ActorSnapshot, Follow, Peer, Role
from fedi.accounts.models import Account, Application, Letter
from fedi.belongings.inventory import Whose
from fedi.belongings.models import LegalHold
from fedi.core.images import Gallery
from fedi.core.node import Node
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from fedi.debates.joining import thread_of
from fedi.debates.models.image import Image
from fedi.debates.models.notification import Notification
from fedi.debates.models.post import Post, Reaction, Revision
from fedi.debates.models.reader import Bookmark, Draft, Reading
from fedi.debates.models.search import ActorWords, PostWords
from fedi.debates.models.thread import Moderator, Participation
from fedi.debates.posts import bury
from fedi.debates.publication import say_delete
from fedi.debates.retractions import retract
from fedi.moderation.audit import record
from fedi.moderation.models import Decision, Report
from outbox.builders import build_delete
from outbox.models import Activity, Delivery, Reception
from outbox.publish import publish

log = structlog.get_logger()

#: Messages erased in one unit; peers looked up in one.
POSTS, PEERS = 50, 500
#: The actor's own Delete leaves after those of its messages: with it peers forget its keys.
LAST_WORD = timedelta(hours=1)
_COUNTS = {"like": Post.like_count, "share": Post.share_count}


async def erase_who_left(node: Node) -> int:
    """Erase every account whose month is over; how many there were.  Done again, it goes on."""
    async with node.db.reading() as unit:
        query = select(Account.id).where(Account.leaving_at <= unit.now).order_by(Account.id)
        due = list(await unit.session.scalars(query))
    for account_id in due:
        await erase(node, account_id)
    await _forget_keys(node)
    return len(due)


async def erase(node: Node, account_id: int) -> None:
    """Erase one account: messages, then everything else, with the Delete that peers hear."""
    async with node.db.unit() as unit:
        account = await unit.find(Account, id=account_id)
        actor = await unit.find(Actor, id=account.actor_id) if account is not None else None
        if account is None or actor is None:
            return
        account.disabled_at = account.disabled_at or unit.now
        who, digests = Whose.of(account, actor), await _digests(unit, actor.id)
    while await _erase_posts(node, who):
        pass
    while await _take_reactions_back(node, who):
        pass
    async with node.db.unit() as unit:
        await _erase_rest(unit, who)
    gallery = Gallery(node.config.media_dir)
    async with node.db.reading() as unit:
        shown = set(await unit.session.scalars(_shown(digests)))
    for digest in set(digests) - shown:
        await asyncio.to_thread(gallery.take_down, digest)
    log.info("erased an account", images=len(digests))


async def _digests(unit: Unit, actor_id: int) -> list[str]:
    return list(await unit.session.scalars(select(Image.digest).where(Image.owner_id == actor_id)))


def _shown(digests: Sequence[str]) -> Any:
    return select(Image.digest).where(Image.digest.in_(digests))


async def _erase_posts(node: Node, who: Whose) -> int:
    """Leave tombstones where messages stood, and tell whom they were sent to; how many."""
    async with node.db.unit() as unit:
        query = select(Post).where(Post.author_id == who.actor_id, Post.deleted_at.is_(None))
        posts = list(await unit.session.scalars(query.order_by(Post.id).limit(POSTS)))
        actor = await unit.find(Actor, id=who.actor_id)
        for post in posts:
            unit.meet(post)
            thread = await thread_of(unit, post)
            await retract(unit, post.uri, who.uri)
            await bury(unit, post, thread, None, "")
            if actor is not None:
                await say_delete(unit, post, thread, actor, "")
    return len(posts)


async def _take_reactions_back(node: Node, who: Whose) -> int:
    """Count what they liked and shared no more; how many there were."""
    async with node.db.unit() as unit:
        query = select(Reaction).where(Reaction.actor_id == who.actor_id).limit(POSTS)
        reactions = list(await unit.session.scalars(query))
        for reaction in reactions:
            if (column := _COUNTS.get(reaction.kind)) is not None:
                await unit.session.execute(
                    update(Post)
                    .where(Post.id == reaction.post_id, column > 0)
                    .values({column: column - 1})
                    .execution_options(synchronize_session=False)
                )
            await unit.session.delete(reaction)
    return len(reactions)


async def _erase_rest(unit: Unit, who: Whose) -> None:
    account = await unit.find(Account, id=who.account_id)
    actor = await unit.find(Actor, id=who.actor_id)
    if account is None or actor is None:
        return
    await _hold(unit, account, actor)
    await _say_goodbye(unit, actor)
    await _blank(unit, actor)
    await unit.flush()
    for model, condition in _rows(who):
        await _delete(unit, model, condition)
    await _change(unit, Report, Report.reporter_id == actor.id, reporter_id=None)
    await _change(unit, Report, Report.answer_to == who.email, answer_to=None)
    told = Decision.actor_id == actor.id, Decision.appeal.is_not(None)
    await _change(unit, Decision, told[0] & told[1], appeal="")
    await _change(unit, Post, Post.author_id == actor.id, hat=None, hat_link=None, images=None)
    await _delete(unit, Account, Account.id == who.account_id)
    await record(unit, who=None, act="erase-account", target=f"@{who.handle}")


def _rows(who: Whose) -> list[tuple[Any, ColumnElement[bool]]]:
    """What goes with them, table by table; the rest goes with the account, or names an id."""
    theirs = select(Post.id).where(Post.author_id == who.actor_id)
    said = select(Activity.uri).where(Activity.actor_id == who.actor_id, Activity.type != "Delete")
    return [
        (Activity, (Activity.type == "Announce") & Activity.object_uri.in_(said)),
        (Activity, (Activity.actor_id == who.actor_id) & (Activity.type != "Delete")),
        (Revision, Revision.post_id.in_(theirs)),
        (PostWords, PostWords.id.in_(theirs)),
        (ActorWords, ActorWords.id == who.actor_id),
        (ActorSnapshot, ActorSnapshot.actor_uri == who.uri),
        (Follow, or_(Follow.follower_id == who.actor_id, Follow.followed_id == who.actor_id)),
        (Notification, Notification.actor_id == who.actor_id),
        (Notification, Notification.by_id == who.actor_id),
        (Reading, Reading.actor_id == who.actor_id),
        (Bookmark, Bookmark.actor_id == who.actor_id),
        (Draft, Draft.actor_id == who.actor_id),
        (Reception, Reception.actor_id == who.actor_id),
        (Participation, Participation.actor_id == who.actor_id),
        (Moderator, Moderator.actor_id == who.actor_id),
        (Image, Image.owner_id == who.actor_id),
        (Letter, or_(Letter.account_id == who.account_id, Letter.recipient == who.email)),
        (Application, or_(Application.email == who.email, Application.handle == who.handle)),
    ]  # fmt: skip


async def _hold(unit: Unit, account: Account, actor: Actor) -> None:
    """Keep for a judge, sealed and for a year, who had the account (LCEN, décret 2021-1362).

    From where people connected is in no table: web servers write it down.
    """
    known = {
        "name": actor.name,
        "email": account.email,
        "joined": f"{account.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "erased": f"{unit.now:%Y-%m-%dT%H:%M:%SZ}",
    }
    body = unit.vault.seal(json.dumps(known, ensure_ascii=False).encode())
    unit.add(LegalHold(handle=actor.handle, body=body, created_at=unit.now))


async def open_hold(unit: Unit, handle: str, reason: str) -> list[dict[str, Any]]:
    """What is kept of whoever had this handle; the audit log says that it was read, and why."""
    query = select(LegalHold).where(LegalHold.handle == handle).order_by(LegalHold.id)
    holds = list(await unit.session.scalars(query))
    await record(unit, who=None, act="open-legal-hold", target=f"@{handle}", reason=reason)
    return [json.loads(unit.vault.open(hold.body)) for hold in holds]


async def _say_goodbye(unit: Unit, actor: Actor) -> None:
    """Publish that the actor is no more, to every server that we ever met."""
    cc = [actor.followers] if actor.followers else []
    document = build_delete(unit.site, new_key(), actor.uri, actor.uri, to=[PUBLIC], cc=cc)
    activity = await publish(unit, actor, document, to=await _everybody(unit))
    await unit.flush()
    await unit.session.execute(
        update(Delivery)
        .where(Delivery.activity_id == activity.id)
        .values(next_attempt_at=unit.now + LAST_WORD)
        .execution_options(synchronize_session=False)
    )


async def _everybody(unit: Unit) -> list[Target]:
    """One inbox of each peer: that of somebody there, the shared one when it is known."""
    found: list[Actor] = []
    last = 0
    while True:
        query = select(Peer.id, Peer.uri).where(Peer.id > last).order_by(Peer.id).limit(PEERS)
        peers = (await unit.session.execute(query)).all()
        if not peers:
            return await targets_of(unit, found, "addressed")
        last = peers[-1].id
        for peer in peers:
            there = select(Actor).where(
                Actor.origin == peer.uri, Actor.role.is_(None), Actor.gone_at.is_(None)
            )
            shared_first = there.order_by(Actor.shared_inbox.is_(None), Actor.id).limit(1)
            if (somebody := await unit.session.scalar(shared_first)) is not None:
                found.append(somebody)


async def _blank(unit: Unit, actor: Actor) -> None:
    """Leave of the actor its id alone: nobody ever takes the name, and it answers 410."""
    actor.name = actor.summary = ""
    actor.icon = actor.language = actor.document = None
    actor.fields, actor.also_known_as = [], []
    actor.discoverable = actor.indexable = False
    actor.suspended_at, actor.gone_at = None, unit.now
    actor.updated_at, actor.stamp = unit.now, new_id()
    unit.wake("policies", "networks")


async def _forget_keys(node: Node) -> None:
    """Drop the private keys of those whose Delete has arrived, or never will."""
    async with node.db.unit() as unit:
        gone = select(Actor.id).where(Actor.role == Role.PERSON, Actor.gone_at.is_not(None))
        waits = exists().where(
            Delivery.signer_id == ActorKey.actor_id, Delivery.next_attempt_at.is_not(None)
        )
        mute = ActorKey.actor_id.in_(gone) & ActorKey.private_sealed.is_not(None) & ~waits
        await _change(unit, ActorKey, mute, private_sealed=None, retired_at=unit.now)


async def _delete(unit: Unit, model: Any, condition: ColumnElement[bool]) -> None:
    await unit.session.execute(
        delete(model).where(condition).execution_options(synchronize_session=False)
    )


async def _change(unit: Unit, model: Any, condition: ColumnElement[bool], **values: Any) -> None:
    await unit.session.execute(
        update(model).where(condition).values(**values).execution_options(synchronize_session=False)
    )
