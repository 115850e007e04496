"""Groups: the network and its working groups, and how they make a debate heard."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, delete, func, select

from actors.followers import Target, follower_targets, known_of_followers
from actors.local import create_actor, network_actor, update_actor
from actors.models import Actor, Dialect, Follow, Role
from fedi.core.choices import choose
from fedi.core.errors import Invalid
from fedi.core.jsonld import Document, embed, parse_document
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Moderator, Thread
from fedi.debates.permissions import is_public
from fedi.debates.redistribution import Channel, channel
from fedi.debates.relations import follow
from outbox.builders import build_announce, build_undo
from outbox.introduction import introduce
from outbox.models import Activity
from outbox.publish import announce, destinations, forward, publish, recipients_of
from outbox.recipients import Destination


async def create_group(unit: Unit, handle: str, name: str, summary: str = "") -> Actor:
    """Make a working group, in which debates can be opened and which others can follow.

    It speaks the language of its network, and so do the debates in it unless they say otherwise.
    Raises `Invalid` or `Conflict` when the handle cannot be used, `Invalid` without a name.
    """
    name = strip_controls(name)
    if not name:
        raise Invalid("a group needs a name", code="empty")
    return await create_actor(
        unit,
        role=Role.GROUP,
        handle=handle,
        name=name,
        summary=strip_controls(summary),
        language=(await network_actor(unit)).language,
    )


async def moderators(unit: Unit, group: Actor) -> list[Actor]:
    """The persons who look after a Group, in the order they were appointed."""
    await unit.flush()
    query = (
        select(Actor)
        .join(Moderator, Moderator.actor_id == Actor.id)
        .where(Moderator.group_id == group.id)
        .order_by(Moderator.id)
    )
    return list(await unit.session.scalars(query))


async def appoint(unit: Unit, group: Actor, person: Actor) -> None:
    """Make a person look after a Group of this node; doing it twice changes nothing."""
    if person.id in {moderator.id for moderator in await moderators(unit, group)}:
        return
    unit.add(Moderator(group_id=group.id, actor_id=person.id, created_at=unit.now))
    unit.memory[Moderator, group.id, person.id] = True


async def dismiss(unit: Unit, group: Actor, person: Actor) -> None:
    """Let a person look after a Group no longer; doing it twice changes nothing."""
    await unit.flush()
    await unit.session.execute(
        delete(Moderator).where(Moderator.group_id == group.id, Moderator.actor_id == person.id)
    )
    unit.memory.pop((Moderator, group.id, person.id), None)


async def describe_group(unit: Unit, group: Actor, *, name: str, summary: str) -> None:
    """Say what a Group is called and what it is for, and tell who follows it.

    Raises `Invalid` without a name.
    """
    name, summary = strip_controls(name), strip_controls(summary)
    if not name:
        raise Invalid("a group needs a name", code="empty")
    if (name, summary) != (group.name, group.summary):
        await update_actor(unit, group, name=name, summary=summary)
        await introduce(unit, group)
    if group.role is Role.NETWORK:
        await choose(unit, name=name, summary=summary)


# --- making debates heard ----------------------------------------------------------------


@dataclass(frozen=True)
class Accepted:
    """An activity that a Group of ours accepted into one of its debates."""

    actor: Actor
    uri: str
    type: str
    object_uri: str
    document: Document
    body: bytes  # the document as received, or as published here
    root: bool

    @property
    def opens(self) -> bool:
        """Whether it opens a debate."""
        return self.root and self.type == "Create"

    @property
    def is_proved(self) -> bool:
        """Whether the bytes carry a proof of who wrote them."""
        return "proof" in self.document


async def relay(
    unit: Unit,
    thread: Thread,
    *,
    actor: Actor,
    uri: str,
    type: str,
    object_uri: str,
    document: Document,
    body: bytes,
    root: bool = False,
) -> None:
    """Let our Group pass an accepted activity on to its followers, each in its dialect.

    The network's Group does the same for its own followers, so that whoever follows it gets
    every debate; a server that hears of an activity from the one is not told by the other.
    Nothing happens when the thread's Group is not ours or the post is not public.  Never
    call it with a vote, nor with what came through somebody else's Announce.
    """
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    post = await unit.find(Post, uri=object_uri)
    if group is None or not group.is_local or (post is not None and not is_public(post)):
        return
    accepted = Accepted(actor, uri, type, object_uri, document, body, root)
    await _pass_on(unit, group, accepted, await _routes(unit, group, group, type, root))
    if group.role is not Role.NETWORK:
        network = await network_actor(unit)
        await _pass_on(unit, network, accepted, await _routes(unit, network, group, type, root))


@dataclass(frozen=True, slots=True)
class _Routes:
    """Where those who follow a Group hear of activities of one kind, by how they are told."""

    wrap: list[Destination]
    boost: list[Target]
    forward: list[Destination]
    forward_proved: list[Destination]


async def _routes(unit: Unit, speaker: Actor, group: Actor, type: str, root: bool) -> _Routes:
    """Whom `speaker` tells of what came into a debate of `group`, which speaks first."""
    known = known_of_followers(unit)
    kind = (speaker.id, group.id, type, root)
    if kind not in known:
        among = [dialect for dialect in Dialect if channel(dialect, type, root=root) is not None]
        targets = await follower_targets(unit, speaker, among)
        if speaker.id != group.id:
            told = await follower_targets(unit, group, among)
            targets = _not_yet_told(targets, told, type, root)
        known[kind] = await _sort_out(unit, targets, type, root)
    routes: _Routes = known[kind]
    return routes


async def _sort_out(unit: Unit, targets: list[Target], type: str, root: bool) -> _Routes:
    sorted_out: dict[Channel | None, list[Target]] = {}
    for target in targets:
        sorted_out.setdefault(channel(target.dialect, type, root=root), []).append(target)
    return _Routes(
        wrap=await destinations(unit, sorted_out.get(Channel.WRAP, [])),
        boost=sorted_out.get(Channel.BOOST, []),
        forward=await destinations(unit, sorted_out.get(Channel.FORWARD, [])),
        forward_proved=await destinations(unit, sorted_out.get(Channel.FORWARD_PROVED, [])),
    )


def _not_yet_told(
    others: list[Target], followers: list[Target], type: str, root: bool
) -> list[Target]:
    """The network's followers whom the Group has not told.

    Forums are left out: they accept in a group what that very Group announces.
    """
    told = {target.actor_id for target in followers}
    reached = {
        _inbox(target)
        for target in followers
        if channel(target.dialect, type, root=root) is Channel.WRAP
    }
    return [
        target
        for target in others
        if target.dialect is not Dialect.FORUM
        and target.actor_id not in told
        and _inbox(target) not in reached
    ]


def _inbox(target: Target) -> str:
    return target.shared_inbox or target.inbox


async def _pass_on(unit: Unit, group: Actor, accepted: Accepted, routes: _Routes) -> None:
    """Let one Group tell those who follow it.

    The server an activity comes from needs it neither wrapped nor forwarded, but followers
    of the Group there find an opening post through its boost.  What opens a debate is announced
    even if nobody listens yet: whoever follows later finds it in the Group's outbox.
    """
    origin = accepted.actor.origin
    wrapped = [place for place in routes.wrap if place.origin != origin]
    if wrapped or accepted.opens:
        document = _wrap(unit, group, accepted)
        await announce(unit, group, document, accepted.document, to=wrapped)
    if routes.boost:
        await publish(unit, group, _boost(unit, group, accepted), to=routes.boost)
    unchanged = routes.forward + routes.forward_proved if accepted.is_proved else routes.forward
    if unchanged:
        await forward(
            unit,
            uri=accepted.uri,
            type=accepted.type,
            object_uri=accepted.object_uri,
            actor=accepted.actor,
            body=accepted.body,
            signer=group,
            to=unchanged,
        )


def _wrap(unit: Unit, group: Actor, accepted: Accepted) -> Document:
    return build_announce(
        unit.site,
        new_key(),
        group.uri,
        embed(accepted.body),
        published=unit.now,
        to=[PUBLIC],
        cc=[f"{group.uri}/followers"],
        audience=group.uri,
    )


def _boost(unit: Unit, group: Actor, accepted: Accepted) -> Document:
    return build_announce(
        unit.site,
        new_key(),
        group.uri,
        accepted.object_uri,
        published=unit.now,
        to=[PUBLIC],
        cc=[f"{group.uri}/followers", accepted.actor.uri],
    )


async def take_boosts_back(unit: Unit, post: Post) -> None:
    """Undo what our Groups showed microblogs of a post that is gone: only of one that opened."""
    if post.parent_uri is not None:
        return
    query = (
        select(Activity, Actor)
        .join(Actor, Actor.id == Activity.actor_id)
        .where(
            Activity.object_uri == post.uri,
            Activity.type == "Announce",
            Activity.public,
            Actor.role.in_([Role.NETWORK, Role.GROUP]),
        )
        .order_by(Activity.id)
    )
    for boost, group in (await unit.session.execute(query)).all():
        undo = build_undo(unit.site, new_key(), group.uri, parse_document(boost.body))
        await publish(unit, group, undo, to=await recipients_of(unit, boost))


# --- its debates, for who comes later ------------------------------------------------------


async def announced_debates(
    unit: Unit, group: Actor, *, before: int | None = None, limit: int = 50
) -> list[Activity]:
    """How our Group announced the debates that are still there, newest first.

    `before` is the id of the last one of the page before it.
    """
    query = _opening_announces(select(Activity), group).order_by(Activity.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Activity.id < before)
    return list(await unit.session.scalars(query))


async def count_announced_debates(unit: Unit, group: Actor) -> int:
    """How many debates `announced_debates` lists in all."""
    query = _opening_announces(select(func.count()).select_from(Activity), group)
    return await unit.session.scalar(query) or 0


def _opening_announces(query: Select[Any], group: Actor) -> Select[Any]:
    """What wraps the Create of an opening post; the evidence of the debate knows its id."""
    return (
        query.join(ArchivedActivity, ArchivedActivity.activity_uri == Activity.object_uri)
        .join(Thread, Thread.root_uri == ArchivedActivity.object_uri)
        .where(
            Activity.actor_id == group.id,
            Activity.type == "Announce",
            Activity.public,
            ArchivedActivity.type == "Create",
        )
    )


# --- networks ----------------------------------------------------------------------------


async def follow_network(unit: Unit, network: Actor, target: Actor) -> Follow:
    """Ask another network, or a group of it, for its debates; asking again repeats the request.

    Raises `Invalid` when it is a group of this node, or no Group.
    """
    if target.is_local:
        raise Invalid("a network does not follow its own groups", code="own-group")
    if target.type != "Group":
        raise Invalid("only groups and networks hold debates", code="not-a-group")
    return await follow(unit, network, target)
