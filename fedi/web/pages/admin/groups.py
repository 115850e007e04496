"""Working groups: made, described, given people who look after them, and debates kept at hand."""

from aiohttp import web
from sqlalchemy import select

from actors.local import get_local, local_groups
from actors.models import Actor, Role
from fedi.accounts.models import Account
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, FediError, Forbidden, Invalid, NotFound
from fedi.core.unit import Unit
from fedi.debates.addresses import read_key
from fedi.debates.featured import feature, featured_posts, unfeature
from fedi.debates.groups import appoint, create_group, describe_group, dismiss, moderators
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.moderation.audit import record
from fedi.web.forms import Form, read_form
from fedi.web.render import render
from fedi.web.sessions import require_administrator


async def index(request: web.Request) -> web.StreamResponse:
    """GET /admin/groups"""
    require_administrator(request)
    return await _list_page(request, Form())


async def create(request: web.Request) -> web.StreamResponse:
    """POST /admin/groups: make a group."""
    member = require_administrator(request)
    form = await read_form(request)
    try:
        async with request.app[NODE].db.unit() as unit:
            handle, name = form.line("handle").lower(), form.line("name")
            group = await create_group(unit, handle, name, form.line("summary"))
            await record(
                unit, who=member.account, act="create-group", target=f"@{handle}", after=name
            )
    except (Invalid, Conflict) as error:
        form.refuse(error, "name")
        return await _list_page(request, form)
    raise web.HTTPSeeOther(f"/admin/groups/{group.handle}")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/groups/NAME"""
    require_administrator(request)
    return await _page(request, None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /admin/groups/NAME: one thing at a time, as the button says."""
    member = require_administrator(request)
    form = await read_form(request)
    name = request.match_info["name"]
    try:
        async with request.app[NODE].db.unit() as unit:
            group = await _find(unit, name)
            await _change(unit, member.account, group, form)
    except (Invalid, Conflict, Forbidden, NotFound) as error:
        return await _page(request, _blame(form, error))
    raise web.HTTPSeeOther(f"/admin/groups/{name}?done=1")


def _blame(form: Form, error: FediError) -> Form:
    """Note the error at the field that the pressed button belongs to."""
    places = {"appoint": "person", "pin": "post"}
    place = next((field for button, field in places.items() if form.pressed(button)), "name")
    form.errors[place] = str(error)
    return form


async def _change(unit: Unit, who: Account, group: Actor, form: Form) -> None:
    before = after = ""
    if form.pressed("appoint"):
        act, person = "appoint", await _member(unit, form.line("person"))
        await appoint(unit, group, person)
        after = f"@{person.handle}"
    elif form.pressed("dismiss"):
        act, person = "dismiss", await _member(unit, form.line("dismiss"))
        await dismiss(unit, group, person)
        before = f"@{person.handle}"
    elif form.pressed("pin"):
        act, post = "pin", await _post(unit, form.line("post"))
        thread = await thread_of(unit, post)
        if thread.group_id != group.id or post.id != thread.root_id:
            raise Invalid("only a debate of this group can be kept at hand", code="not-its-debate")
        await feature(unit, group, post)
        after = f"/posts/{post.key}"
    elif form.pressed("unpin"):
        act, post = "unpin", await _post(unit, form.line("unpin"))
        await unfeature(unit, group, post)
        before = f"/posts/{post.key}"
    else:
        act, before = "describe-group", group.name
        await describe_group(unit, group, name=form.line("name"), summary=form.line("summary"))
        after = group.name
    await record(unit, who=who, act=act, target=f"@{group.handle}", before=before, after=after)


async def _find(unit: Unit, name: str) -> Actor:
    group = await get_local(unit, name)
    if group is None or group.role not in (Role.NETWORK, Role.GROUP):
        raise NotFound("there is no such group here")
    return group


async def _member(unit: Unit, name: str) -> Actor:
    person = await get_local(unit, name.removeprefix("@").partition("@")[0].lower())
    if person is None or person.role is not Role.PERSON:
        raise Invalid("no member bears this name", code="no-member")
    return person


async def _post(unit: Unit, text: str) -> Post:
    key = read_key(unit.site, text)
    post = await unit.session.scalar(select(Post).where(Post.key == key)) if key else None
    if post is None:
        raise Invalid("no debate is at this address", code="no-debate")
    unit.meet(post)
    return post


async def _list_page(request: web.Request, form: Form) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        groups = await local_groups(unit)
    status = 422 if form.errors else 200
    return render(request, "admin/groups.html", status=status, groups=groups, form=form)


async def _page(request: web.Request, form: Form | None) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        group = await _find(unit, request.match_info["name"])
        people = await moderators(unit, group)
        pinned = [(post, await thread_of(unit, post)) for post in await featured_posts(unit, group)]
    return render(
        request,
        "admin/group.html",
        status=422 if form is not None else 200,
        group=group,
        form=form or Form({"name": group.name, "summary": group.summary}),
        people=people,
        pinned=pinned,
        done="done" in request.query,
    )
