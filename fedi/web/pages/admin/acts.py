"""Acts of moderators: a page that says what will happen, then the act itself."""

from datetime import UTC, date, datetime, time

from aiohttp import web
from sqlalchemy import select

from actors.local import get_local
from actors.models import Actor, Peer
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, Forbidden, Invalid, NotFound
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.debates.moderating import last_words
from fedi.moderation.acts import TO_PEOPLE, TO_POSTS, act_on_person, act_on_post
from fedi.moderation.models import Act, Report
from fedi.moderation.reports import find_report
from fedi.moderation.servers import TO_SERVERS, act_on_server, severed_by
from fedi.web.forms import Form, read_form
from fedi.web.judging import WORDS
from fedi.web.keys import NETWORKS
from fedi.web.people import byline_of
from fedi.web.render import render
from fedi.web.sessions import require_administrator, require_moderator


async def ask(request: web.Request) -> web.StreamResponse:
    """GET /admin/acts/ACT?post=KEY or ?person=NAME@HOST or ?host=HOST: what will happen."""
    _require(request, _act(request))
    return await _page(request, Form(dict(request.query)))


async def do(request: web.Request) -> web.StreamResponse:
    """POST /admin/acts/ACT"""
    act = _act(request)
    member = _require(request, act)
    form = await read_form(request)
    try:
        async with request.app[NODE].db.unit() as unit:
            back = await _do(unit, member, act, form)
    except (Invalid, Conflict) as error:
        field = "until" if error.code == "bad-until" else "reason"
        form.errors[field] = str(error)
        return await _page(request, form)
    raise web.HTTPSeeOther(back)


async def _do(unit: Unit, member: Member, act: Act, form: Form) -> str:
    """Do it; where to go afterwards."""
    report = await find_report(unit, form.line("report")) if form.line("report") else None
    after = f"/admin/reports/{report.key}" if report is not None else "/admin/decisions"
    if act in TO_SERVERS:
        await act_on_server(unit, member.account, act, form.line("host"), reason=form["reason"])
        return f"/admin/servers/{form.line('host')}"
    if act in TO_POSTS:
        post = await _post(unit, form.line("post"))
        await act_on_post(unit, member.account, act, post, reason=form["reason"], report=report)
        return after
    person = await find_person(unit, form.line("person"))
    await act_on_person(
        unit,
        member.account,
        act,
        person,
        reason=form["reason"],
        until=_until(form.line("until")) if act is Act.SUSPEND else None,
        report=report,
    )
    return after


def _act(request: web.Request) -> Act:
    try:
        act = Act(request.match_info["name"])
    except ValueError as error:
        raise NotFound("there is nothing like this to do") from error
    if act not in (*TO_POSTS, *TO_PEOPLE, *TO_SERVERS):
        raise NotFound("there is nothing like this to do")
    return act


def _require(request: web.Request, act: Act) -> Member:
    """Servers are for administrators; messages and people for moderators."""
    return require_administrator(request) if act in TO_SERVERS else require_moderator(request)


def _until(text: str) -> datetime | None:
    """The start of a day; None when no day was chosen."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise Invalid("write the date as 2027-01-31", code="bad-until") from error


async def find_person(unit: Unit, name: str) -> Actor:
    """A person by their address, whatever was decided about them; `NotFound` if unknown."""
    handle, _, host = name.removeprefix("@").partition("@")
    if host in ("", unit.site.domain):
        person = await get_local(unit, handle.lower())
    else:
        origins = [f"https://{host}", f"http://{host}"]
        query = select(Actor).where(Actor.origin.in_(origins), Actor.handle == handle)
        person = (await unit.session.scalars(query.order_by(Actor.id).limit(1))).first()
        if person is not None:
            unit.meet(person)
    if person is None:
        raise NotFound("there is nobody here by that name")
    return person


async def _post(unit: Unit, key: str) -> Post:
    post: Post | None = await unit.session.scalar(select(Post).where(Post.key == key))
    if post is None:
        raise NotFound("there is no such message here")
    unit.meet(post)
    return post


async def _page(request: web.Request, form: Form) -> web.Response:
    act = _act(request)
    post = person = peer = path = None
    content, severed, report = "", 0, None
    async with request.app[NODE].db.reading() as unit:
        if act in TO_SERVERS:
            peer, severed = await _server(unit, act, form.line("host"))
        elif act in TO_POSTS:
            post = await _post(unit, form.line("post"))
            words = await last_words(unit, post)
            content = words.content if words is not None else post.content
            path = post_path(await thread_of(unit, post), post.key, depth=post.depth)
            person = await unit.find(Actor, id=post.author_id)
        else:
            person = await find_person(unit, form.line("person"))
        if form.line("report"):
            report = await _report(unit, form.line("report"))
        networks = await request.app[NETWORKS].read(unit)
    return render(
        request,
        "admin/act.html",
        status=422 if form.errors else 200,
        act=act,
        words=WORDS[act],
        form=form,
        post=post,
        path=path,
        content=content,
        by=byline_of(networks, person) if person is not None else None,
        host=form.line("host") if act in TO_SERVERS else "",
        peer=peer,
        severed=severed,
        report=report,
        back=f"/admin/reports/{report.key}" if report is not None else path or "/admin",
    )


async def _server(unit: Unit, act: Act, host: str) -> tuple[Peer | None, int]:
    if not host:
        raise NotFound("there is no such server here")
    query = select(Peer).where(Peer.host == host.partition(":")[0]).limit(1)
    severed = await severed_by(unit, [host]) if act is Act.BLOCK else 0
    return await unit.session.scalar(query), severed


async def _report(unit: Unit, key: str) -> Report:
    report = await find_report(unit, key)
    if report.closed_at is not None:
        raise Forbidden("this report is closed already", code="closed")
    return report
