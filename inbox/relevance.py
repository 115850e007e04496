"""Whether an activity is any of this node's business: asked before anything is fetched for it.

A stranger can send us anything.  What counts is what touches a debate that is kept here, an
actor of ours, or somebody whom an actor of ours follows.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import aliased

from actors.models import Actor, Follow
from fedi.core.jsonld import ids_of
from fedi.core.unit import Unit
from fedi.debates.archive import was_said
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.received_note import PostDocument
from inbox.types import Received

_EXPECTED = "inbox.relevance:expected"
_FOLLOWED = "inbox.relevance:followed"


def expect(unit: Unit, actor_uris: Iterable[str]) -> None:
    """Name the actors a batch may ask `is_followed` about, so that one query answers for all."""
    unit.memory.setdefault(_EXPECTED, set()).update(actor_uris)


async def is_followed(unit: Unit, actor_uri: str) -> bool:
    """Whether an actor of ours follows, or has asked to follow, this one."""
    answers: dict[str, bool] = unit.memory.setdefault(_FOLLOWED, {})
    if actor_uri not in answers:
        wanted = {actor_uri, *unit.memory.get(_EXPECTED, ())} - answers.keys()
        answers |= dict.fromkeys(wanted, False)
        follower, followed = aliased(Actor), aliased(Actor)
        query = (
            select(followed.uri)
            .join(Follow, Follow.followed_id == followed.id)
            .join(follower, Follow.follower_id == follower.id)
            .where(
                followed.uri.in_(wanted), follower.role.is_not(None), Follow.rejected_at.is_(None)
            )
        )
        answers |= dict.fromkeys(await unit.session.scalars(query), True)
    return answers[actor_uri]


async def why_ignore(unit: Unit, received: Received) -> str | None:
    """The code that says why an activity does not concern us; None when it does."""
    if received.refusal is not None:
        return received.refusal
    match received.type:
        case "Create":
            return await _why_ignore_post(unit, received)
        case "Update" if received.post is not None or received.object_uri != received.actor_uri:
            known = received.object_uri and await unit.find(Post, uri=received.object_uri)
            return None if known else await _why_ignore_post(unit, received)
        case "Announce" if not received.inner:
            return await _why_ignore_announce(unit, received)
        case "Like" | "Dislike" | "EmojiReact" | "Delete" if received.trust is None:
            return await _why_ignore_hearsay(unit, received)
        case _:
            return None


async def _why_ignore_post(unit: Unit, received: Received) -> str | None:
    uri = received.object_uri
    if uri is None:
        return "no-object"
    if received.object is not None and received.post is None:
        return "not-a-post"
    known = await unit.find(Post, uri=uri)
    if known is not None:
        return None if await _is_first_word(unit, received, known) else "known"
    return None if await _is_related(unit, received) else "unrelated"


async def _is_first_word(unit: Unit, received: Received, post: Post) -> bool:
    """Whether a post was merely fetched so far, for an answer that overtook it.

    Then those to whom it is ours to pass on have not heard of it.
    """
    was_fetched = post.document is None and post.deleted_at is None
    return received.way == "sent" and was_fetched and not await was_said(unit, post.uri)


async def _is_related(unit: Unit, received: Received) -> bool:
    if received.way == "collected":  # We went to look for it.
        return True
    post = received.post
    if post is not None and await _answers_something_known(unit, post):
        return True
    named = {*_addressed(received), *(post.mentions if post is not None else ())}
    if any(unit.site.is_local(uri) for uri in named):
        return True
    audience = [post.audience_uri] if post is not None and post.audience_uri else []
    for uri in (received.actor_uri, received.signer_uri, *audience):
        if await is_followed(unit, uri):
            return True
    return False


async def _answers_something_known(unit: Unit, post: PostDocument) -> bool:
    if post.parent_uri and await unit.find(Post, uri=post.parent_uri) is not None:
        return True
    names = [uri for uri in (post.context_uri, post.continues_uri) if uri is not None]
    return any([await unit.find(Thread, uri=uri) is not None for uri in names])


def _addressed(received: Received) -> list[str]:
    documents = [received.activity, received.object or {}]
    return [
        uri
        for document in documents
        for name in ("to", "cc", "audience")
        for uri in ids_of(document.get(name))
    ]


async def _why_ignore_announce(unit: Unit, received: Received) -> str | None:
    if received.object_uri is None:
        return "no-object"
    if await unit.find(Post, uri=received.object_uri) is not None:
        return None
    return None if await is_followed(unit, received.actor_uri) else "unrelated"


async def _why_ignore_hearsay(unit: Unit, received: Received) -> str | None:
    """What somebody else tells about a post matters when the post is here, or they are followed.

    In the history of a debate the post may come just before.
    """
    if received.object_uri is None:
        return "no-object"
    if received.way == "collected" or await unit.find(Post, uri=received.object_uri) is not None:
        return None
    return None if await is_followed(unit, received.signer_uri) else "unknown-object"
