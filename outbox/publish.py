"""Saying something: the activity, its proof and its deliveries, in the caller's unit.

Nothing leaves the node here.  The rows commit with the change they tell of, so an activity
is queued exactly when that change is stored (transactional outbox).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy import ColumnElement, select, update

from actors.followers import Target
from actors.keys import signing_key
from actors.models import Actor, Dialect, Peer
from actors.policies import blocked_hosts
from fedi.core.jsonld import Document, dumps, id_of, ids_of
from fedi.core.signatures.proof import add_proof
from fedi.core.unit import Unit
from outbox.models import Activity, Delivery
from outbox.reception import receive
from outbox.recipients import Destination, inboxes

log = structlog.get_logger()

#: These change what was said about their object before, so they must arrive behind it.
_ABOUT_THEIR_OBJECT = frozenset({"Create", "Update", "Delete", "Undo", "Add", "Remove"})


async def publish(
    unit: Unit,
    author: Actor,
    document: Document,
    *,
    to: Iterable[Target],
    public: bool = True,
    proof: bool | None = None,
) -> Activity:
    """Say it: store the activity and queue one delivery per inbox.

    The bytes are frozen here, with a proof by the author (FEP-8b32) unless `proof` says
    otherwise; by default public activities have one.  A `public` activity is served at its
    id and listed in the author's outbox.  Peers that moderators blocked get nothing;
    members of this node find it in their inboxes.
    """
    if public if proof is None else proof:
        document = await _prove(unit, author, document, document)
    activity = unit.add(Activity(**_spoken(unit, author, document, public=public)))
    places = await destinations(unit, to)
    _told(unit)[activity.id] = {place.inbox: place.origin for place in places}
    _queue(unit, activity.id, activity.uri, author, places, subject_of(document))
    named = {uri for name in ("to", "cc") for uri in ids_of(document.get(name))}
    await receive(unit, {activity.uri: named - {author.uri}})
    return activity


async def announce(
    unit: Unit,
    group: Actor,
    document: Document,
    announced: Document,
    *,
    to: Collection[Destination],
) -> None:
    """Let a Group pass an activity on in an Announce, stored and queued as by `publish`.

    `document` embeds the bytes of the activity as they came; `announced` is what they say.
    Groups do this with all that comes into their debates, and nobody looks such a row up
    again in its unit, so it goes out with the others of its table.
    """
    document = await _prove(unit, group, document, {**document, "object": announced})
    spoken = _spoken(unit, group, document, public=True) | {"object_uri": id_of(announced)}
    activity_id = unit.write(Activity, **spoken)
    _queue(unit, activity_id, spoken["uri"], group, to, subject_of(announced))


def _spoken(unit: Unit, author: Actor, document: Document, *, public: bool) -> dict[str, Any]:
    """The columns of what an actor of ours says."""
    return {
        "uri": document["id"],
        "actor_id": author.id,
        "type": document["type"],
        "object_uri": id_of(_first(document.get("object"))),
        "body": dumps(document),
        "public": public,
        "passed_on": False,
        "published_at": unit.now,
    }


async def forward(
    unit: Unit,
    *,
    uri: str,
    type: str,
    object_uri: str | None,
    actor: Actor,
    body: bytes,
    signer: Actor,
    to: Iterable[Destination],
) -> Activity | None:
    """Pass somebody's activity on, its bytes untouched, in requests signed by our `signer`.

    Each inbox gets it once, whoever signs: what was queued before, by `publish` too, is left
    out, and so is a GoToSocial server with any delivery of it.  The actor's own server is not
    told.  None when nobody is left to tell.

    GoToSocial gives every edit of a post one id, so an Update that comes again with other
    bytes goes out again in place of the older one.
    """
    places = [place for place in to if place.origin != actor.origin]
    activity = await unit.find(Activity, uri=uri)
    if activity is not None and _is_newer_edit(activity, body):
        activity.body = body
        await _send_again(unit, activity, places)
    told = await _told_of(unit, activity) if activity is not None else {}
    closed = set(told.values())
    left = [
        place
        for place in places
        if place.inbox not in told and not (place.once and place.origin in closed)
    ]
    if not left:
        return None
    if activity is None:
        activity = unit.add(_passed_on(unit, uri, type, object_uri, actor, body))
    _told(unit)[activity.id] = told | {place.inbox: place.origin for place in left}
    _queue(unit, activity.id, uri, signer, left, _subject(type, object_uri, uri))
    return activity


def _passed_on(
    unit: Unit, uri: str, type: str, object_uri: str | None, actor: Actor, body: bytes
) -> Activity:
    return Activity(
        uri=uri,
        actor_id=actor.id,
        type=type,
        object_uri=object_uri,
        body=body,
        public=False,
        passed_on=True,
        published_at=unit.now,
    )


async def recipients_so_far(unit: Unit, object_uri: str) -> list[Target]:
    """Everyone who was sent something about an object, to tell of its edit or its end.

    These targets stand for inboxes, not for the actors behind them.
    """
    return await _sent(unit, Activity.object_uri.in_([object_uri, f"{object_uri}#create"]))


async def recipients_of(unit: Unit, activity: Activity) -> list[Target]:
    """Everyone who was sent an activity, to tell that it is taken back; as above."""
    return await _sent(unit, Activity.id == activity.id)


async def _sent(unit: Unit, which: ColumnElement[bool]) -> list[Target]:
    await unit.flush()
    query = (
        select(Delivery.inbox, Delivery.origin, Peer.dialect)
        .join(Activity, Activity.id == Delivery.activity_id)
        .outerjoin(Peer, Peer.uri == Delivery.origin)
        .where(which, Delivery.outcome.is_distinct_from("refused"))
        .order_by(Delivery.id)
    )
    places = {
        inbox: Target(0, inbox, inbox, None, origin, dialect or Dialect.MICROBLOG, "addressed")
        for inbox, origin, dialect in await unit.session.execute(query)
    }
    return list(places.values())


def subject_of(activity: Mapping[str, Any]) -> str:
    """What an activity is about: one inbox hears about one subject in the order it was said.

    That is the post for its Create, Update and Delete, announced or not; a Like for its Undo.
    What nothing has to wait for is its own subject.
    """
    kind, content = activity.get("type"), _first(activity.get("object"))
    if kind == "Announce" and isinstance(content, dict) and "actor" in content:
        return subject_of(content)
    return _subject(kind, id_of(content), id_of(activity.get("id")))


def _subject(kind: str | None, object_uri: str | None, uri: str | None) -> str:
    return (object_uri if kind in _ABOUT_THEIR_OBJECT else uri) or uri or ""


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


# --- proofs ------------------------------------------------------------------------------


async def _prove(unit: Unit, author: Actor, document: Document, meant: Document) -> Document:
    """Add a proof made over what receivers will read, leaving embedded bytes as they are.

    `meant` is the document with all that it embeds parsed.
    """
    key = await signing_key(unit, author, "ed25519")
    try:
        return {**document, "proof": add_proof(meant, key, unit.now)["proof"]}
    except ValueError:
        # Somebody else's number may have no canonical form; our own documents always do.
        if meant is document:
            raise
        return document


# --- deliveries --------------------------------------------------------------------------

_TOLD = "outbox.publish:told"


def _told(unit: Unit) -> dict[int, dict[str, str]]:
    """The inboxes that have a delivery, and their origins, by activity."""
    told: dict[int, dict[str, str]] = unit.memory.setdefault(_TOLD, {})
    return told


async def _told_of(unit: Unit, activity: Activity) -> dict[str, str]:
    told = _told(unit)
    if activity.id not in told:
        query = select(Delivery.inbox, Delivery.origin).where(Delivery.activity_id == activity.id)
        told[activity.id] = {row.inbox: row.origin for row in await unit.session.execute(query)}
    return told[activity.id]


async def destinations(unit: Unit, targets: Iterable[Target]) -> list[Destination]:
    """Where these targets are reached, without ourselves and without blocked peers."""
    blocked = await blocked_hosts(unit)
    return [
        place
        for place in inboxes(targets)
        if place.origin != unit.site.url and place.origin not in blocked
    ]


def _queue(
    unit: Unit,
    activity_id: int,
    uri: str,
    signer: Actor,
    places: Collection[Destination],
    subject: str,
) -> None:
    for place in places:
        unit.write(
            Delivery,
            activity_id=activity_id,
            signer_id=signer.id,
            inbox=place.inbox,
            origin=place.origin,
            subject=subject,
            created_at=unit.now,
            next_attempt_at=unit.now,
        )
    if places:
        unit.wake("outbox")
    log.debug("queued", says=uri, about=subject, inboxes=len(places))


def _is_newer_edit(activity: Activity, body: bytes) -> bool:
    return activity.passed_on and activity.type == "Update" and activity.body != body


async def _send_again(unit: Unit, activity: Activity, places: Iterable[Destination]) -> None:
    """Open deliveries anew; those of this unit are not stored yet and take the new bytes anyway.

    A lease is taken back with them: what is under way with the older bytes ends unnoticed.
    """
    await unit.session.execute(
        update(Delivery)
        .where(
            Delivery.activity_id == activity.id,
            Delivery.inbox.in_([place.inbox for place in places]),
        )
        .values(
            attempts=0,
            next_attempt_at=unit.now,
            locked_until=None,
            finished_at=None,
            outcome=None,
            created_at=unit.now,
        )
    )
    unit.wake("outbox")
