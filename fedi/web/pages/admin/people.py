"""One person as moderators see them: where they stand, what was decided, what can be."""

from aiohttp import web
from sqlalchemy import select

from fedi.accounts.models import AccountRole
from fedi.core.appkeys import NODE
from fedi.core.errors import Forbidden, Invalid
from fedi.core.i18n import N_
from fedi.moderation.acts import account_of, change_role
from fedi.moderation.models import Decision, Report
from fedi.web.forms import Form, read_form
from fedi.web.judging import tell
from fedi.web.keys import LANGUAGE, NETWORKS
from fedi.web.pages.admin.acts import find_person
from fedi.web.people import byline_of
from fedi.web.render import render
from fedi.web.sessions import require_administrator, require_moderator

LINES = 30
ROLES = {
    AccountRole.MEMBER: N_("member"),
    AccountRole.MODERATOR: N_("moderator: looks after what everybody writes"),
    AccountRole.ADMINISTRATOR: N_("administrator: decides about the whole node"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/people/NAME or NAME@HOST"""
    require_moderator(request)
    return await _page(request, Form())


async def change(request: web.Request) -> web.StreamResponse:
    """POST /admin/people/NAME: say what a member may do for all."""
    member = require_administrator(request)
    form = await read_form(request)
    try:
        async with request.app[NODE].db.unit() as unit:
            person = await find_person(unit, request.match_info["name"])
            if form["role"] not in set(AccountRole):
                raise Invalid("choose one of these roles", code="bad-role")
            await change_role(unit, member.account, person, AccountRole(form["role"]))
    except (Invalid, Forbidden) as error:
        form.errors["role"] = str(error)
        return await _page(request, form)
    raise web.HTTPSeeOther(f"/admin/people/{person.handle}")


async def _page(request: web.Request, form: Form) -> web.Response:
    member = require_moderator(request)
    async with request.app[NODE].db.reading() as unit:
        person = await find_person(unit, request.match_info["name"])
        account = await account_of(unit, person)
        networks = await request.app[NETWORKS].read(unit)
        made = (
            select(Decision)
            .where(Decision.actor_id == person.id)
            .order_by(Decision.id.desc())
            .limit(LINES)
        )
        decisions = [
            await tell(unit, networks, decision, request[LANGUAGE])
            for decision in await unit.session.scalars(made)
        ]
        asked = (
            select(Report)
            .where(Report.actor_id == person.id)
            .order_by(Report.id.desc())
            .limit(LINES)
        )
        reports = list(await unit.session.scalars(asked))
    return render(
        request,
        "admin/person.html",
        status=422 if form.errors else 200,
        person=person,
        by=byline_of(networks, person),
        account=account,
        told=decisions,
        reports=reports,
        roles=ROLES,
        form=form,
        administers=member.account.administers,
        oneself=account is not None and account.id == member.account.id,
    )
