"""What administrators choose: step by step after the set-up link, and later on two pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.choices import INTERFACE, Choices
from fedi.core.errors import Invalid, NotFound
from fedi.core.i18n import N_
from fedi.core.images import MAX_SENT
from fedi.moderation.choosing import change_choices, check_choices, follow_networks
from fedi.web.colours import ink
from fedi.web.forms import Form, read_form
from fedi.web.keys import CHOSEN, GALLERY, LANGUAGES, LIMITS, NETWORKS
from fedi.web.looking_up import Lookup, look_up_all
from fedi.web.render import render
from fedi.web.sessions import require_administrator

#: Addresses of networks that are looked up for one form.
MAX_LINES = 20
OTHER = "other"


@dataclass(frozen=True)
class Step:
    """A part of the set-up, with the parts of the form that are on its page."""

    name: str
    title: str
    sentence: str
    parts: Sequence[str]


STEPS = (
    Step(
        "network",
        N_("The network"),
        N_("What it is called, what it is for, which languages its pages speak."),
        ("name", "languages"),
    ),
    Step(
        "appearance",
        N_("Its colour and its logo"),
        N_("By which one knows it again, here and on other servers."),
        ("look",),
    ),
    Step(
        "joining",
        N_("Who may join"),
        N_("This can be changed at any time."),
        ("joining",),
    ),
    Step(
        "networks",
        N_("Networks to follow"),
        N_("Their debates come here, members reply to them from here, and a copy of them is kept."),
        ("networks",),
    ),
)
APPEARANCE = Step(
    "",
    N_("Appearance"),
    N_("What people see first of the network, here and on other servers."),
    ("name", "look"),
)
SETTINGS = Step(
    "", N_("Settings"), N_("How people join, and what pages speak."), ("joining", "languages")
)

#: Colours that are legible on paper and told apart at a glance.
THEMES: Mapping[str, str] = {
    "#0f6b5c": N_("Teal"),
    "#2b5a8c": N_("Blue"),
    "#4b4fa0": N_("Indigo"),
    "#74406f": N_("Plum"),
    "#8a2f4d": N_("Wine"),
    "#97471f": N_("Brick"),
    "#7a5a12": N_("Ochre"),
    "#3d6b2f": N_("Forest"),
}
WAYS_IN: Mapping[str, tuple[str, str]] = {
    "closed": (N_("Nobody for now"), N_("Nobody asks; you make every invitation yourself.")),
    "invite": (N_("Whoever is invited"), N_("By links that administrators make.")),
    "approval": (
        N_("Whoever asks, once you agree"),
        N_("They say why in a sentence, and you answer."),
    ),
    "open": (N_("Everybody"), N_("They confirm their e-mail address, and are in.")),
}


async def overview(request: web.Request) -> web.StreamResponse:
    """GET /admin/start: what is done of the set-up, and what is next."""
    require_administrator(request)
    async with request.app[NODE].db.reading() as unit:
        networks = await request.app[NETWORKS].read(unit)
    now = request.app[CHOSEN].now
    following = next((step for step in STEPS if step.name not in now.steps), None)
    return render(
        request,
        "admin/start.html",
        steps=STEPS,
        following=following,
        theme=THEMES.get(now.theme.lower(), now.theme),
        way_in=WAYS_IN[now.registration][0],
        followed=networks.followed,
    )


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/start/STEP, /admin/appearance and /admin/settings"""
    require_administrator(request)
    step, now = _step(request), request.app[CHOSEN].now
    return _page(request, step, Form(_filled(now)))


async def save(request: web.Request) -> web.StreamResponse:
    """POST to the same: keep what was chosen; on with the next step."""
    member = require_administrator(request)
    step = _step(request)
    form = await read_form(request, room=MAX_SENT + 256 * 1024)
    if "networks" in step.parts:
        return await _follow(request, step, form)
    now = await request.app[CHOSEN].refresh()
    try:
        chosen = check_choices(_read(form, step, now))
        sent = next(iter(form.files.get("logo", ())), None)
        painted = None
        if sent and "look" in step.parts:
            request.app[LIMITS].painting.take(str(member.account.id))
            painted = await request.app[GALLERY].take_in(sent, portrait=True)
        async with request.app[NODE].db.unit() as unit:
            await change_choices(unit, member.account, now, chosen, logo=painted, step=step.name)
    except Invalid as error:
        form.refuse(error, error.code)
        if "images" in form.errors:
            form.errors["logo"] = form.errors.pop("images")
        return _page(request, step, form)
    raise web.HTTPSeeOther(_after(step) if step.name else f"{request.path}?done=1")


