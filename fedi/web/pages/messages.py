"""One message: reply to it, change it, remove it, like it."""

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from markupsafe import Markup

from actors.models import Actor
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, Invalid
from fedi.core.html import plain
from fedi.core.i18n import N_
from fedi.core.unit import Unit
from fedi.debates.drafts import discard_draft
from fedi.debates.likes import like, unlike
from fedi.debates.models.post import Post
from fedi.debates.posts import delete_post, edit_post, write_reply
from fedi.debates.writing import render as render_text
from fedi.moderation.acts import act_on_post
from fedi.moderation.models import Act
from fedi.web.composing import (
    ROOM,
    chooses_images,
    chosen_extras,
    form_of,
    language_of,
    read_composer,
    take_images,
)
from fedi.web.drafting import begun, keep_form, with_quote
from fedi.web.forms import Form, read_form
from fedi.web.keys import LIMITS
from fedi.web.mentions import find_named
from fedi.web.people import prose
from fedi.web.posts import Scene, Shown, find_shown
from fedi.web.quotes import show_quotes_in
from fedi.web.render import render
from fedi.web.sessions import actor_of, require_member

# --- reply -------------------------------------------------------------------------------


async def ask_reply(request: web.Request) -> web.StreamResponse:
    """GET /posts/KEY/reply?quote&passage=TEXT: the message, and where to answer it.

    What was begun is there again; a passage, or the message, is added to it if it is to be quoted.
    """
    member = require_member(request)
    async with request.app[NODE].db.reading() as unit:
        _, _, parent = await _find(request, unit)
        form = await begun(unit, member, parent.row.key)
    if "quote" in request.query:
        form = with_quote(form, parent.row, request.query.get("passage", ""))
    return await _reply_page(request, form)


