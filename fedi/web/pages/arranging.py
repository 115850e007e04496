"""Splitting, merging and moving debates, for those who look after their group: first the choice,
then a page that says what will happen, then the act, which is undone from the debate itself.
"""

from typing import Any

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor, Role
from fedi.accounts.models import Account
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, Invalid, NotFound
from fedi.core.html import excerpt
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import is_moderator, may_reshape
from fedi.debates.reading import PostRow, read_page
from fedi.debates.reshaping.rearranging import merge_thread, move_thread, split_thread, undo
from fedi.debates.threads import find_thread
from fedi.moderation.audit import record
from fedi.web.forms import read_form
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member

#: Messages to choose from on one page, and letters shown of each.
CHOICE, LETTERS = 200, 110


async def choose(request: web.Request) -> web.StreamResponse:
    """GET /threads/KEY/arrange?after=PATH: choose messages, another debate, or another group."""
    member = require_member(request)
    after = request.query.get("after") or None
    async with request.app[NODE].db.reading() as unit:
        thread = await _find(unit, request.match_info["key"], member)
        rows = await read_page(unit, thread, after=after, limit=CHOICE + 1)
        groups = await _other_groups(unit, thread, await actor_of(unit, member))
    shown = [row for row in rows[:CHOICE] if row.depth and row.deleted_at is None]
    return render(
        request,
        "arrange.html",
        thread=thread,
        path=page_path(thread),
        rows=[(row, _words(row), "·" * min(row.depth - 1, 8)) for row in shown],
        later=rows[CHOICE - 1].path if len(rows) > CHOICE else None,
        groups=groups,
    )


async def ask(request: web.Request) -> web.StreamResponse:
    """GET /threads/KEY/{split,merge,move}: say what will happen to what was chosen."""
    member, act = require_member(request), request.match_info["act"]
    async with request.app[NODE].db.reading() as unit:
        thread = await _find(unit, request.match_info["key"], member)
        posts = await _posts(unit, thread, request.query.getall("post", []))
        target = group = None
        if act == "merge":
            target = await _target(unit, request.query.get("into", ""))
        elif act == "move":
            group = await _group(unit, request.query.get("group", ""))
        elif not posts:
            raise Invalid("choose the messages that become a debate of their own", code="none")
    return render(
        request,
        "arranged.html",
        thread=thread,
        path=page_path(thread),
        act=act,
        posts=[(post, excerpt(post.content, LETTERS)) for post in posts],
        title=request.query.get("title", ""),
        target=target,
        target_path=page_path(target) if target is not None else "",
        group=group,
    )


async def carry_out(request: web.Request) -> web.StreamResponse:
    """POST /threads/KEY/{split,merge,move}: do it, and show the debate that is there now."""
    member, act = require_member(request), request.match_info["act"]
    form = await read_form(request)
    reason = form.line("reason")
    async with request.app[NODE].db.unit() as unit:
        thread = await _find(unit, request.match_info["key"], member)
        moderator, shown = await actor_of(unit, member), thread
        before = thread.title
        if act == "split":
            posts = await _posts(unit, thread, form["posts"].split())
            title = form.line("title")
            shown = await split_thread(unit, moderator, thread, posts, title=title, reason=reason)
            after = shown.uri
        elif act == "merge":
            shown = await _target(unit, form["into"])
            await merge_thread(unit, moderator, thread, shown, reason)
            after = shown.uri
        else:
            group = await _group(unit, form["group"])
            await move_thread(unit, moderator, thread, group, reason)
            after = group.uri
        await _record(unit, member, act, thread, before=before, after=after, reason=reason)
    raise web.HTTPSeeOther(page_path(shown))


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /acts/KEY/undo: put everything back where it was."""
    member = require_member(request)
    await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        act_uri = unit.site.activity(request.match_info["key"])
        thread = await undo(unit, await actor_of(unit, member), act_uri)
        await _record(unit, member, "undo", thread, before=act_uri)
    raise web.HTTPSeeOther(page_path(thread))


async def _record(unit: Unit, member: Member, act: str, thread: Thread, **more: Any) -> None:
    who = await unit.find(Account, id=member.account.id)
    await record(unit, who=who, act=act, target=thread.uri, **more)


async def _find(unit: Unit, key: str, member: Member) -> Thread:
    thread = await find_thread(unit, key)
    if thread is None:
        raise NotFound("there is no such debate here")
    if not await may_reshape(unit, thread, await actor_of(unit, member)):
        raise Forbidden("only who looks after the group may do this", code="not-a-moderator")
    return thread


async def _posts(unit: Unit, thread: Thread, keys: list[str]) -> list[Post]:
    query = select(Post).where(Post.key.in_(keys), Post.thread_id == thread.id)
    return list(await unit.session.scalars(query.order_by(Post.path))) if keys else []


async def _target(unit: Unit, address: str) -> Thread:
    thread = await find_thread(unit, address) if address.strip() else None
    if thread is None:
        raise Invalid("no debate is kept here at this address", code="unknown-debate")
    return thread


async def _group(unit: Unit, uri: str) -> Actor:
    group = await unit.find(Actor, uri=uri)
    if group is None or group.role not in (Role.GROUP, Role.NETWORK):
        raise Invalid("a debate moves to another group of this network", code="not-a-group")
    return group


async def _other_groups(unit: Unit, thread: Thread, moderator: Actor) -> list[Actor]:
    """The groups of this node that they look after, but for the one where the debate is."""
    query = select(Actor).where(
        Actor.role.in_([Role.GROUP, Role.NETWORK]), Actor.id != thread.group_id
    )
    groups = (await unit.session.scalars(query.order_by(Actor.name))).all()
    return [group for group in groups if await is_moderator(unit, group.id, moderator)]


def _words(row: PostRow) -> str:
    return excerpt(row.content, LETTERS)