def _read(form: Form, step: Step, now: Choices) -> dict[str, Any]:
    """What the form chooses, unchecked."""
    chosen: dict[str, Any] = {}
    if "name" in step.parts:
        chosen |= {"name": form.line("name"), "summary": form.line("summary")}
    if "languages" in step.parts:
        first = form.line("language")
        others = (tag for tag in INTERFACE if tag != first and form.pressed(f"also-{tag}"))
        chosen["languages"] = (first, *others)
    if "joining" in step.parts:
        chosen["registration"] = form.line("registration")
    if "look" in step.parts:
        theme, other = form.line("theme"), form.line("other-theme")
        typed = theme == OTHER or (other and other != now.theme and theme in ("", now.theme))
        chosen["theme"] = other if typed else theme
        if form.pressed("no-logo"):
            chosen["logo"] = ""
    return chosen


def _filled(now: Choices) -> dict[str, str]:
    """The form, filled in with what holds."""
    is_listed = now.theme.lower() in THEMES
    return {
        "name": now.name,
        "summary": now.summary,
        "language": now.languages[0],
        **{f"also-{tag}": "on" for tag in now.languages[1:]},
        "registration": now.registration,
        "theme": now.theme.lower() if is_listed else OTHER,
        "other-theme": "" if is_listed else now.theme,
    }


async def _follow(request: web.Request, step: Step, form: Form) -> web.Response:
    """Look networks up and ask those that were found; tell of each what became of it."""
    member, node = require_administrator(request), request.app[NODE]
    lines = [" ".join(line.split()) for line in form["addresses"].splitlines()]
    addresses = list(dict.fromkeys(line for line in lines if line))[:MAX_LINES]
    if not addresses:
        form.errors["addresses"] = N_("write an address, or leave this for later")
        return _page(request, step, form)
    request.app[LIMITS].looking_up.take(str(member.account.id))
    lookups = await look_up_all(node, addresses)
    now = await request.app[CHOSEN].refresh()
    if found := [lookup.network for lookup in lookups if lookup.network is not None]:
        async with node.db.unit() as unit:
            await follow_networks(unit, member.account, now, found, step=step.name)
        await request.app[CHOSEN].refresh()
    lost = [lookup for lookup in lookups if lookup.network is None]
    left = Form({"addresses": "\n".join(lookup.address for lookup in lost)})
    if not found:
        left.errors["addresses"] = N_("none of these was found")
    return _page(request, step, left, lookups=lookups)


def _step(request: web.Request) -> Step:
    """The page that is asked for."""
    name = request.match_info.get("step")
    if name is None:
        return APPEARANCE if request.path == "/admin/appearance" else SETTINGS
    found = next((step for step in STEPS if step.name == name), None)
    if found is None:
        raise NotFound("there is no such step")
    return found


def _after(step: Step) -> str:
    """Where the set-up goes on after a step."""
    names = [each.name for each in STEPS]
    rest = names[names.index(step.name) + 1 :] if step.name else []
    return f"/admin/start/{rest[0]}" if rest else "/admin/start"


def _page(
    request: web.Request, step: Step, form: Form, *, lookups: Sequence[Lookup] = ()
) -> web.Response:
    now, node = request.app[CHOSEN].now, request.app[NODE]
    return render(
        request,
        "admin/choosing.html",
        status=422 if form.errors else 200,
        step=step,
        steps=STEPS if step.name else (),
        skip=_after(step),
        form=form,
        lookups=lookups,
        themes=THEMES,
        legible=ink(now.theme).light,
        ways_in=WAYS_IN,
        tongues={tag: request.app[LANGUAGES][tag].name for tag in INTERFACE},
        fixed={"domain": node.site.domain, "handle": node.config.network.handle},
        mails=bool(node.config.mail.host),
        done="done" in request.query,
    )