async def reply(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/reply: show how it will look, or publish it."""
    member = require_member(request)
    form, is_ready = await _read_text(request, member)
    named = await find_named(request.app[NODE], form["text"])
    if is_ready:
        request.app[LIMITS].posting.take(str(member.account.id))
        try:
            async with request.app[NODE].db.unit() as unit:
                parent, scene, _ = await _find(request, unit)
                actor = await actor_of(unit, member)
                post = await write_reply(
                    unit,
                    actor,
                    parent,
                    text=form["text"],
                    language=language_of(form, member, request),
                    mentions=named,
                    extras=await chosen_extras(unit, member, form),
                )
                await discard_draft(unit, actor, parent.key)
        except Invalid as error:
            form.refuse(error, "text")
        else:
            raise web.HTTPSeeOther(scene.link(post))
    await keep_form(request, member, request.match_info["key"], form)
    return await _reply_page(request, form, await _preview(request, form, named))


async def _reply_page(
    request: web.Request, form: Form, preview: Markup | None = None
) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        _, scene, parent = await _find(request, unit)
        if preview is not None:
            preview = Markup(await show_quotes_in(unit, scene, preview))  # noqa: S704  clean
        composer = await read_composer(request, unit, require_member(request), form)
    return render(
        request,
        "reply.html",
        status=_status(request, form),
        composer=composer,
        thread=scene.thread,
        path=parent.link,
        parent=parent,
        form=form,
        preview=preview,
    )


# --- edit --------------------------------------------------------------------------------


async def ask_edit(request: web.Request) -> web.StreamResponse:
    """GET /posts/KEY/edit: the text as its author wrote it."""
    require_member(request)
    async with request.app[NODE].db.reading() as unit:
        post, _, shown = await _find(request, unit)
        _only_mine(shown)
        more = await form_of(unit, post)
    text = post.source or plain(post.content)
    form = Form({"title": post.title, "question": post.summary, "text": text, **more})
    return await _edit_page(request, form)


async def edit(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/edit: show how it will look, or publish the change."""
    member = require_member(request)
    form, is_ready = await _read_text(request, member)
    named = await find_named(request.app[NODE], form["text"])
    if is_ready:
        request.app[LIMITS].posting.take(str(member.account.id))
        try:
            async with request.app[NODE].db.unit() as unit:
                post, scene, _ = await _find(request, unit)
                await edit_post(
                    unit,
                    await actor_of(unit, member),
                    post,
                    text=form["text"],
                    title=form.line("title") if form.pressed("title") else None,
                    question=form.line("question") if form.pressed("question") else None,
                    mentions=named,
                    language=language_of(form, member, request),
                    extras=await chosen_extras(unit, member, form, worn=post),
                )
                link = scene.link(post)
        except Invalid as error:
            form.refuse(error, "text")
        else:
            raise web.HTTPSeeOther(link)
    return await _edit_page(request, form, await _preview(request, form, named))


async def _edit_page(
    request: web.Request, form: Form, preview: Markup | None = None
) -> web.Response:
    async with request.app[NODE].db.reading() as unit:
        post, scene, shown = await _find(request, unit)
        composer = await read_composer(request, unit, require_member(request), form, worn=post.hat)
    _only_mine(shown)
    return render(
        request,
        "edit.html",
        status=_status(request, form),
        composer=composer,
        thread=scene.thread,
        path=shown.link,
        is_root=post.parent_uri is None,
        form=form,
        preview=preview,
    )


def _only_mine(shown: Shown) -> None:
    if not shown.mine:
        raise Forbidden("only its author can change a message", code="not-yours")


# --- remove ------------------------------------------------------------------------------


async def ask_delete(request: web.Request) -> web.StreamResponse:
    """GET /posts/KEY/delete: say what will happen."""
    require_member(request)
    async with request.app[NODE].db.reading() as unit:
        _, scene, shown = await _find(request, unit)
    _only_removable(shown)
    return _ask_delete(request, scene, shown, Form())


def _only_removable(shown: Shown) -> None:
    if not shown.removable:
        raise Forbidden("only its author or a moderator can remove a message", code="not-yours")


def _ask_delete(request: web.Request, scene: Scene, shown: Shown, form: Form) -> web.StreamResponse:
    return render(
        request,
        "delete.html",
        status=422 if form.errors else 200,
        thread=scene.thread,
        path=shown.link,
        post=shown,
        form=form,
    )


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/delete: do it, and go back to the debate."""
    member = require_member(request)
    form = await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        post, scene, shown = await _find(request, unit)
        _only_removable(shown)
        if shown.mine:
            await delete_post(unit, await actor_of(unit, member), post)
        elif reason := form.line("reason"):
            await act_on_post(unit, member.account, Act.HIDE, post, reason=reason)
        else:
            form.require("reason", N_("give the reason: it is told to whoever it is about"))
            return _ask_delete(request, scene, shown, form)
    raise web.HTTPSeeOther(shown.link if shown.row.parent_uri else scene.home)


# --- like --------------------------------------------------------------------------------


async def add_like(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/like"""
    return await _react(request, like)


async def remove_like(request: web.Request) -> web.StreamResponse:
    """POST /posts/KEY/unlike"""
    return await _react(request, unlike)


async def _react(
    request: web.Request, verb: Callable[[Unit, Actor, Post], Awaitable[object]]
) -> web.StreamResponse:
    """Do it; then the button alone for htmx, the message in its debate for anybody else."""
    member = require_member(request)
    await read_form(request)
    async with request.app[NODE].db.unit() as unit:
        post, _, shown = await _find(request, unit)
        await verb(unit, await actor_of(unit, member), post)
    if "HX-Request" not in request.headers:
        raise web.HTTPSeeOther(shown.link)
    async with request.app[NODE].db.reading() as unit:
        _, _, shown = await _find(request, unit)
    return render(request, "like.html", post=shown)


# --- all of them -------------------------------------------------------------------------


async def _read_text(request: web.Request, member: Member) -> tuple[Form, bool]:
    """What was written, with the images that came with it; and whether it is to be published."""
    form = await read_form(request, room=ROOM)
    goes_on = chooses_images(form) or form.pressed("preview")
    if not chooses_images(form):
        form.require("text", N_("there is nothing to publish: write a text"))
    form = await take_images(request, member, form)
    return form, not form.errors and not goes_on


def _status(request: web.Request, form: Form) -> int:
    """What scripts are to show at its place is no error to them."""
    return 422 if form.errors and "HX-Request" not in request.headers else 200


async def _find(request: web.Request, unit: Unit) -> tuple[Post, Scene, Shown]:
    return await find_shown(request, unit, key=request.match_info["key"])


async def _preview(request: web.Request, form: Form, named: Sequence[Actor]) -> Markup | None:
    """The text as it will be set; None, and an error in the form, when it cannot be."""
    if form.errors or not form["text"].strip():
        return None
    try:
        written = await render_text(form["text"], None, named, request.app[NODE].site)
    except Invalid as error:
        form.refuse(error, "text")
        return None
    return prose(written.content)
