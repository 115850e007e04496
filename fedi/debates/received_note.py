"""Posts of peers, read from their documents.  Everything here is pure.

`read_object` cleans HTML, which costs more than storing it: call it outside of units.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape

from fedi.core.errors import Malformed
from fedi.core.html import MAX_CONTENT, clean, plain
from fedi.core.jsonld import (
    Document,
    id_of,
    ids_of,
    link_of,
    objects_of,
    one_owner,
    one_type,
    text_of,
    time_of,
)
from fedi.core.text import strip_controls
from fedi.core.urls import read_id, same_origin
from fedi.core.vocab import MARKDOWN, POST_TYPES, PUBLIC, TOMBSTONE
from fedi.debates.carried import read_further, read_hashtags, read_hat, take_hat_off
from fedi.debates.models.post import Visibility
from fedi.debates.note import MAX_MENTIONS

_PEER_TITLE = 500
_PEER_SUMMARY = 2000

_BOLD_TITLE = re.compile(r"<p><strong>([^<]+)</strong></p>\s*")
_QUESTION = re.compile(r"<p><em>([^<]+)</em></p>\s*")
#: A language tag (BCP 47) as one meets them.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


@dataclass(frozen=True, slots=True)
class PostDocument:
    """A peer's post, every field checked; texts are plain, `content` is clean HTML."""

    uri: str
    type: str
    author_uri: str | None  # None only on a tombstone
    parent_uri: str | None = None
    context_uri: str | None = None
    audience_uri: str | None = None
    continues_uri: str | None = None  # the debate of which it opens the sequel
    title: str = ""
    summary: str = ""
    content: str = ""
    source: str | None = None  # Markdown
    language: str | None = None
    url: str | None = None  # on the author's server
    published_at: datetime | None = None
    updated_at: datetime | None = None
    visibility: Visibility = Visibility.PUBLIC
    addressed: list[str] = field(default_factory=list)  # without Public
    mentions: list[str] = field(default_factory=list)
    hat: str | None = None  # for whom it says to speak
    hat_link: str | None = None
    tags: list[str] = field(default_factory=list)  # as written, without the #
    replies_uri: str | None = None
    tombstone: bool = False  # where something stood that was removed
    vote: bool = False  # an answer to a poll, to be counted and never shown


def read_object(document: Document) -> PostDocument:
    """Read a post of a peer.

    Raises `Malformed` when it has no id, no known type, not exactly one author of its own
    origin, or more content than we keep.  What else is wrong in it is left out.
    """
    uri = read_id(document.get("id"))
    kind = one_type(document.get("type"), POST_TYPES | {TOMBSTONE})
    if kind is None:
        raise Malformed("the document is not a post", code="type")
    author_uri = one_owner(document.get("attributedTo"))
    if kind == TOMBSTONE:
        return _read_tombstone(document, uri, author_uri)
    if author_uri is None or not same_origin(author_uri, uri):
        raise Malformed("the post does not belong to one actor of its origin", code="owner")
    return _read_post(document, uri, kind, author_uri)


def _read_tombstone(document: Document, uri: str, author_uri: str | None) -> PostDocument:
    """Where a post stood; most software says no more than that there was one."""
    return PostDocument(
        uri,
        one_type(document.get("formerType"), POST_TYPES) or "Note",
        author_uri,
        parent_uri=_read_parent(document),
        context_uri=id_of(document.get("context")),
        audience_uri=id_of(document.get("audience")),
        published_at=time_of(document.get("published")),
        tombstone=True,
    )


def _read_parent(document: Document) -> str | None:
    return next(iter(ids_of(document.get("inReplyTo"))), None)


