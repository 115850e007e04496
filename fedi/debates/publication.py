"""Saying a post of ours: its frozen document, its activities, their evidence, their way."""

from collections.abc import Sequence

from sqlalchemy import literal, select, union, update

from actors.describing import mirrors_of
from actors.followers import Target, targets_of
from actors.keys import signing_key
from actors.models import Actor
from fedi.core.jsonld import Document, dumps, parse_document
from fedi.core.signatures.proof import add_proof, proof_key_id
from fedi.core.unit import Unit
from fedi.core.urls import new_key, origin_of
from fedi.core.vocab import PUBLIC
from fedi.debates.addresses import mirror_uri
from fedi.debates.archive import Evidence, archive
from fedi.debates.audience import address, named_actors, post_targets
from fedi.debates.groups import relay, take_boosts_back
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Thread
from fedi.debates.note import write_object, write_place
from outbox.builders import (
    Addressing,
    build_create,
    build_delete,
    build_lock,
    build_rearrangement,
    build_undo,
    build_update,
)
from outbox.models import Activity
from outbox.publish import publish, recipients_so_far

#: Copies that an opening names.
MAX_MIRRORS = 10


async def freeze(unit: Unit, post: Post, thread: Thread, author: Actor) -> Document:
    """Write the post's document with its author's proof, and keep these bytes.

    They are the same wherever the post is served, sent or embedded, so its proof holds
    wherever it travels.
    """
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    answered, mentioned = await named_actors(unit, post)
    to, cc = address(post, author, group, answered, mentioned)
    post.addressed = [uri for uri in [*to, *cc] if uri != PUBLIC]
    mirrors: list[str] = []
    if group is not None and group.is_local and post.id == thread.root_id:
        partners = await mirrors_of(unit, group)
        mirrors = [mirror_uri(str(origin_of(uri)), thread.uri) for uri in partners]
    document = write_object(
        post,
        author,
        group,
        unit.site,
        answered=answered,
        mentioned=mentioned,
        mirrors=mirrors[:MAX_MIRRORS],
    )
    proved = add_proof(document, await signing_key(unit, author, "ed25519"), unit.now)
    post.document = dumps(proved)
    return proved


async def say_create(unit: Unit, post: Post, thread: Thread, author: Actor) -> None:
    """Publish a new post, and let our Group pass it on."""
    document = build_create(
        unit.site, author.uri, await freeze(unit, post, thread, author), post.published_at
    )
    targets = await post_targets(unit, post, thread)
    opens = post.id == thread.root_id or post.continues_uri is not None
    await _say(unit, post, thread, author, document, targets, root=opens)


async def say_update(unit: Unit, post: Post, thread: Thread, author: Actor) -> None:
    """Publish how a post reads now, to everybody who may have read it before."""
    document = build_update(
        unit.site, new_key(), author.uri, await freeze(unit, post, thread, author)
    )
    targets = await post_targets(unit, post, thread) + await recipients_so_far(unit, post.uri)
    await _say(unit, post, thread, author, document, targets)


async def say_delete(unit: Unit, post: Post, thread: Thread, actor: Actor, reason: str) -> None:
    """Publish that a post is gone, and stop serving what was said before about it.

    An author tells everybody who was ever told of the post; a moderator tells its author,
    and the Group its followers.
    """
    by_author = actor.id == post.author_id
    if by_author:
        targets = await post_targets(unit, post, thread) + await recipients_so_far(unit, post.uri)
    else:
        targets = await _author_targets(unit, post)
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    followers = group.followers if group is not None else None
    document = build_delete(
        unit.site,
        new_key(),
        actor.uri,
        post.uri,
        summary=reason,
        place=write_place(post, actor.uri) if by_author else None,
        to=[PUBLIC],
        cc=[uri for uri in (post.audience_uri, followers) if uri is not None],
        audience=post.audience_uri,
    )
    await _say(unit, post, thread, actor, document, targets)


async def withdraw(unit: Unit, post: Post) -> None:
    """Serve no more what was said about a post that is gone, nor what our Groups announced of it.

    Microblogs, which were shown it by its id, are told.  To be called while the evidence is
    still there: that is what names the activities.
    """
    await unit.flush()
    await take_boosts_back(unit, post)
    itself = select(literal(post.uri))
    said = select(Activity.uri).where(Activity.object_uri == post.uri)
    kept = select(ArchivedActivity.activity_uri).where(ArchivedActivity.object_uri == post.uri)
    await unit.session.execute(
        update(Activity)
        .where(
            Activity.object_uri.in_(union(itself, said, kept)),
            Activity.type.in_(["Create", "Update", "Announce"]),
        )
        .values(public=False)
        .execution_options(synchronize_session=False)
    )


