"""What goes with a text, in forms: for whom one writes, in which language, with which images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp_jinja2 import get_env

from fedi.accounts.hats import Hat, hats_of, put_on
from fedi.accounts.sessions import Member
from fedi.core.appkeys import NODE
from fedi.core.errors import Invalid
from fedi.core.i18n import N_
from fedi.core.tongues import TONGUES
from fedi.core.unit import Unit
from fedi.debates.extras import Extras
from fedi.debates.images import MAX_IMAGES, Shot, find_images, keep_image, path_of, shots_of
from fedi.debates.models.post import Post
from fedi.debates.tags import given_labels, read_labels
from fedi.web.forms import Form
from fedi.web.kept import Kept
from fedi.web.keys import FRAGMENTS, GALLERY, LANGUAGE, LIMITS
from fedi.web.sessions import actor_of
from fedi.web.shells import Piece, piece

#: Bytes of a form with files.
ROOM = 32 * 1024 * 1024
#: The field in which files are chosen, and the one that names those sent before.
CHOSEN, KEPT = "photos", "images"
#: Leaves an image out; with it, what is gone from a form once it was heard.
_DROP = "drop-"
_PASSING = ("attach", _DROP, CHOSEN)


@dataclass(frozen=True)
class Picture:
    """An image in a form: sent already, not published yet, or no more."""

    key: str
    path: str
    width: int
    height: int
    text: str
    mute: bool  # its author says that there is nothing to tell of it


@dataclass(frozen=True)
class Composer:
    """What a form offers besides the text."""

    hats: Sequence[Hat]
    hat: str  # the line of the chosen one, or empty
    tongues: Mapping[str, str]
    tongue: str
    pictures: Sequence[Picture] = ()


async def read_composer(
    request: web.Request,
    unit: Unit,
    member: Member,
    form: Form | None = None,
    *,
    worn: str | None = None,
) -> Composer:
    """What a form offers to this member, as they left it; `worn` is the hat of the post so far."""
    form = form if form is not None else Form()
    account = member.account
    line = form["hat"] if form.pressed("hat") else account.hat or ""
    hats = hats_of(account)
    if worn and all(hat.line != worn for hat in hats):
        hats.append(Hat(worn))
    tongue = form["language"] or member.actor.language or request[LANGUAGE].tag
    keys = kept_keys(form)
    images = await find_images(unit, member.actor, keys) if keys else []
    return Composer(
        hats=hats,
        hat=line if any(hat.line == line for hat in hats) else "",
        tongues=TONGUES if tongue in TONGUES else {**TONGUES, tongue: tongue},
        tongue=tongue,
        pictures=[
            Picture(
                image.key,
                path_of(image),
                image.width,
                image.height,
                text=form[f"alt-{image.key}"],
                mute=form.pressed(f"mute-{image.key}"),
            )
            for image in images
        ],
    )


def set_extras(request: web.Request, composer: Composer, action: str) -> Piece:
    """The fields of an empty form, as a piece of a page; made once for all who may choose alike."""
    kept: Kept[Piece] = request.app[FRAGMENTS]
    language = request[LANGUAGE]
    offered = tuple(hat.line for hat in composer.hats), tuple(composer.pictures)
    key = "extras", language.tag, offered, composer.hat, composer.tongue, action
    if (known := kept.get(key)) is not None:
        return known
    macros: Any = (
        get_env(request.app).get_template("extras.html").make_module({"language": language})
    )
    made = piece(macros.extras(composer, None, action=action).encode())
    return kept.keep(key, made, made.size)


def language_of(form: Form, member: Member, request: web.Request) -> str:
    """The language a text is in: the one that was chosen, or else the member's."""
    tongue = form["language"]
    return tongue if tongue in TONGUES else member.actor.language or request[LANGUAGE].tag


# --- images ------------------------------------------------------------------------------


def kept_keys(form: Form) -> list[str]:
    """The images that a form names; whose they are is for who finds them to see."""
    return list(dict.fromkeys(form[KEPT].split()))[: 2 * MAX_IMAGES]


def chooses_images(form: Form) -> bool:
    """Whether a form was sent to add images or to leave one out, and not to publish anything."""
    return form.pressed("attach") or any(name.startswith(_DROP) for name in form.values)


async def take_images(request: web.Request, member: Member, form: Form) -> Form:
    """Bring in the images that were chosen; the form with them, and with what is wrong in it.

    Each one needs words, or the member's word that it needs none.
    """
    dropped = {name.removeprefix(_DROP) for name in form.values if name.startswith(_DROP)}
    keys = [key for key in kept_keys(form) if key not in dropped]
    for data in form.files.get(CHOSEN, ()):
        try:
            if len(keys) >= MAX_IMAGES:
                raise Invalid("eight images are enough for a message", code="many-images")
            keys.append(await _take_in(request, member, data))
        except Invalid as error:
            form.refuse(error, KEPT)
    told = all(form.line(f"alt-{key}") or form.pressed(f"mute-{key}") for key in keys)
    if not told and KEPT not in form.errors and not chooses_images(form):
        form.errors[KEPT] = N_("say in a few words what each image shows, for who cannot see it")
    values = {name: text for name, text in form.values.items() if not name.startswith(_PASSING)}
    return Form({**values, KEPT: " ".join(keys)}, form.errors)


async def _take_in(request: web.Request, member: Member, data: bytes) -> str:
    request.app[LIMITS].painting.take(str(member.account.id))
    painted = await request.app[GALLERY].take_in(data)
    async with request.app[NODE].db.unit() as unit:
        return keep_image(unit, await actor_of(unit, member), painted).key


# --- to the verbs, and back --------------------------------------------------------------


async def chosen_extras(
    unit: Unit, member: Member, form: Form, *, worn: Post | None = None
) -> Extras:
    """What goes with the text of a form; the hat is remembered for the next one.

    A post keeps the hat it wears although its author has it no more.  Raises `Invalid` for tags
    that are none.
    """
    line = form["hat"] if form.pressed("hat") else member.account.hat or ""
    if worn is not None and worn.hat and line == worn.hat:
        hat: Hat | None = Hat(worn.hat, link=worn.hat_link or "")
    else:
        hat = await put_on(unit, member.account.id, line)
    shots = [Shot(key, form.line(f"alt-{key}")) for key in kept_keys(form)]
    return Extras(hat, read_labels(form["tags"]), shots)


async def form_of(unit: Unit, post: Post) -> dict[str, str]:
    """The fields of a form that changes what goes with a post."""
    fields = {
        "hat": post.hat or "",
        "tags": ", ".join(given_labels(post)),
        "language": post.language or "",
    }
    shots = await shots_of(unit, post)
    fields[KEPT] = " ".join(shot.key for shot in shots)
    for shot in shots:
        fields |= {f"alt-{shot.key}": shot.text} if shot.text else {f"mute-{shot.key}": "on"}
    return fields
