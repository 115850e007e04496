"""Quotations of a debate, shown with who said it and a way back to where it was said.

Any server may write one: a `blockquote` whose first or last paragraph is nothing but a link to a
message of the same debate (`fedi.debates.quotes`).  Whose words they are is told by the message
the link leads to, never by what the quotation says of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape

from markupsafe import escape
from sqlalchemy import or_, select

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path, read_key
from fedi.debates.models.post import Post
from fedi.debates.permissions import readable
from fedi.debates.reading import PostRow
from fedi.web.posts import Scene

#: What the sanitiser wrote: links have their address first, and no quotation in it holds another.
_LINK = r'<p>[-–—\s]*<a href="([^"]*)"[^>]*>[^<]*</a>(?: \([^<)]*\))?[\s:]*</p>'
_INNER = r"((?:(?!</?blockquote).)*?)"
_QUOTE = re.compile(
    rf"<blockquote>\s*(?:{_LINK}\s*{_INNER}|{_INNER}\s*{_LINK})\s*</blockquote>", re.DOTALL
)


@dataclass(frozen=True)
class Cited:
    """The message that a quotation leads back to."""

    link: str
    name: str
    day: str


async def show_quotes(unit: Unit, scene: Scene, rows: Sequence[PostRow]) -> list[PostRow]:
    """Messages with their quotations set; those without any cost nothing."""
    cited = await _find_cited(unit, scene, (row.content for row in rows))
    if not cited:
        return list(rows)
    return [replace(row, content=_set(row.content, cited)) for row in rows]


async def show_quotes_in(unit: Unit, scene: Scene, html: str) -> str:
    """The same of a text that is no message yet."""
    return _set(html, await _find_cited(unit, scene, [html]))


def _set(html: str, cited: Mapping[str, Cited]) -> str:
    def figure(found: re.Match[str]) -> str:
        one = cited.get(_address(found))
        words = (found[2] or found[3] or "").strip()
        if one is None or not words:
            return found[0]
        caption = f'<a href="{escape(one.link)}">{escape(one.name)}</a>, {escape(one.day)}'
        return (
            f'<figure class="cited"><figcaption>{caption}</figcaption>'
            f"<blockquote>{words}</blockquote></figure>"
        )

    return _QUOTE.sub(figure, html) if cited else html


def _address(found: re.Match[str]) -> str:
    return unescape(found[1] or found[4])


async def _find_cited(unit: Unit, scene: Scene, texts: Iterable[str]) -> dict[str, Cited]:
    """The messages of this debate that quotations lead to, by the addresses they give."""
    quoting = [text for text in texts if "<blockquote" in text]
    addresses = {_address(found) for text in quoting for found in _QUOTE.finditer(text)}
    if not addresses:
        return {}
    keys = {address: read_key(unit.site, address) for address in addresses}
    query = (
        select(Post.key, Post.uri, Post.url, Post.depth, Post.published_at, Actor)
        .join(Actor, Actor.id == Post.author_id)
        .where(
            Post.thread_id == scene.thread.id,
            or_(
                Post.uri.in_(addresses),
                Post.url.in_(addresses),
                Post.key.in_([key for key in keys.values() if key]),
            ),
            readable(),  # what is set is kept for all readers
        )
    )
    found: dict[str, Cited] = {}
    for key, uri, url, depth, published_at, author in await unit.session.execute(query):
        link = post_path(scene.thread, key, depth=depth)
        one = Cited(
            link.removeprefix(scene.home) or link,
            author.name or author.handle,
            scene.language.short_day(published_at, scene.now),
        )
        named = (name for name, pointed in keys.items() if pointed == key)
        found |= dict.fromkeys([*named, uri, *([url] if url else [])], one)
    return found
