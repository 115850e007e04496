"""Drafts in forms: kept whenever somebody looks before they publish."""

from contextlib import suppress

from aiohttp import web

from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.core.unit import Unit
from fedi.debates.drafts import keep_draft, read_draft
from fedi.debates.quotes import quote
from fedi.debates.reading import PostRow
from fedi.web.forms import Form
from fedi.web.sessions import actor_of


async def begun(unit: Unit, member: Member, place: str) -> Form:
    """The form that a member left unfinished at a place, or an empty one."""
    return Form(await read_draft(unit, member.actor, place))


async def keep_form(request: web.Request, member: Member, place: str, form: Form) -> None:
    """Keep what a member has written so far; what is too long to be published is not kept."""
    with suppress(Invalid):
        async with request.app[NODE].db.unit() as unit:
            await keep_draft(unit, await actor_of(unit, member), place, form.written)


def with_quote(form: Form, post: PostRow, passage: str) -> Form:
    """A form to which a passage of a message was added; the whole message without one."""
    words, text = quote(post, passage), form["text"].rstrip()
    if words.strip() in text:
        return form
    return Form({**form.values, "text": f"{text}\n\n{words}" if text else words})
