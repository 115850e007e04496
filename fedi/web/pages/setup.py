"""The first administrator, by a link that works once."""

from aiohttp import web

from fedi.accounts.sessions import start_session
from fedi.accounts.signup import create_account, find_setup_link, use_setup_link
from fedi.core.appkeys import NODE
from fedi.core.errors import Conflict, Invalid
from fedi.web.devices import device_of
from fedi.web.forms import Form, read_form
from fedi.web.keys import LANGUAGE, LIMITS
from fedi.web.limits import address_of
from fedi.web.render import render
from fedi.web.sessions import remember_session


async def show(request: web.Request) -> web.StreamResponse:
    """GET /setup/TOKEN: 404 for a wrong link, 410 for one that was used."""
    async with request.app[NODE].db.reading() as unit:
        await find_setup_link(unit, request.match_info["token"])
    return render(request, "setup.html", form=Form())


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /setup/TOKEN: make the account, sign it in, spend the link; or none of the three."""
    request.app[LIMITS].sign_in_address.take(address_of(request))
    form = await read_form(request)
    node = request.app[NODE]
    try:
        async with node.db.unit() as unit:
            await use_setup_link(unit, request.match_info["token"])
            account = await create_account(
                unit,
                handle=form.line("handle").lower().removeprefix("@"),
                email=form.line("email"),
                password=form["password"],
                display_name=form.line("name"),
                admin=True,
                language=request[LANGUAGE].tag,
            )
            session = start_session(unit, account, device=device_of(request))
    except (Invalid, Conflict) as error:
        form.refuse(error, "handle")
        return render(request, "setup.html", status=422, form=form)
    response = web.HTTPSeeOther("/admin/start/network")
    remember_session(response, node.site, session)
    raise response
