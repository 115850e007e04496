"""What members type: rendered, checked, made into the start of a post."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from actors.models import Actor
from fedi.core.errors import Invalid, Malformed
from fedi.core.html import clean, plain
from fedi.core.tables import new_id
from fedi.core.text import render_markdown, strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import Site, new_key
from fedi.debates.carried import tag_address
from fedi.debates.models.post import Post, Visibility
from fedi.debates.note import MAX_MENTIONS, MAX_QUESTION, MAX_TITLE

#: A longer text is an Article, of which microblogs show the beginning.
NOTE_LENGTH = 1200

_RICH = re.compile(r"<(?:h[1-6]|table|img)\b")


@dataclass(frozen=True, slots=True)
class Written:
    """What a member typed, rendered."""

    content: str  # clean HTML
    source: str | None  # Markdown, when that is what was typed


async def render(
    text: str, html: str | None, mentions: Sequence[Actor], site: Site | None = None
) -> Written:
    """Render what a member typed: Markdown, or HTML with perhaps its Markdown source.

    Names in Markdown become links, and tags too, to their pages of `site`.
    Raises `Invalid` when nothing remains of it or it is too long.
    """
    names: dict[tuple[str, str | None], str] = {}
    for actor in mentions:
        names[actor.handle, actor.domain] = actor.url or actor.uri
        if actor.is_local:
            names[actor.handle, None] = actor.url or actor.uri
    try:
        if html is not None:
            content = await asyncio.to_thread(clean, html)
        else:
            tags_at = tag_address(site, "") if site is not None else ""
            content = await asyncio.to_thread(render_markdown, text, names, tags_at=tags_at)
    except Malformed as error:
        raise Invalid("the text is too long", code="too-long") from error
    if not plain(content):
        raise Invalid("there is nothing to publish: write a text", code="empty")
    return Written(content, text.strip() or None)


def draft(unit: Unit, author: Actor, written: Written, *, type: str, language: str | None) -> Post:
    """Start a public post of a member; where it stands is still to be said."""
    key = new_key()
    return Post(
        id=new_id(),
        uri=unit.site.object(key),
        key=key,
        author_id=author.id,
        type=type,
        title="",
        summary="",
        content=written.content,
        source=written.source,
        language=language,
        visibility=Visibility.PUBLIC,
        published_at=unit.now,
        received_at=unit.now,
        like_count=0,
        reply_count=0,
        share_count=0,
    )


def mention_uris(author: Actor, mentions: Sequence[Actor]) -> list[str]:
    """The ids of those named, each once, without the author."""
    named = dict.fromkeys(actor.uri for actor in mentions)
    return [uri for uri in named if uri != author.uri][:MAX_MENTIONS]


def read_title(text: str) -> str:
    """The title of a debate on one line; `Invalid` when there is none or it is too long."""
    title = strip_controls(text)
    if not title:
        raise Invalid("a debate needs a title", code="no-title")
    if len(title) > MAX_TITLE:
        raise Invalid(f"a title has at most {MAX_TITLE} characters", code="title-too-long")
    return title


def read_question(text: str) -> str:
    """The question put to debate, on one line; `Invalid` when it is too long."""
    question = strip_controls(text)
    if len(question) > MAX_QUESTION:
        raise Invalid(f"a question has at most {MAX_QUESTION} characters", code="question-too-long")
    return question


def root_type(content: str, written: str) -> str:
    """What a root is when nobody says: short and plain ones are Notes, which Mastodon shows whole.

    `content` is the clean HTML, `written` what the author typed.
    """
    rich = _RICH.search(content) or _RICH.search(written) or "![" in written
    return "Article" if rich or len(plain(content)) > NOTE_LENGTH else "Note"