async def serve_again(unit: Unit, post: Post) -> None:
    """Serve what `withdraw` withdrew, once moderators bring a post back."""
    said = select(Activity.uri).where(Activity.object_uri == post.uri)
    await unit.session.execute(
        update(Activity)
        .where(
            Activity.object_uri.in_(union(select(literal(post.uri)), said)),
            Activity.type.in_(["Create", "Update", "Announce"]),
        )
        .values(public=True)
        .execution_options(synchronize_session=False)
    )


async def say_restore(unit: Unit, post: Post, thread: Thread, moderator: Actor) -> None:
    """Take back, before all who heard it, that a moderator had removed a post."""
    query = (
        select(Activity)
        .where(
            Activity.object_uri == post.uri,
            Activity.type == "Delete",
            Activity.actor_id == moderator.id,
        )
        .order_by(Activity.id.desc())
        .limit(1)
    )
    removal = await unit.session.scalar(query)
    if removal is None:
        return
    document = build_undo(unit.site, new_key(), moderator.uri, parse_document(removal.body))
    await _say(unit, post, thread, moderator, document, await _author_targets(unit, post))


async def say_lock(unit: Unit, root: Post, thread: Thread, moderator: Actor, reason: str) -> None:
    """Publish that a debate of ours is closed: to who opened it, and through its Group."""
    document = await _write_lock(unit, root, thread, moderator, reason)
    await _say(unit, root, thread, moderator, document, await _author_targets(unit, root))


async def say_unlock(unit: Unit, root: Post, thread: Thread, moderator: Actor) -> None:
    """Publish that a debate is open again; the Lock inside is the moderator's own, as Lemmy's."""
    lock = await _write_lock(unit, root, thread, moderator, "")
    document = build_undo(unit.site, new_key(), moderator.uri, lock)
    await _say(unit, root, thread, moderator, document, await _author_targets(unit, root))


async def _write_lock(
    unit: Unit, root: Post, thread: Thread, moderator: Actor, reason: str
) -> Document:
    said = await _to_group(unit, thread)
    key = new_key()
    return build_lock(unit.site, key, moderator.uri, root.uri, summary=reason, **said)


async def say_rearrangement(
    unit: Unit,
    root: Post,
    thread: Thread,
    moderator: Actor,
    key: str,
    what: str | Sequence[str],
    *,
    origin: str = "",
    target: str,
    name: str = "",
    summary: str = "",
) -> Document:
    """Publish what becomes of a debate of ours, or of posts of it, through its Group."""
    document = build_rearrangement(
        unit.site,
        key,
        moderator.uri,
        what,
        origin=origin or thread.uri,
        target=target,
        name=name,
        summary=summary,
        **await _to_group(unit, thread),
    )
    await _say(unit, root, thread, moderator, document, [])
    return document


async def say_return(
    unit: Unit, root: Post, thread: Thread, moderator: Actor, act_uri: str
) -> Document | None:
    """Publish that what became of a debate is undone; the Undo, if anything had been said."""
    said = await unit.find(Activity, uri=act_uri)
    if said is None:
        return None
    document = build_undo(unit.site, new_key(), moderator.uri, parse_document(said.body))
    await _say(unit, root, thread, moderator, document, [])
    return document


async def pass_on_again(
    unit: Unit, root: Post, thread: Thread, moderator: Actor, document: Document
) -> None:
    """Let the Group of another debate, too, pass on what was said of that of `root`."""
    said = await unit.find(Activity, uri=document["id"])
    if said is not None:
        await relay(
            unit,
            thread,
            actor=moderator,
            uri=said.uri,
            type=said.type,
            object_uri=root.uri,
            document=parse_document(said.body),
            body=said.body,
        )


async def _to_group(unit: Unit, thread: Thread) -> Addressing:
    """Everybody, through the Group of a debate."""
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    if group is None:
        return {"to": [PUBLIC]}
    followers = f"{group.uri}/followers"
    return {"to": [PUBLIC], "cc": [group.uri, followers], "audience": group.uri}


async def _author_targets(unit: Unit, post: Post) -> list[Target]:
    author = await unit.find(Actor, id=post.author_id)
    return await targets_of(unit, [author] if author is not None else [], "addressed")


async def _say(
    unit: Unit,
    post: Post,
    thread: Thread,
    actor: Actor,
    document: Document,
    to: list[Target],
    *,
    root: bool = False,
) -> None:
    activity = await publish(unit, actor, document, to=to)
    said = parse_document(activity.body)
    evidence = Evidence(
        activity.uri, activity.type, activity.body, "ours", actor.uri, proof_key_id(said)
    )
    archive(unit, thread, evidence, object_uri=post.uri, actor_uri=actor.uri)
    await relay(
        unit,
        thread,
        actor=actor,
        uri=activity.uri,
        type=activity.type,
        object_uri=post.uri,
        document=said,
        body=activity.body,
        root=root,
    )
