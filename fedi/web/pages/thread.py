"""A debate: its opening, its replies as a tree, who takes part, who keeps it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy import ColumnElement, select

from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.addresses import LEVELS, PAGE, post_path
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import may_reply
from fedi.debates.reading import PostRow, latest_posts, read_page, read_post
from fedi.debates.threads import carriers, find_thread, participants
from fedi.debates.tree import WIDTH, below_path, depth_of
from fedi.web.branches import Branch, grow
from fedi.web.listing import GroupLink, untitled
from fedi.web.networks import Label, Networks, actor_path
from fedi.web.posts import Scene, Shown, set_scene
from fedi.web.render import FEED, render
from fedi.web.sessions import HANDLE_COOKIE
from fedi.web.words import names_in_words, replies_in_words, thread_in_words

#: The whole length of the ribbon, and what separates two networks on it.
RIBBON, GAP = 1000, 3


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


@dataclass(frozen=True)
class Place:
    """Where a post is in the tree."""

    key: str
    uri: str
    path: str


@dataclass(frozen=True)
class Excerpt:
    """Which posts of a debate are on this page."""

    rows: Sequence[PostRow]
    document: str  # the id of the post that was looked for, or of the opening
    at_start: bool
    earlier: str | None  # the page before
    later: str | None  # the page after


async def show(request: web.Request) -> web.StreamResponse:
    """GET /d/KEY/title?after=PATH — or ?post=KEY to find one, ?branch=KEY for what is below one"""
    async with request.app[NODE].db.reading() as unit:
        thread = await find_thread(unit, request.match_info["key"])
        root = await unit.find(Post, id=thread.root_id) if thread is not None else None
        if thread is None or root is None:
            raise NotFound("there is no such debate here")
        scene = await set_scene(request, unit, thread)
        opening = await read_post(unit, root, viewer=scene.reader)
        if opening is None:
            raise NotFound("there is no such debate here")
        if request.path != scene.home:  # not for ever: a title may change, and change back
            raise web.HTTPFound(request.rel_url.with_path(scene.home, keep_query=True))
        excerpt = await _read_excerpt(request, unit, scene, opening)
        context = await _read_around(unit, scene)
        locked = await _is_locked(unit, scene)
        branches = await _draw(unit, scene, excerpt.rows, opening)
    return render(
        request,
        "thread.html",
        document=excerpt.document,
        thread=thread,
        title=thread.title or untitled(scene.language),
        path=scene.home,
        feed=f"/c/{thread.key}{FEED}" if scene.is_ours else FEED,
        root=scene.show(opening),
        branches=branches,
        at_start=excerpt.at_start,
        earlier=excerpt.earlier,
        later=excerpt.later,
        locked=locked,
        handle=request.cookies.get(HANDLE_COOKIE, ""),
        **context,
    )


async def find(request: web.Request) -> web.StreamResponse:
    """GET /c/KEY and /o/KEY, for people: to the page of the debate, at the message."""
    key = request.match_info["key"]
    async with request.app[NODE].db.reading() as unit:
        thread = await find_thread(unit, key)
        if thread is None:
            raise NotFound("there is no such debate here")
    raise web.HTTPSeeOther(post_path(thread, key, lasting=True))


async def _is_locked(unit: Unit, scene: Scene) -> bool:
    if scene.reader is None:
        return scene.thread.locked_at is not None
    return not await may_reply(unit, scene.thread, scene.reader)


# --- which posts -------------------------------------------------------------------------


async def _read_excerpt(
    request: web.Request, unit: Unit, scene: Scene, opening: PostRow
) -> Excerpt:
    thread, query = scene.thread, request.query
    after = query.get("after") or None
    branch = await _find_place(unit, thread, query.get("branch"))
    if (wanted := await _find_place(unit, thread, query.get("post"))) is not None:
        branch = await _branch_around(unit, thread, wanted.path)
        after = await _page_with(unit, thread, wanted.path, branch)
    rows = await read_page(
        unit,
        thread,
        after=after or (None if branch else opening.path),
        limit=PAGE + 1,
        viewer=scene.reader,
        branch=branch.path if branch else None,
    )
    base = f"{scene.home}?branch={branch.key}&" if branch else f"{scene.home}?"
    return Excerpt(
        rows[:PAGE],
        document=wanted.uri if wanted else opening.uri,
        at_start=after is None and branch is None,
        earlier=scene.home if after or branch else None,
        later=f"{base}after={rows[PAGE - 1].path}" if len(rows) > PAGE else None,
    )


async def _find_place(unit: Unit, thread: Thread, key: str | None) -> Place | None:
    """The place of a post of this debate; a key that is none of it leads to the beginning."""
    return await _place(unit, thread, Post.key == key) if key else None


async def _branch_around(unit: Unit, thread: Thread, path: str) -> Place | None:
    """The branch that has to be drawn alone to show the post at `path`, which is deep in it.

    One of those whose rest is on a page of its own when one reads down from the opening.
    """
    below, step = depth_of(path) - LEVELS, LEVELS - 1
    if below <= 0:
        return None
    levels = LEVELS + (below - 1) // step * step
    return await _place(unit, thread, Post.path == path[: (levels + 1) * WIDTH])


async def _place(unit: Unit, thread: Thread, condition: ColumnElement[bool]) -> Place | None:
    query = select(Post.key, Post.uri, Post.path).where(Post.thread_id == thread.id, condition)
    row = (await unit.session.execute(query)).one_or_none()
    return None if row is None else Place(*row)


async def _page_with(unit: Unit, thread: Thread, path: str, branch: Place | None) -> str | None:
    """Where a page has to begin to show the post at `path`, with some of what is before it."""
    before = select(Post.path).where(Post.thread_id == thread.id, Post.path < path)
    if branch:
        before = before.where(below_path(branch.path))
    before = before.order_by(Post.path.desc())
    if await unit.session.scalar(before.offset(PAGE).limit(1)) is None:
        return None
    return await unit.session.scalar(before.offset(PAGE // 4).limit(1))


async def _draw(
    unit: Unit, scene: Scene, rows: Sequence[PostRow], opening: PostRow
) -> list[Branch[Shown]]:
    branches = grow(map(scene.show, rows), root=opening.path)
    answered = [node.post.row.parent_id for node in branches if node.continued]
    query = select(Post.id, Post.key).where(Post.id.in_(answered))
    keys = dict((await unit.session.execute(query)).all()) if answered else {}
    for node in branches:
        if node.continued and node.post.row.parent_id in keys:
            key = keys[node.post.row.parent_id]
            node.above = post_path(scene.thread, key, lasting=True)
    return branches


# --- what is around ----------------------------------------------------------------------


async def _read_around(unit: Unit, scene: Scene) -> dict[str, Any]:
    """What the heading and the margin tell."""
    thread, language, networks = scene.thread, scene.language, scene.networks
    people = await participants(unit, thread)
    keepers = _keepers(networks, thread, await carriers(unit, thread), language)
    latest = await latest_posts(unit, thread, limit=1)
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    replies = max(0, thread.post_count - 1)
    voices = _voices(networks, people)
    return {
        "group": group and GroupLink(group.name or group.handle, actor_path(group)),
        "replies": replies,
        "heading": replies_in_words(replies, language),
        "summary": thread_in_words(
            thread.opened_at,
            replies,
            networks=sum(label.path is not None for label in voices),
            elsewhere=any(label.path is None for label in voices),
            keepers=len(keepers),
            language=language,
        ),
        "shares": _shares(voices, language),
        "voices": [
            (label, names_in_words((name for name, _ in names), language))
            for label, names in voices.items()
        ],
        "keepers": keepers,
        "latest": scene.show(latest[0]) if latest else None,
    }


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
    keepers = {thread.origin: Keeper(networks.label(thread.origin).name, say("origin"))}
    keepers.setdefault(us, Keeper(networks.ours.name, say("copy, here")))
    for actor in others:
        keepers.setdefault(actor.origin, Keeper(networks.label(actor.origin).name, say("copy")))
    return list(keepers.values())
