"""Messages as pieces of pages, and the tree of them: set once for all to whom they look the same.

What a piece says depends on the editions of its posts, on what its reader may do with them, and
on the page around it; all that is its key, so that nothing has to be dropped when a post changes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.models.post import Post
from fedi.debates.reading import Edition, PostRow, read_posts
from fedi.web.branches import Branch, grow
from fedi.web.keys import FRAGMENTS
from fedi.web.posts import Scene
from fedi.web.quotes import show_quotes
from fedi.web.shells import Piece, piece
from fedi.web.told import NOTHING_TOLD, Told


@dataclass(frozen=True, slots=True)
class Fragment:
    """One message, set for a page, and its place in the tree."""

    id: int
    html: bytes
    path: str
    published_at: datetime
    parent_id: int | None
    branch_link: str
    likes: int
    author: str  # empty when nothing is left of the message


@dataclass(frozen=True, slots=True)
class Tree:
    """The messages of a page as they look to whom nothing in it is their own."""

    drawn: Piece
    places: Mapping[int, int]  # of each message in the HTML, by its id


@dataclass(frozen=True, slots=True)
class News:
    """What is new to a reader among the messages of a page, and since which visit of theirs."""

    posts: frozenset[int]
    since: datetime | None


NO_NEWS = News(frozenset(), None)
#: What begins a message of the tree, with all that is below it.
ITEM = b"<li>\n"
#: A branch with more replies than this is folded, when it is not alone on its page.
HEAVY = 8
#: What begins and ends the replies that are folded, and how many names are told of who wrote them.
FOLD, FOLD_OPEN, FOLD_END = b'<details class="fold">', b'<details class="fold" open>', b"</details>"
NAMED = 3


class Fragments:
    """The messages of a debate for one reader; those set before come from memory."""

    def __init__(self, request: web.Request, scene: Scene, *, locked: bool) -> None:
        self._app, self._scene, self._locked = request.app, scene, locked
        self._kept = request.app[FRAGMENTS]
        self._setting = (
            scene.home,
            scene.is_long,
            scene.reader is not None,
            locked,
            scene.language.tag,
            scene.language.local(scene.now).year,
        )

    async def draw(
        self,
        unit: Unit,
        editions: Sequence[Edition],
        root: str,
        *,
        new: News = NO_NEWS,
        wanted: str | None = None,
        told: Told = NOTHING_TOLD,
    ) -> Piece:
        """The tree of these messages, which are all below the path `root`.

        One tree is kept for all readers; what is one reader's own, what they like or marked,
        and what is new to them, then takes its place in it.  Heavy branches are folded, but for
        those that hold something new, or the message at the path `wanted`.
        """
        scene = self._scene
        drawn = tuple(edition[:-1] for edition in editions)  # whoever likes them
        key = "tree", drawn, scene.networks, scene.moderates, self._setting
        (tree,) = self._kept.get_all([key])
        if tree is None:
            tree = await self._plant(unit, editions, root, key)
        reader = scene.reader.id if scene.reader is not None else None
        theirs = [
            edition
            for edition in editions
            if edition.is_liked or edition.author_id == reader or edition.id in scene.marked
        ]
        sought = [edition.id for edition in editions if edition.path == wanted]
        notices = {tree.places[post]: html for post, html in told if post in tree.places}
        if not (theirs or new.posts or sought or notices):
            return tree.drawn
        html, digest = list(tree.drawn.html), sha256(tree.drawn.digest)
        for fragment in await self.read(unit, theirs):
            if (place := tree.places.get(fragment.id)) is not None:
                html[place] = fragment.html
                digest.update(fragment.html)
        for place, notice in notices.items():
            html[place] += notice
            digest.update(notice)
        _unfold(html, [tree.places[post] for post in (*new.posts, *sought) if post in tree.places])
        self._point_out(html, tree, new)
        digest.update(repr((new, sought)).encode())
        return Piece(html, digest.digest())

    async def line_up(
        self, unit: Unit, editions: Sequence[Edition], root: int, *, new: News = NO_NEWS
    ) -> Piece:
        """These messages in their order; those that answer another than the opening say whom."""
        shown = await self.read(unit, editions)
        answered = await self._answered(unit, {one.parent_id for one in shown} - {root, None})
        html: list[bytes] = []
        places: dict[int, int] = {}
        for fragment in shown:
            html.append(ITEM)
            if known := answered.get(fragment.parent_id):
                html.append(self._joint("answers", *known))
            places[fragment.id] = len(html)
            html += [fragment.html, b"\n</li>\n"]
        self._point_out(html, Tree(piece(), places), new)
        return piece(*html)

    async def _answered(
        self, unit: Unit, ids: Collection[int | None]
    ) -> dict[int | None, tuple[str, str]]:
        """Where messages are read that others answer, and who wrote them."""
        query = (
            select(Post.id, Post.key, Actor.name, Actor.handle)
            .join(Actor, Actor.id == Post.author_id)
            .where(Post.id.in_(ids))
        )
        return {
            post: (post_path(self._scene.thread, key, lasting=True), name or handle)
            for post, key, name, handle in await unit.session.execute(query)
        }

    def _point_out(self, html: list[bytes], tree: Tree, new: News) -> None:
        """Mark what is new, and tell before the first of it since when."""
        places = sorted(tree.places[post] for post in new.posts if post in tree.places)
        if not places:
            return
        mark = self._joint("fresh")
        for place in places:
            html[place] = mark + html[place]
        item = places[0]
        while html[item] != ITEM:  # there may be a way back to what it answers in between
            item -= 1
        html[item] = self._joint("since", new.since) + ITEM

    async def _plant(
        self, unit: Unit, editions: Sequence[Edition], root: str, key: tuple[object, ...]
    ) -> Tree:
        """Make the tree that is for all, and keep it."""
        others = replace(self._scene, reader=None, marked=frozenset())
        plain = [edition._replace(is_liked=False) for edition in editions]
        shown = await self.read(unit, plain, scene=others)
        branches = grow(shown, root=root)
        await self._lead_back(unit, branches)
        laid = list(self._lay_out(branches))
        html = [part.html if isinstance(part, Fragment) else part for part in laid]
        places = {part.id: place for place, part in enumerate(laid) if isinstance(part, Fragment)}
        tree = Tree(piece(*html), places)
        if _match(shown, editions):
            self._kept.keep(key, tree, tree.drawn.size)
        return tree

    async def read(
        self,
        unit: Unit,
        editions: Sequence[Edition],
        *,
        as_: str = "message",
        scene: Scene | None = None,
    ) -> list[Fragment]:
        """These messages, in their order, set as the macro of that name does."""
        scene = scene or self._scene
        keys = [self._key(edition, as_, scene) for edition in editions]
        found = self._kept.get_all(keys)
        missing = {
            edition.id: place for place, edition in enumerate(editions) if found[place] is None
        }
        rows = await read_posts(unit, missing, viewer=self._scene.reader)
        for row in await show_quotes(unit, scene, rows):
            place = missing[row.id]
            edition = editions[place]
            told = replace(row, is_liked=edition.is_liked)
            found[place] = fragment = self._set(told, as_, scene)
            if _match([fragment], [edition]):
                self._kept.keep(keys[place], fragment, len(fragment.html))
        return [fragment for fragment in found if fragment is not None]

    def _key(self, edition: Edition, as_: str, scene: Scene) -> tuple[object, ...]:
        label = scene.networks.label(edition.author_origin)
        own = scene.rights(edition.author_id), edition.id in scene.marked
        return as_, edition, label, own, self._setting

    def _set(self, row: PostRow, as_: str, scene: Scene) -> Fragment:
        post = scene.show(row, here=True)
        html = getattr(self._macros, "stub" if post.stub else as_)(post)
        return Fragment(
            row.id,
            html.strip().encode(),
            row.path,
            row.published_at,
            row.parent_id,
            post.branch_link,
            row.like_count,
            "" if post.stub else post.by.name,
        )

    @cached_property
    def _macros(self) -> Any:
        """Those of post.html.  They are not told who reads, for others will be shown the same."""
        scene = self._scene
        template = aiohttp_jinja2.get_env(self._app).get_template("post.html")
        return template.make_module(
            {
                "language": scene.language,
                "count": scene.language.count,
                "now": scene.now,
                "member": scene.reader is not None,
                "locked": self._locked,
            }
        )

    # --- the tree ------------------------------------------------------------------------

    async def _lead_back(self, unit: Unit, branches: Iterable[Branch[Fragment]]) -> None:
        """Tell the branches that go on from an earlier page where that is read."""
        continued = [branch for branch in branches if branch.continued]
        if not continued:
            return
        answered = [branch.post.parent_id for branch in continued]
        query = select(Post.id, Post.key).where(Post.id.in_(answered))
        keys: dict[int | None, str] = dict((await unit.session.execute(query)).all())
        for branch in continued:
            if key := keys.get(branch.post.parent_id):
                branch.above = post_path(self._scene.thread, key, lasting=True)

    def _lay_out(self, branches: Sequence[Branch[Fragment]]) -> Iterator[bytes | Fragment]:
        """The items of a list of branches; here, because a template would take longer to join
        the messages than they are kept to save."""
        alone = len(branches) == 1
        for branch in branches:
            if branch.silence:
                yield self._joint("gap", branch.silence)
            yield ITEM
            if branch.above:
                yield self._joint("above", branch.above)
            yield branch.post
            below = list(branch.below()) if branch.level == 1 and not alone else ()
            if len(below) > HEAVY:
                yield b'\n<ol class="replies"><li>'
                yield FOLD
                yield self._joint("fold", *_summary(below))
                yield from self._nest(branch.replies)
                yield FOLD_END
                yield b"</li></ol>"
            elif branch.replies:
                yield from self._nest(branch.replies)
            if branch.hidden:
                yield self._joint("rest", branch.post.branch_link, branch.hidden)
            yield b"\n</li>\n"

    def _nest(self, replies: Sequence[Branch[Fragment]]) -> Iterator[bytes | Fragment]:
        yield b'\n<ol class="replies">'
        yield from self._lay_out(replies)
        yield b"</ol>"

    def _joint(self, macro: str, *about: object) -> bytes:
        """What stands between two messages."""
        html: str = getattr(self._macros, macro)(*about)
        return html.encode()


def _unfold(html: list[bytes], places: Iterable[int]) -> None:
    """Open the folded branches that hold these places."""
    for place in places:
        above = place
        while above and html[above] not in (FOLD, FOLD_OPEN, FOLD_END):
            above -= 1
        if html[above] == FOLD:
            html[above] = FOLD_OPEN


def _summary(posts: Sequence[Fragment]) -> tuple[int, datetime, datetime, list[str], int]:
    """How many messages there are, from when to when, a few of who wrote them, how many others."""
    moments = sorted(post.published_at for post in posts)
    names = list(dict.fromkeys(post.author for post in posts if post.author))
    return len(posts), moments[0], moments[-1], names[:NAMED], len(names[NAMED:])


def _match(shown: Iterable[Fragment], editions: Iterable[Edition]) -> bool:
    """Whether these messages are these editions: likes come and go between two statements."""
    return [(one.id, one.likes) for one in shown] == [(one.id, one.like_count) for one in editions]
