"""What a member is told: one line each, by debate; and who waits for their answer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from aiohttp import hdrs, web

from actors.models import Follow
from fedi.accounts.models import Account
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, NotFound
from fedi.core.i18n import Language
from fedi.core.jsonld import dumps
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.models.notification import NotificationKind
from fedi.debates.notifications import ALWAYS, Told, list_read, list_unread, mark_read
from fedi.debates.relations import answer_wish, wishes_to_follow
from fedi.web.forms import read_form
from fedi.web.keys import LANGUAGE, LIVE, NETWORKS, UNREAD
from fedi.web.limits import address_of
from fedi.web.listing import untitled
from fedi.web.networks import actor_path
from fedi.web.pages.live import HEADERS, RETRY
from fedi.web.people import byline_of
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member, still_reads
from fedi.web.words import names_in_words, notifications_in_words

#: What is shown at once: of the new, and of what was looked at before.
FRESH, KNOWN = 200, 50
#: Where moderators and those they decide about read the rest.
_PLACES = {
    NotificationKind.WARNING: "/decisions",
    NotificationKind.REPORT: "/admin/reports",
}


@dataclass(frozen=True)
class Line:
    """One thing, or likes of one message together."""

    ids: Sequence[int]
    path: str
    words: str
    at: datetime


@dataclass(frozen=True)
class Section:
    """What happened in one debate, or outside of all."""

    title: str  # empty outside of debates
    language: str | None
    lines: Sequence[Line]


async def show(request: web.Request) -> web.StreamResponse:
    """GET /notifications?before=ID: what is new first, then what was looked at."""
    member, language = require_member(request), request[LANGUAGE]
    asked = request.query.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 20 else None
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
        fresh = [] if before else await list_unread(unit, member.account, limit=FRESH)
        known = await list_read(unit, member.account, before=before, limit=KNOWN + 1)
        wishes = [] if before else await wishes_to_follow(unit, member.actor)
        account = await _account(unit, member.account)
    return render(
        request,
        "notifications.html",
        fresh=_sections(fresh, language),
        known=_sections(known[:KNOWN], language),
        wishes=[(wish.id, byline_of(networks, who)) for wish, who in wishes],
        older=known[KNOWN - 1].id if len(known) > KNOWN else None,
        kinds=_kinds(account, language),
    )


def _sections(told: Iterable[Told], language: Language) -> list[Section]:
    groups: defaultdict[int, list[Told]] = defaultdict(list)
    for one in told:
        groups[one.thread.id if one.thread else 0].append(one)
    return [_section(group, language) for group in groups.values()]


def _section(group: Sequence[Told], language: Language) -> Section:
    thread = group[0].thread
    title = (thread.title or untitled(language)) if thread else ""
    alike: defaultdict[object, list[Told]] = defaultdict(list)
    for one in group:
        is_like = one.kind is NotificationKind.LIKE and one.post is not None
        alike[one.post.id if is_like and one.post else one].append(one)
    return Section(title, None, [_line(some, language) for some in alike.values()])


def _line(some: Sequence[Told], language: Language) -> Line:
    first = some[0]
    names = dict.fromkeys((one.by.name or one.by.handle) for one in some if one.by)
    who = names_in_words(names, language)
    words = _sentence(first.kind, len(names), language) % {"who": who}
    return Line([one.id for one in some], _path(first), words, first.at)


def _path(one: Told) -> str:
    if one.kind in _PLACES:
        return _PLACES[one.kind]
    if one.post is not None and one.thread is not None:
        return post_path(one.thread, one.post.key, depth=one.post.depth, lasting=True)
    return actor_path(one.by) if one.by is not None else "/settings"


def _sentence(kind: NotificationKind, count: int, language: Language) -> str:
    say = language.gettext
    match kind:
        case NotificationKind.REPLY:
            return say("%(who)s replied to you")
        case NotificationKind.MENTION:
            return say("%(who)s named you")
        case NotificationKind.QUOTE:
            return say("%(who)s quoted you")
        case NotificationKind.LIKE:
            return language.ngettext(
                "%(who)s likes your message", "%(who)s like your message", max(1, count)
            )
        case NotificationKind.FOLLOW:
            return say("%(who)s follows you, or asks to")
        case NotificationKind.APPROVAL:
            return say("%(who)s lets you follow them")
        case NotificationKind.WARNING:
            return say("The moderators wrote to you")
        case NotificationKind.REPORT:
            return say("A message was reported")


def _kinds(account: Account, language: Language) -> list[tuple[str, str, bool]]:
    """What may be chosen: its name, in words, and whether the member wants it."""
    say = language.gettext
    words = {
        NotificationKind.REPLY: say("Replies to my messages"),
        NotificationKind.MENTION: say("Messages that name me"),
        NotificationKind.QUOTE: say("Messages that quote me"),
        NotificationKind.LIKE: say("Likes of my messages"),
        NotificationKind.FOLLOW: say("People who follow me, or ask to"),
        NotificationKind.APPROVAL: say("People who let me follow them"),
    }
    return [(kind.value, text, kind.value not in account.untold) for kind, text in words.items()]


async def mark(request: web.Request) -> web.StreamResponse:
    """POST /notifications/read: those that the button names, or all when it names none."""
    member = require_member(request)
    form = await read_form(request)
    named = [int(name) for name in form["only"].split(",") if name.isdecimal() and len(name) < 20]
    async with request.app[NODE].db.unit() as unit:
        await mark_read(unit, member.account, only=named or None)
    raise web.HTTPSeeOther("/notifications")


async def choose(request: web.Request) -> web.StreamResponse:
    """POST /notifications/kinds: what the member wants to be told; who may follow them."""
    member = require_member(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        account = await _account(unit, member.account)
        account.untold = [
            kind.value
            for kind in NotificationKind
            if kind not in ALWAYS and not form.pressed(kind.value)
        ]
        unit.wake(f"notifications/{account.actor_id}")
    raise web.HTTPSeeOther("/notifications#kinds")


async def answer(request: web.Request) -> web.StreamResponse:
    """POST /notifications/requests: let somebody follow, or not."""
    member = require_member(request)
    form = await read_form(request)
    asked = form["wish"]
    async with request.app[NODE].db.unit() as unit:
        wish = await unit.find(Follow, id=int(asked)) if asked.isdecimal() else None
        if wish is None:
            raise Conflict("this request was taken back", code="taken-back")
        await answer_wish(
            unit, await actor_of(unit, member), wish, accept=form["answer"] == "accept"
        )
    raise web.HTTPSeeOther("/notifications")


async def follow(request: web.Request) -> web.StreamResponse:
    """GET /notifications/live: the number and its words, now and whenever it changes.

    It ends with the session.
    """
    member, language = require_member(request), request[LANGUAGE]
    if HEADERS[hdrs.CONTENT_TYPE] not in request.headers.get(hdrs.ACCEPT, ""):
        raise NotFound("this is a stream, and no page")
    live, unread = request.app[LIVE], request.app[UNREAD]
    with live.seat(address_of(request)):
        response = web.StreamResponse(headers=HEADERS)
        await response.prepare(request)
        await response.write(f"retry: {RETRY}\n\n".encode())
        async with aclosing(live.watch(f"notifications/{member.actor.id}")) as turns:
            async for is_time in turns:
                async with request.app[NODE].db.reading() as unit:
                    if not await still_reads(request, unit):
                        break
                    if not is_time:
                        await response.write(b":\n\n")
                        continue
                    count = await unread.of(unit, await _account(unit, member.account))
                text = notifications_in_words(count, language)
                data = dumps({"count": count, "text": text})
                await response.write(b"data: " + data + b"\n\n")
    return response


async def _account(unit: Unit, account: Account) -> Account:
    found = await unit.find(Account, id=account.id)
    if found is None:
        raise NotFound("this account was closed")
    return found
