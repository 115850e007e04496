"""POST /p/NAME/outbox: what a member's program asks for (ActivityPub, client to server).

`outbox.client` has understood the body.  Here what it names is found, over the network
when it must be, and then the verbs of the domain do it in one unit.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import hdrs, web
from sqlalchemy import select

from actors.followers import find_follow
from actors.models import Actor, Follow
from actors.remote import obtain_actor
from fedi.accounts.tokens import find_token
from fedi.core.appkeys import NODE
from fedi.core.budget import Budget
from fedi.core.errors import FediError, Forbidden, Invalid, NotFound, Unauthenticated
from fedi.core.jsonld import parse_document
from fedi.core.tables import Base
from fedi.core.unit import Unit
from fedi.debates.likes import find_reaction, like, share, unlike, unshare
from fedi.debates.models.post import Post, Reaction
from fedi.debates.posts import delete_post, edit_post, write_reply
from fedi.debates.relations import block, follow, report, unfollow
from fedi.debates.threads import open_thread
from fedi.web.keys import FIND_POST, LIMITS
from outbox.client import (
    BlockActor,
    Edit,
    FollowActor,
    OpenThread,
    React,
    Remove,
    Reply,
    Report,
    Share,
    UndoActivity,
    Written,
    read_request,
)
from outbox.models import Activity

MAX_BODY = 256 * 1024
MAX_MENTIONS = 16
#: What a reaction's activity is called, by its kind here.
REACTIONS = {"Like": "like", "Announce": "share"}

Row = TypeVar("Row", bound=Base)


async def post_outbox(request: web.Request) -> web.Response:
    """Do what the document asks; 201, with the id of the activity in `Location`."""
    person = await require_bearer(request, "write")
    body = await request.content.read(MAX_BODY + 1)
    if len(body) > MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(max_size=MAX_BODY, actual_size=len(body))
    request.app[LIMITS].posting.take(person.uri)
    wish = read_request(parse_document(body), person.uri)
    await _fetch_named(request, wish)
    async with request.app[NODE].db.unit() as unit:
        me = await _known(unit, Actor, person.uri)
        location = await _VERBS[type(wish)](unit, me, wish)
    return web.Response(status=201, headers={hdrs.LOCATION: location})


async def require_bearer(request: web.Request, scope: str) -> Actor:
    """The member whose box this is, if the caller's token acts for them.

    Raises `Unauthenticated` without a valid bearer token, `Forbidden` for another's box.
    """
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("give a bearer token", code="no-token")
    async with request.app[NODE].db.reading() as unit:
        person = await find_token(unit, token.strip(), scope)
    if person.handle != request.match_info["name"]:
        raise Forbidden("this token is for another member", code="not-yours")
    return person


# --- over the network, before the unit ---------------------------------------------------


async def _fetch_named(request: web.Request, wish: Any) -> None:
    """Make sure that the posts and actors a request names are known here, if they exist."""
    posts, actors = _names(wish)
    for uri in posts:
        if await request.app[FIND_POST](uri) is None:
            raise NotFound(f"there is no message at {uri}", code="no-post")
    budget = Budget()
    for uri in actors:
        await obtain_actor(request.app[NODE], uri, budget)
    for uri in getattr(wish, "mentions", ())[:MAX_MENTIONS]:
        await _try_actor(request, uri, budget)


def _names(wish: Any) -> tuple[list[str], list[str]]:
    """The ids of posts and of actors without which a request cannot be done."""
    match wish:
        case Reply(parent_uri=uri) | React(uri=uri) | Share(uri=uri):
            return [uri], []
        case FollowActor(uri=uri) | BlockActor(uri=uri):
            return [], [uri]
    return [], []


async def _try_actor(request: web.Request, uri: str, budget: Budget) -> None:
    """Somebody mentioned who cannot be found stays a name in the text."""
    try:
        await obtain_actor(request.app[NODE], uri, budget)
    except FediError:
        return


# --- in the unit -------------------------------------------------------------------------


async def _known(unit: Unit, model: type[Row], uri: str) -> Row:
    found = await unit.find(model, uri=uri)
    if found is None:
        raise NotFound(f"{uri} is unknown here", code="unknown")
    return found


async def _mentioned(unit: Unit, written: Written) -> list[Actor]:
    uris = written.mentions[:MAX_MENTIONS]
    found = [await unit.find(Actor, uri=uri) for uri in uris]
    return [actor for actor in found if actor is not None]


async def _open(unit: Unit, me: Actor, wish: OpenThread) -> str:
    found = [await unit.find(Actor, uri=uri) for uri in wish.groups]
    group = next((actor for actor in found if actor and actor.is_local), None)
    if group is None:
        raise Invalid("a debate is opened in a group of this network", code="not-a-group")
    thread = await open_thread(
        unit,
        me,
        group,
        title=wish.title,
        question=wish.question,
        text=wish.text,
        html=wish.html,
        language=wish.language,
        mentions=await _mentioned(unit, wish),
        kind=wish.kind,
    )
    return f"{thread.root_uri}#create"


async def _reply(unit: Unit, me: Actor, wish: Reply) -> str:
    post = await write_reply(
        unit,
        me,
        await _known(unit, Post, wish.parent_uri),
        text=wish.text,
        html=wish.html,
        language=wish.language,
        mentions=await _mentioned(unit, wish),
    )
    return f"{post.uri}#create"


async def _edit(unit: Unit, me: Actor, wish: Edit) -> str:
    post = await _known(unit, Post, wish.uri)
    written = wish.written
    await edit_post(
        unit,
        me,
        post,
        text=written.text if written else post.source or "",
        html=written.html if written else None if post.source else post.content,
        title=wish.title,
        question=wish.question,
        mentions=await _mentioned(unit, written) if written and written.mentions else None,
    )
    return await _said(unit, me, post)


async def _remove(unit: Unit, me: Actor, wish: Remove) -> str:
    post = await _known(unit, Post, wish.uri)
    await delete_post(unit, me, post)
    return await _said(unit, me, post)


async def _said(unit: Unit, me: Actor, post: Post) -> str:
    """The id of the last activity of this member about a post; of the post when there is none."""
    await unit.flush()
    query = select(Activity.uri).where(Activity.actor_id == me.id, Activity.object_uri == post.uri)
    uri: str | None = await unit.session.scalar(query.order_by(Activity.id.desc()).limit(1))
    return uri or post.uri


async def _react(unit: Unit, me: Actor, wish: React) -> str:
    reaction = await like(unit, me, await _known(unit, Post, wish.uri))
    return reaction.uri or wish.uri


async def _share(unit: Unit, me: Actor, wish: Share) -> str:
    reaction = await share(unit, me, await _known(unit, Post, wish.uri))
    return reaction.uri or wish.uri


async def _follow(unit: Unit, me: Actor, wish: FollowActor) -> str:
    return (await follow(unit, me, await _known(unit, Actor, wish.uri))).uri


async def _block(unit: Unit, me: Actor, wish: BlockActor) -> str:
    return (await block(unit, me, await _known(unit, Actor, wish.uri))).uri


async def _report(unit: Unit, me: Actor, wish: Report) -> str:
    posts = [post for uri in wish.uris if (post := await unit.find(Post, uri=uri)) is not None]
    author = await unit.find(Actor, id=posts[0].author_id) if posts else None
    author = author or await _known(unit, Actor, wish.uris[0])
    theirs = [post for post in posts if post.author_id == author.id]
    return (await report(unit, author, theirs, wish.reason)).uri


async def _undo(unit: Unit, me: Actor, wish: UndoActivity) -> str:
    """Take back a reaction or a follow, found by its id or by what it was about."""
    post, kind = await _undone_reaction(unit, me, wish)
    if post is not None:
        await (unlike if kind == "like" else unshare)(unit, me, post)
        return await _last_said(unit, me)
    followed = await _undone_follow(unit, me, wish)
    if followed is None:
        raise NotFound("there is nothing of yours to take back", code="nothing-to-undo")
    await unfollow(unit, me, followed)
    return await _last_said(unit, me)


async def _undone_reaction(
    unit: Unit, me: Actor, wish: UndoActivity
) -> tuple[Post | None, str | None]:
    reaction = await unit.find(Reaction, uri=wish.uri) if wish.uri else None
    if reaction is None and wish.type in REACTIONS and wish.object_uri:
        post = await _known(unit, Post, wish.object_uri)
        reaction = await find_reaction(unit, me, post, REACTIONS[wish.type])
    if reaction is None or reaction.actor_id != me.id:
        return None, None
    return await unit.find(Post, id=reaction.post_id), reaction.kind


async def _undone_follow(unit: Unit, me: Actor, wish: UndoActivity) -> Actor | None:
    known = await unit.find(Follow, uri=wish.uri) if wish.uri else None
    if known is None and wish.type == "Follow" and wish.object_uri:
        target = await unit.find(Actor, uri=wish.object_uri)
        known = await find_follow(unit, pair=(me, target)) if target is not None else None
    mine = known is not None and known.follower_id == me.id
    return await unit.find(Actor, id=known.followed_id) if known is not None and mine else None


async def _last_said(unit: Unit, me: Actor) -> str:
    await unit.flush()
    query = select(Activity.uri).where(Activity.actor_id == me.id).order_by(Activity.id.desc())
    uri: str | None = await unit.session.scalar(query.limit(1))
    return uri or me.uri


_VERBS: dict[type, Callable[[Unit, Actor, Any], Awaitable[str]]] = {
    OpenThread: _open,
    Reply: _reply,
    Edit: _edit,
    Remove: _remove,
    React: _react,
    Share: _share,
    FollowActor: _follow,
    BlockActor: _block,
    Report: _report,
    UndoActivity: _undo,
}
