"""Who is reading: the session cookie, and what asking for a member means."""

from datetime import timedelta
from urllib.parse import quote, urlsplit

from aiohttp import hdrs, web

from actors.models import Actor
from fedi.accounts import sessions
from fedi.accounts.sessions import LASTS, NOTICE, PROOF, Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, Unauthenticated
from fedi.core.unit import Unit
from fedi.core.urls import Site
from fedi.web.keys import MEMBER, NEWS, SESSION, UNREAD

#: Cookies that make life easier last as long as the law lets them: thirteen months.
REMEMBERED = timedelta(days=395)
#: The handle under which a visitor takes part from another server.
HANDLE_COOKIE = "handle"


class SessionOver(Unauthenticated):
    """Somebody sent a form after their session had ended; what they wrote must not be lost."""

    code = "session-over"


def session_cookie(site: Site) -> str:
    """Its name: over TLS, one that no other host and no plain connection can set.

    Without TLS there may be several nodes on one machine, and cookies know no ports.
    """
    origin = site.origin
    return "__Host-session" if origin.scheme == "https" else f"session-{origin.port}"


async def identify(request: web.Request) -> None:
    """Find out who is reading; costs nothing without a cookie."""
    node = request.app[NODE]
    token = request.cookies.get(session_cookie(node.site))
    member: Member | None = None
    if token:
        async with node.db.reading() as unit:
            member = await sessions.find_session(unit, token)
            if member is not None:
                request[NEWS] = await request.app[UNREAD].of(unit, member.account)
            stale = member is not None and member.seen_at < unit.now - NOTICE
        if stale:
            async with node.db.unit() as unit:
                await sessions.note_use(unit, token)
    request[MEMBER] = member
    request[SESSION] = token if member else None


def require_member(request: web.Request) -> Member:
    """The member who asks; visitors are sent to the sign-in page, and back afterwards.

    Raises `SessionOver` instead when a form was sent.
    """
    member = request[MEMBER]
    if member is not None:
        return member
    if request.method == hdrs.METH_POST:
        raise SessionOver("your session is over: sign in, then send this again")
    raise web.HTTPSeeOther(f"/sign-in?next={quote(request.rel_url.raw_path_qs, safe='')}")


def require_moderator(request: web.Request) -> Member:
    """The moderator or administrator who asks; as `require_member`, `Forbidden` to members.

    What they decide, they prove first: see `require_proof`.
    """
    member = require_member(request)
    if not member.account.moderates:
        raise Forbidden("this page is for those who moderate", code="not-a-moderator")
    return require_proof(request) if request.method == hdrs.METH_POST else member


def require_administrator(request: web.Request) -> Member:
    """The administrator who asks; as `require_moderator`, `Forbidden` to everybody else."""
    member = require_member(request)
    if not member.account.administers:
        raise Forbidden("this page is for administrators", code="not-an-administrator")
    return require_proof(request) if request.method == hdrs.METH_POST else member


def require_proof(request: web.Request) -> Member:
    """The member who asks, and who showed who they are within a quarter of an hour.

    Others are sent to do so, and back to the page from which they came.  As `require_member`.
    """
    member = require_member(request)
    if has_proved(request, member):
        return member
    back = request.rel_url.raw_path_qs
    if request.method == hdrs.METH_POST:
        came_from = urlsplit(request.headers.get(hdrs.REFERER, ""))
        back = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    raise web.HTTPSeeOther(f"/settings/proof?next={quote(back or '/', safe='')}")


def has_proved(request: web.Request, member: Member) -> bool:
    """Whether whoever holds the session showed within a quarter of an hour who they are."""
    return member.proved_at > request.app[NODE].clock() - PROOF


async def still_reads(request: web.Request, unit: Unit) -> bool:
    """Whether whoever asked is who they were: a visitor, or a member whose session goes on.

    Streams ask again, for they outlast sessions that were ended and members who were suspended.
    """
    token = request[SESSION]
    return token is None or await sessions.find_session(unit, token) is not None


async def actor_of(unit: Unit, member: Member) -> Actor:
    """The member's actor, as a row of this unit."""
    actor = await unit.find(Actor, id=member.actor.id)
    if actor is None:
        raise SessionOver("this account was closed")
    return actor


def remember_session(response: web.StreamResponse, site: Site, token: str) -> None:
    """Give the browser its session."""
    secure = site.origin.scheme == "https"
    response.set_cookie(
        session_cookie(site),
        token,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def forget_session(response: web.StreamResponse, site: Site) -> None:
    """Take it back."""
    secure = site.origin.scheme == "https"
    response.del_cookie(
        session_cookie(site), path="/", secure=secure, httponly=True, samesite="Lax"
    )


def remember(response: web.StreamResponse, site: Site, name: str, value: str) -> None:
    """Remember a preference of the reader: their language, the server they write from."""
    response.set_cookie(
        name,
        value,
        max_age=int(REMEMBERED.total_seconds()),
        path="/",
        secure=site.origin.scheme == "https",
        httponly=True,
        samesite="Lax",
    )
