"""People as pages show them, and what they wrote."""

import re
import zlib
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from actors.models import Actor
from fedi.core.i18n import space_french, space_french_html
from fedi.web.networks import Label, Networks, actor_path, name_path

#: How many hues avatars have, as the stylesheet names them: c1 … c9.
HUES = 9
#: An opening shorter than this gets no drop cap: three lines of text have to stand beside it.
LEDE = 200

_PORTRAIT = Markup('<img class="avatar" src="{}" alt="" width="44" height="44">')
_INITIALS = Markup('<span class="avatar {}" aria-hidden="true">{}</span>')
_HEADING = re.compile(r"<(/?)h[1-3]\b")
_LEDE = re.compile(r"<p>(?=[^\W\d_][^'’])")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Byline:
    """Who wrote something, and from where."""

    name: str
    path: str
    acct: str
    initials: str
    hue: str
    label: Label
    icon: str | None = None  # the path of a portrait, of members; nothing is loaded from peers


def byline(
    networks: Networks, *, uri: str, handle: str, name: str, origin: str, icon: str | None = None
) -> Byline:
    """Tell of an author what the line above their text says."""
    acct = f"{handle}@{origin.partition('://')[2]}"
    local = origin == networks.ours.actor.origin
    shown = name or handle
    return Byline(
        name=shown,
        path=name_path(handle if local else acct),
        acct=acct,
        initials=initials(shown),
        hue=hue(uri),
        label=networks.label(origin),
        icon=portrait(icon, origin) if local else None,
    )


def portrait(icon: str | None, origin: str) -> str | None:
    """The path of a portrait that this node serves."""
    return icon.removeprefix(origin) if icon and icon.startswith(f"{origin}/media/") else None


def byline_of(networks: Networks, actor: Actor) -> Byline:
    """The same, of an actor at hand."""
    return byline(
        networks,
        uri=actor.uri,
        handle=actor.handle,
        name=actor.name,
        origin=actor.origin,
        icon=actor.icon,
    )


@dataclass(frozen=True)
class Sketch:
    """Somebody in few strokes: for the frame, which does not ask the database."""

    name: str
    path: str
    portrait: Markup


def sketch(actor: Actor) -> Sketch:
    """Tell of a member in the frame of the pages they read."""
    name = actor.name or actor.handle
    if (icon := portrait(actor.icon, actor.origin)) is not None:
        drawn = _PORTRAIT.format(icon)
    else:
        drawn = _INITIALS.format(hue(actor.uri), initials(name))
    return Sketch(name, actor_path(actor), drawn)


def hue(uri: str) -> str:
    """The class that colours somebody's avatar, the same on every node."""
    return f"c{1 + zlib.crc32(uri.encode()) % HUES}"


@lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """At most two letters: of the first word and of the last one that starts with a letter."""
    letters = [match[0][0].upper() for match in _WORD.finditer(name)]
    if not letters:
        return "?"
    return letters[0] + (letters[-1] if len(letters) > 1 else "")


def typeset(text: str) -> Markup:
    """A line of plain text, set for a page."""
    return Markup(space_french(str(escape(text))))  # noqa: S704  escaped here


def prose(html: str) -> Markup:
    """A text that was cleaned when it came, set for a page.

    Its headings come below the author's name, which is an h3.
    """
    lowered = _HEADING.sub(r"<\1h4", html)
    return Markup(space_french_html(lowered))  # noqa: S704  cleaned by fedi.core.html


def opening(html: str) -> Markup:
    """The text that opens a debate; with a drop cap when it starts with a long enough paragraph."""
    text = prose(html)
    first = html.partition("</p>")[0]
    if _LEDE.match(html) and len(_TAG.sub("", first)) >= LEDE:
        return Markup(str(text).replace("<p>", '<p class="lede">', 1))  # noqa: S704  the same
    return text
