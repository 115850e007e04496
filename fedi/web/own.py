"""What on the page of a debate is for one reader alone: what is new, followed, begun.

All of it comes with one statement; it is put into the page that is kept for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web
from aiohttp_jinja2 import get_env

from fedi.core.unit import Unit
from fedi.debates.models.thread import Thread
from fedi.debates.reading import Edition
from fedi.debates.readings import read_standing
from fedi.web.fragments import NO_NEWS, News
from fedi.web.kept import Kept
from fedi.web.keys import FRAGMENTS, LANGUAGE, MEMBER
from fedi.web.seen import SEEN, reader_here
from fedi.web.shells import Piece, piece
from fedi.web.surroundings import Surroundings

NOTHING = piece(b"")


@dataclass(frozen=True)
class Own:
    """What a reader has on a page of a debate; of visitors there is nothing."""

    marked: frozenset[int] = frozenset()
    news: News = NO_NEWS
    elsewhere: int = 0  # new posts on other pages
    is_followed: bool = False
    is_muted: bool = False
    draft: str = ""


async def read_own(
    request: web.Request, unit: Unit, thread: Thread, posts: Sequence[Edition], *, place: str
) -> Own:
    """What is the reader's own among these posts, which they are about to be shown.

    `place` is where the page lets them write.
    """
    reader = reader_here(request)
    if reader is None:
        return Own()
    seen = request.app[SEEN]
    keys = [post.id for post in posts]
    shown = seen.of(reader).get(thread.id, ())
    standing = await read_standing(unit, reader, thread.id, keys, place=place, shown=shown)
    unknown = [post for post in posts if not standing.is_known(post.id, post.author_id)]
    new = frozenset(post.id for post in unknown if post.deleted_at is None)
    if request.method == hdrs.METH_GET and "Sec-Purpose" not in request.headers:
        seen.note(reader, thread.id, new)
    # At a first reading all is new, and nothing has to be told apart.
    told = new if len(unknown) < len(posts) and not standing.is_muted else frozenset()
    return Own(
        standing.bookmarks,
        News(told, standing.read_at),
        standing.news - len(new) if told else 0,
        standing.is_followed,
        standing.is_muted,
        standing.draft.get("text", ""),
    )


def set_own(request: web.Request, own: Own, around: Surroundings) -> Mapping[str, Piece]:
    """The pieces of the page that are the reader's own."""
    if request[MEMBER] is None:
        return dict.fromkeys(("news", "attention", "begun"), NOTHING)
    key, here = around.thread.key, len(own.news.posts)
    state = own.is_followed, own.is_muted
    return {
        "news": _set(request, "news", key, here, own.elsewhere),
        "attention": _set(request, "attention", key, *state),
        "begun": _set(request, "begun", around.root.key) if own.draft else NOTHING,
    }


def _set(request: web.Request, macro: str, *about: Any) -> Piece:
    """A piece as this macro of own.html makes it; made once for all to whom it says the same."""
    kept: Kept[Piece] = request.app[FRAGMENTS]
    language = request[LANGUAGE]
    key = "own", macro, language.tag, about
    if (known := kept.get(key)) is not None:
        return known
    context = {"language": language, "count": language.count}
    macros: Any = get_env(request.app).get_template("own.html").make_module(context)
    made = piece(getattr(macros, macro)(*about).strip().encode())
    return kept.keep(key, made, made.size)
