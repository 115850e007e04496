"""What a message said before: its versions, and what changed from one to the next."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from fedi.core.appkeys import NODE
from fedi.core.differences import Passage
from fedi.core.errors import Gone
from fedi.debates.history import Version, read_versions
from fedi.web.posts import find_shown
from fedi.web.render import render

#: A longer passage that stayed is told by its beginning and its end, of so many characters.
LONG, END = 400, 150
ELLIPSIS = " […] "


@dataclass(frozen=True)
class Edition:
    """One version, and how it differs from the one before; of the first, its whole text."""

    number: int
    written_at: datetime
    passages: Sequence[Passage]
    is_first: bool
    is_same: bool  # what it carries changed, not its words


async def show(request: web.Request) -> web.StreamResponse:
    """GET /posts/KEY/history"""
    async with request.app[NODE].db.reading() as unit:
        post, scene, shown = await find_shown(request, unit, key=request.match_info["key"])
        if shown.stub:
            raise Gone("this message is withheld")
        versions = await read_versions(unit, post)
    editions = await asyncio.to_thread(lambda: [_compare(version) for version in versions])
    return render(
        request,
        "history.html",
        thread=scene.thread,
        path=shown.link,
        post=shown,
        editions=editions,
    )


def _compare(version: Version) -> Edition:
    is_first = version.before is None
    changes = [Passage("same", version.text)] if is_first else version.changes()
    is_same = not is_first and all(passage.change == "same" for passage in changes)
    passages = changes if is_first else list(_shorten(changes))
    return Edition(version.number, version.written_at, passages, is_first, is_same)


def _shorten(passages: Sequence[Passage]) -> Iterator[Passage]:
    """What stayed, only around what changed."""
    for place, (change, text) in enumerate(passages):
        if change != "same" or len(text) <= LONG:
            yield Passage(change, text)
            continue
        start = text[:END].rpartition(" ")[0] if place else ""
        end = text[-END:].partition(" ")[2] if place < len(passages) - 1 else ""
        yield Passage("same", f"{start}{ELLIPSIS}{end}")
