"""What is told around the messages of a debate: who takes part, who keeps it, how long it is.

It is the same for all readers of a language, and is kept until the debate or a network changes.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from aiohttp_jinja2 import get_env

from actors.models import Actor
from fedi.core.errors import NotFound
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.addresses import mirror_uri, page_path, post_path
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.reading import PostRow, ThreadEdition, latest_posts
from fedi.debates.threads import carriers, participants
from fedi.web.kept import Kept
from fedi.web.keys import FRAGMENTS, LANGUAGE, NETWORKS
from fedi.web.listing import GroupLink, untitled
from fedi.web.networks import Label, Networks, actor_path
from fedi.web.shells import Piece, piece
from fedi.web.words import names_in_words, replies_in_words, thread_in_words

#: The whole length of the ribbon, and what separates two networks on it.
RIBBON, GAP = 1000, 3
#: About what one of these takes in memory, in bytes.
SIZE = 8000


@dataclass(frozen=True)
class Share:
    """One network's part of a debate, as a length of the ribbon."""

    label: Label
    posts: int
    start: float
    width: float


@dataclass(frozen=True)
class Keeper:
    """A node that keeps the debate."""

    name: str
    role: str
    copy: str | None  # where machines read it


@dataclass(frozen=True)
class Latest:
    """The newest message."""

    link: str
    published_at: datetime


@dataclass(frozen=True)
class Root:
    """The opening message, as the heading names it."""

    key: str
    uri: str
    language: str | None


@dataclass(frozen=True, eq=False)  # each reading of them is another one
class Surroundings:
    """What the heading and the margin of a debate tell."""

    language: Language
    now: datetime
    thread: Thread
    title: str
    home: str  # the page of the debate
    root: Root
    networks: Networks
    group_actor: Actor | None
    group: GroupLink | None
    replies: int
    heading: str
    summary: str
    shares: Sequence[Share]
    voices: Sequence[tuple[Label, str]]
    keepers: Sequence[Keeper]
    latest: Latest | None


def set_around(request: web.Request, macro: str, around: Surroundings, *more: object) -> Piece:
    """A piece of the page, as this macro of around.html makes it; made once for all readers."""
    kept: Kept[Piece] = request.app[FRAGMENTS]
    key = macro, around, more
    if (known := kept.get(key)) is not None:
        return known
    context = {"language": around.language, "now": around.now}
    macros: Any = get_env(request.app).get_template("around.html").make_module(context)
    made = piece(getattr(macros, macro)(around, *more).encode())
    return kept.keep(key, made, made.size)


async def read_surroundings(
    request: web.Request, unit: Unit, edition: ThreadEdition
) -> Surroundings:
    """What is around the messages of this edition of a thread, in the reader's language."""
    kept, language = request.app[FRAGMENTS], request[LANGUAGE]
    networks = await request.app[NETWORKS].read(unit)
    key = edition, networks, language.tag, language.local(unit.now).year
    known: Surroundings | None = kept.get(key)
    return known or kept.keep(key, await _read(unit, edition, networks, language), SIZE)


async def _read(
    unit: Unit, edition: ThreadEdition, networks: Networks, language: Language
) -> Surroundings:
    thread = await unit.find(Thread, id=edition.id)
    root = await unit.find(Post, id=edition.root_id)
    if thread is None or root is None:
        raise NotFound("there is no such debate here")
    keepers = _keepers(networks, thread, await carriers(unit, thread), language)
    latest = await latest_posts(unit, thread, limit=1)
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    replies = max(0, thread.post_count - 1)
    voices = _voices(networks, await participants(unit, thread))
    return Surroundings(
        language,
        unit.now,
        thread,
        thread.title or untitled(language),
        page_path(thread),
        Root(root.key, root.uri, root.language),
        networks,
        group_actor=group,
        group=GroupLink(group.name or group.handle, actor_path(group)) if group else None,
        replies=replies,
        heading=replies_in_words(replies, language),
        summary=thread_in_words(
            thread.opened_at,
            replies,
            networks=sum(label.path is not None for label in voices),
            elsewhere=any(label.path is None for label in voices),
            keepers=len(keepers),
            language=language,
        ),
        shares=_shares(voices, language),
        voices=[
            (label, names_in_words((name for name, _ in names), language))
            for label, names in voices.items()
        ],
        keepers=keepers,
        latest=_link(thread, latest[0]) if latest else None,
    )


def _link(thread: Thread, row: PostRow) -> Latest:
    return Latest(post_path(thread, row.key, depth=row.depth), row.published_at)


def _voices(
    networks: Networks, people: Sequence[tuple[Actor, int]]
) -> dict[Label, list[tuple[str, int]]]:
    """Who wrote, and how much, by where they write from; those who said most first."""
    voices: defaultdict[Label, list[tuple[str, int]]] = defaultdict(list)
    for actor, posts in people:
        voices[networks.label(actor.origin)].append((actor.name or actor.handle, posts))
    return dict(sorted(voices.items(), key=lambda item: -sum(posts for _, posts in item[1])))


def _shares(voices: dict[Label, list[tuple[str, int]]], language: Language) -> list[Share]:
    """Lengths of the ribbon; servers that are no network are one length, the last."""
    counts = {label: sum(posts for _, posts in names) for label, names in voices.items()}
    elsewhere = [label for label in counts if label.path is None]
    if len(elsewhere) > 1:
        rest = sum(counts.pop(label) for label in elsewhere)
        counts[Label(language.gettext("elsewhere"), "host", None)] = rest
    room = RIBBON - GAP * (len(counts) - 1)
    total, start, shares = sum(counts.values()), 0.0, []
    for label, posts in counts.items():
        width = room * posts / total
        shares.append(Share(label, posts, round(start, 1), round(width, 1)))
        start += width + GAP
    return shares


def _keepers(
    networks: Networks, thread: Thread, others: Sequence[Actor], language: Language
) -> list[Keeper]:
    """The node where it started, ours, and those to which it goes."""
    say = language.gettext
    us = networks.ours.actor.origin

    def copy(origin: str) -> str | None:
        return None if origin == thread.origin else mirror_uri(origin, thread.uri)

    keepers = {thread.origin: Keeper(networks.label(thread.origin).name, say("origin"), None)}
    keepers.setdefault(us, Keeper(networks.ours.name, say("copy, here"), copy(us)))
    for actor in others:
        keepers.setdefault(
            actor.origin, Keeper(networks.label(actor.origin).name, say("copy"), copy(actor.origin))
        )
    return list(keepers.values())
