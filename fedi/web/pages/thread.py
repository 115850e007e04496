"""A debate: its opening, its replies as a tree, who takes part, who keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NoReturn

from aiohttp import web
from sqlalchemy import ColumnElement, select

from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.core.unit import Unit
from fedi.debates.addresses import KEY, LEVELS, PAGE, page_path, post_path
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import may_reply
from fedi.debates.reading import Edition, Since, ThreadEdition, read_editions
from fedi.debates.reshaping.lock import find_closing
from fedi.debates.threads import find_thread
from fedi.debates.tree import WIDTH, below_path, depth_of
from fedi.web.absence import read_notice
from fedi.web.composing import read_composer, set_extras
from fedi.web.fragments import Fragments, News
from fedi.web.keys import LANGUAGE, MEMBER
from fedi.web.opened import OPENED
from fedi.web.own import read_own, set_own
from fedi.web.posts import Scene, set_scene
from fedi.web.render import FEED, render_filled
from fedi.web.sessions import HANDLE_COOKIE
from fedi.web.shells import Piece, piece
from fedi.web.surroundings import read_surroundings, set_around
from fedi.web.told import Told, read_told

#: How a debate is asked for in the order in which it was written, and where that begins.
BY_DATE = "dates"
BEGINNING = Since(datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True)
class Place:
    """Where a post is in the tree."""

    key: str
    uri: str
    path: str


@dataclass(frozen=True)
class Passage:
    """Which part of a debate somebody asks for; without anything, its beginning."""

    after: str | None = None  # the path of the last post before it
    branch: Place | None = None  # that post, and what is below it
    wanted: Place | None = None  # what they look for
    since: Since | None = None  # in the order in which it was written, from there

    @property
    def is_start(self) -> bool:
        """Whether it is where the debate begins."""
        return self.after is None and self.branch is None and self.since in (None, BEGINNING)


@dataclass(frozen=True)
class Excerpt:
    """Which editions of which posts of a debate are on a page; `there_is_more` after it."""

    thread: ThreadEdition
    opening: Edition
    replies: Sequence[Edition]
    there_is_more: bool

    def shown(self, *, opening: bool) -> list[Edition]:
        """What is on the page, with the opening or without."""
        return [self.opening, *self.replies] if opening else list(self.replies)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /d/KEY/title?after=PATH — or ?post=KEY to find one, ?branch=KEY for what is below one,
    ?view=dates&on=DAY for the order in which it was written
    """
    async with request.app[NODE].db.reading() as unit:
        passage = await _read_passage(request, unit)
        excerpt = await _read_excerpt(request, unit, passage)
        around = await read_surroundings(request, unit, excerpt.thread)
        thread = around.thread
        if request.path != around.home:
            raise _redirect(request, around.home)
        if around.group_actor is not None:
            unit.meet(around.group_actor)
        scene = await set_scene(request, unit, thread)
        locked = await _is_locked(unit, scene)
        closing = await find_closing(unit, scene.thread)
        posts = excerpt.shown(opening=passage.is_start)
        own = await read_own(request, unit, thread, posts, place=around.root.key)
        scene = replace(scene, marked=own.marked)
        fragments = Fragments(request, scene, locked=locked)
        told = await read_told(request, unit, scene)
        tree = await _draw(unit, fragments, passage, excerpt, new=own.news, told=told)
        opening = await fragments.read(unit, [excerpt.opening], as_="opening")
        extras = await _extras(request, unit, around.root.key)
        notice = await read_notice(unit, scene.thread, request[LANGUAGE])
    request.app[OPENED].note(thread.id)
    at_start = passage.is_start
    label = scene.networks.label(excerpt.opening.author_origin)
    return render_filled(
        request,
        "thread.html",
        document=passage.wanted.uri if passage.wanted else around.root.uri,
        words={"handle": request.cookies.get(HANDLE_COOKIE, ""), "draft": own.draft},
        pieces={
            "heading": set_around(request, "heading", around, label),
            "opening": piece(*(fragment.html for fragment in opening)),
            "tree": tree,
            "notices": piece(*told.apart(excerpt.replies, by_date=passage.since is not None)),
            "extras": extras,
            "where": set_around(request, "where", around, at_start, locked),
            "beside": set_around(request, "beside", around),
            **set_own(request, own, around),
        },
        around=around,
        feed=f"/c/{thread.key}{FEED}" if scene.is_ours else FEED,
        has_replies=bool(tree.html),
        at_start=at_start,
        is_gone=excerpt.opening.is_withheld,
        by_date=passage.since is not None,
        earlier=None if at_start else around.home + f"?view={BY_DATE}" * bool(passage.since),
        later=_later(around.home, passage, excerpt),
        locked=locked,
        notice=notice,
        closing=closing,
        moderates=scene.moderates,
    )


async def _draw(
    unit: Unit, fragments: Fragments, passage: Passage, excerpt: Excerpt, *, new: News, told: Told
) -> Piece:
    """The replies of a page: in the order in which they were written, or as a tree."""
    opening = excerpt.opening
    if passage.since:
        return await fragments.line_up(unit, excerpt.replies, opening.id, new=new)
    wanted = passage.wanted.path if passage.wanted else None
    return await fragments.draw(
        unit, excerpt.replies, opening.path, new=new, wanted=wanted, told=told
    )