def _read_post(document: Document, uri: str, kind: str, author_uri: str) -> PostDocument:
    parent_uri = _read_parent(document)
    hat, hat_link = read_hat(document)
    content, language = _read_content(document, hat)
    to, cc = ids_of(document.get("to")), ids_of(document.get("cc"))
    title, summary, content = _read_heading(document, kind, parent_uri, content)
    url = link_of(document.get("url"))
    return PostDocument(
        uri=uri,
        type=kind,
        author_uri=author_uri,
        parent_uri=parent_uri,
        context_uri=id_of(document.get("context")),
        audience_uri=id_of(document.get("audience")),
        continues_uri=id_of(document.get("continues")) if parent_uri is None else None,
        title=title,
        summary=summary,
        content=content,
        source=_read_source(document.get("source")),
        language=language,
        url=url if url is not None and same_origin(url, uri) else None,
        published_at=time_of(document.get("published")),
        updated_at=time_of(document.get("updated")),
        visibility=_read_visibility(to, cc),
        addressed=[name for name in dict.fromkeys([*to, *cc]) if name != PUBLIC],
        mentions=_read_mentions(document),
        hat=hat,
        hat_link=hat_link,
        tags=read_hashtags(document),
        replies_uri=id_of(document.get("replies")),
        vote=_is_vote(document, kind, parent_uri, content, PUBLIC in to or PUBLIC in cc),
    )


def _read_content(document: Document, hat: str | None) -> tuple[str, str | None]:
    """Clean content, with what it would lose of attachments and options; and its language.

    The line that repeats the hat is left out, for the hat stands above the text.
    """
    text, by_language = document.get("content"), document.get("contentMap")
    texts = by_language if isinstance(by_language, dict) else {}
    language = next((name for name in texts if texts[name] == text or text is None), None)
    if not isinstance(text, str):
        text = texts.get(language) if language is not None else ""
    text = text if isinstance(text, str) else ""
    if len(text.encode("utf-8", "replace")) > MAX_CONTENT:
        raise Malformed("the text is too long", code="content-too-large")
    further = read_further(document)
    known = language if language is not None and _LANGUAGE.fullmatch(language) else None
    return clean(take_hat_off(text, hat) + further, limit=2 * MAX_CONTENT), known


def _read_heading(
    document: Document, kind: str, parent_uri: str | None, content: str
) -> tuple[str, str, str]:
    """The title, the summary and the rest of the content.

    NodeBB repeats the title of the topic on replies; our own Notes write it in bold.
    """
    summary = plain(text_of(document.get("summary"), _PEER_SUMMARY) or "").replace("\n", " ")
    if parent_uri is not None:
        return "", summary, content
    title = text_of(document.get("name"), _PEER_TITLE)
    if title is None and kind == "Note" and (bold := _BOLD_TITLE.match(content)):
        title, content = unescape(bold[1]), content[bold.end() :]
        if not summary and (asked := _QUESTION.match(content)):
            summary, content = unescape(asked[1]), content[asked.end() :]
    return strip_controls(title or "")[:_PEER_TITLE], strip_controls(summary), content


def _read_source(source: object) -> str | None:
    if not isinstance(source, dict) or source.get("mediaType") != MARKDOWN:
        return None
    return text_of(source.get("content"), MAX_CONTENT)


def _read_visibility(to: Sequence[str], cc: Sequence[str]) -> Visibility:
    """Whom a post is for; that an address is a followers' collection shows only in the actor."""
    if PUBLIC in to:
        return Visibility.PUBLIC
    return Visibility.UNLISTED if PUBLIC in cc else Visibility.DIRECT


def _read_mentions(document: Document) -> list[str]:
    tags = [tag for tag in objects_of(document.get("tag")) if tag.get("type") == "Mention"]
    hrefs = dict.fromkeys(id_of(tag.get("href")) for tag in tags)
    return [href for href in hrefs if href is not None][:MAX_MENTIONS]


def _is_vote(
    document: Document, kind: str, parent_uri: str | None, content: str, public: bool
) -> bool:
    """An answer to a poll has a name and no text; snac writes `<br>` for no text."""
    named = isinstance(document.get("name"), str)
    return kind == "Note" and named and parent_uri is not None and not public and not plain(content)
