"""Messages as pieces of pages: rendered once for all to whom they look the same.

What a piece says depends on the edition of its post, on what its reader may do with it, and on
the page around it; all that is its key, so that nothing has to be dropped when a post changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import aiohttp_jinja2
from aiohttp import web

from fedi.core.unit import Unit
from fedi.debates.reading import Edition, PostRow, read_posts
from fedi.web.branches import Branch
from fedi.web.keys import FRAGMENTS
from fedi.web.posts import Scene


@dataclass(frozen=True, slots=True)
class Fragment:
    """One message, set for a page, and its place in the tree."""

    html: bytes
    path: str
    published_at: datetime
    parent_id: int | None
    branch_link: str


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

    async def read(
        self, unit: Unit, editions: Sequence[Edition], *, as_: str = "message"
    ) -> list[Fragment]:
        """These messages, in their order, set as the macro of that name does."""
        keys = [self._key(edition, as_) for edition in editions]
        found = self._kept.get_all(keys)
        missing = {
            edition.id: place for place, edition in enumerate(editions) if found[place] is None
        }
        for row in await read_posts(unit, missing, viewer=self._scene.reader):
            place = missing[row.id]
            found[place] = fragment = self._set(row, as_)
            # What comes and goes may have changed between the two statements.
            edition = editions[place]
            if (row.like_count, row.is_liked) == (edition.like_count, edition.is_liked):
                self._kept.keep(keys[place], fragment, len(fragment.html))
        return [fragment for fragment in found if fragment is not None]

    def _key(self, edition: Edition, as_: str) -> tuple[object, ...]:
        label = self._scene.networks.label(edition.author_origin)
        return as_, edition, label, self._scene.rights(edition.author_id), self._setting

    def _set(self, row: PostRow, as_: str) -> Fragment:
        post = self._scene.show(row)
        html = getattr(self._macros, "stub" if post.stub else as_)(post)
        return Fragment(
            html.strip().encode(), row.path, row.published_at, row.parent_id, post.branch_link
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

    def lay_out(self, branches: Iterable[Branch[Fragment]]) -> list[bytes]:
        """The items of a list of branches; here, because a template would take longer to join
        the messages than they are kept to save."""
        pieces: list[bytes] = []
        for branch in branches:
            if branch.silence:
                pieces.append(self._joint("gap", branch.silence))
            pieces.append(b"<li>\n")
            if branch.above:
                pieces.append(self._joint("above", branch.above))
            pieces.append(branch.post.html)
            if branch.replies:
                pieces += b'\n<ol class="replies">', *self.lay_out(branch.replies), b"</ol>"
            if branch.hidden:
                pieces.append(self._joint("rest", branch.post.branch_link, branch.hidden))
            pieces.append(b"\n</li>\n")
        return pieces

    def _joint(self, macro: str, *about: object) -> bytes:
        """What stands between two messages."""
        key = macro, about, self._scene.language.tag
        html: bytes | None = self._kept.get(key)
        if html is None:
            html = getattr(self._macros, macro)(*about).encode()
            self._kept.keep(key, html, len(html))
        return html
