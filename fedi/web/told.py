"""What was done to a debate, told at its place among the messages."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp_jinja2 import get_env

from fedi.core.unit import Unit
from fedi.debates.addresses import page_path
from fedi.debates.reading import Edition
from fedi.debates.reshaping.notices import read_notices
from fedi.web.keys import LANGUAGE
from fedi.web.posts import Scene


@dataclass(frozen=True)
class Told:
    """Notices as HTML, by the post below which they stand; None: below none."""

    notices: dict[int | None, bytes] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Those that stand below a post."""
        return iter((post, html) for post, html in self.notices.items() if post is not None)

    def apart(self, replies: Sequence[Edition], *, by_date: bool) -> list[bytes]:
        """Those whose place is not among these replies: they come before all."""
        there = set() if by_date else {edition.id for edition in replies}
        return [html for post, html in self.notices.items() if post not in there]


NOTHING_TOLD = Told()


async def read_told(request: web.Request, unit: Unit, scene: Scene) -> Told:
    """What was done to the debate of a scene."""
    notices = await read_notices(unit, scene.thread)
    if not notices:
        return NOTHING_TOLD
    template = get_env(request.app).get_template("notice.html")
    macros: Any = template.make_module({"language": request[LANGUAGE]})
    html: defaultdict[int | None, bytes] = defaultdict(bytes)
    for notice in notices:
        path = page_path(notice.other) if notice.other is not None else ""
        html[notice.post_id] += macros.notice(notice, path, scene.moderates).encode()
    return Told(dict(html))