async def _extras(request: web.Request, unit: Unit, key: str) -> Piece:
    """What a member may send with a reply: theirs to choose from, so it is no part of the page."""
    member = request[MEMBER]
    if member is None:
        return piece()
    composer = await read_composer(request, unit, member)
    return set_extras(request, composer, f"/posts/{key}/reply")


async def find(request: web.Request) -> web.StreamResponse:
    """GET /c/KEY and /o/KEY, for people: to the page of the debate, at the message."""
    key = request.match_info["key"]
    async with request.app[NODE].db.reading() as unit:
        thread = await find_thread(unit, key)
        if thread is None:
            raise NotFound("there is no such debate here")
    raise web.HTTPSeeOther(post_path(thread, key, lasting=True))


def _redirect(request: web.Request, home: str) -> web.HTTPFound:
    """To the page of a debate under its title; not for ever: that may change, and change back."""
    return web.HTTPFound(request.rel_url.with_path(home, keep_query=True))


async def _is_locked(unit: Unit, scene: Scene) -> bool:
    if scene.reader is None:
        return scene.thread.locked_at is not None
    return not await may_reply(unit, scene.thread, scene.reader)


# --- which posts -------------------------------------------------------------------------


async def _read_passage(request: web.Request, unit: Unit) -> Passage:
    """What the query asks for; keys that are of no post of this debate lead to the beginning."""
    query, key = request.query, request.match_info["key"]
    after = query.get("after") or None
    if query.get("view") == BY_DATE:
        return Passage(since=await _read_since(request, unit, after))
    if not ("post" in query or "branch" in query):
        return Passage(after)
    thread = await find_thread(unit, key)
    if thread is None:
        raise NotFound("there is no such debate here")
    wanted = await _find_place(unit, thread, query.get("post"))
    if wanted is None:
        await _follow_post(unit, thread, query.get("post"))
        return Passage(after, await _find_place(unit, thread, query.get("branch")))
    branch = await _branch_around(unit, thread, wanted.path)
    return Passage(await _page_with(unit, thread, wanted.path, branch), branch, wanted)


async def _read_since(request: web.Request, unit: Unit, after: str | None) -> Since:
    """From the day that is asked for, or from the post at the path `after`."""
    try:
        return Since(request[LANGUAGE].midnight(date.fromisoformat(request.query.get("on", ""))))
    except (ValueError, OverflowError):  # no day, or not one of ours
        pass
    if after is None:
        return BEGINNING
    query = (
        select(Post.published_at, Post.id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.key == request.match_info["key"], Post.path == after)
    )
    row = (await unit.session.execute(query)).one_or_none()
    return BEGINNING if row is None else Since(*row)


async def _read_excerpt(request: web.Request, unit: Unit, passage: Passage) -> Excerpt:
    """The page of a passage; of the beginning, it costs one statement."""
    key, member = request.match_info["key"], request[MEMBER]
    viewer = member.actor if member is not None else None
    at_once = passage.is_start and passage.since is None
    start = await read_editions(unit, key, limit=1 + (PAGE + 1) * at_once, viewer=viewer)
    if start is None:
        await _send_on(request, unit)
    thread, (opening, *replies) = start
    if not at_once:
        page = await read_editions(
            unit,
            key,
            after=passage.after,
            limit=PAGE + 1,
            viewer=viewer,
            branch=passage.branch.path if passage.branch else None,
            since=passage.since,
        )
        replies = page[1] if page is not None else []
    return Excerpt(thread, opening, replies[:PAGE], len(replies) > PAGE)


async def _send_on(request: web.Request, unit: Unit) -> NoReturn:
    """The key is of no debate that has anything to read, but may be of a post in one."""
    key = request.match_info["key"]
    thread = await find_thread(unit, key)
    if thread is None or thread.key == key:
        raise NotFound("there is no such debate here")
    raise _redirect(request, page_path(thread))


def _later(home: str, passage: Passage, excerpt: Excerpt) -> str | None:
    """The page after this one."""
    if not excerpt.there_is_more:
        return None
    base = f"{home}?branch={passage.branch.key}&" if passage.branch else f"{home}?"
    base += f"view={BY_DATE}&" if passage.since else ""
    return f"{base}after={excerpt.replies[-1].path}"


async def _find_place(unit: Unit, thread: Thread, key: str | None) -> Place | None:
    """The place of a post of this debate; a key that is none of it leads to the beginning."""
    return await _place(unit, thread, Post.key == key) if key else None


async def _follow_post(unit: Unit, thread: Thread, key: str | None) -> None:
    """Lead to a post that has gone to another debate, from an address in this one."""
    other = await find_thread(unit, key) if key and KEY.fullmatch(key) else None
    if other is not None and other.id != thread.id and key is not None:
        raise web.HTTPFound(post_path(other, key, lasting=True))


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
