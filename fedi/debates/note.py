"""Posts as documents, in both directions.  Everything here is pure.

`read_object` cleans HTML, which costs more than storing it: call it outside of units.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

from actors.models import Actor
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
from fedi.core.urls import Site, read_id, same_origin
from fedi.core.vocab import (
    AS2,
    DATA_INTEGRITY,
    LD_JSON,
    POST_TYPES,
    PUBLIC,
    TERMS,
    TOMBSTONE,
)
from fedi.debates.audience import address
from fedi.debates.carried import (
    read_further,
    read_hashtags,
    read_hat,
    sign_content,
    sign_source,
    take_hat_off,
    write_hashtags,
    write_hat,
    write_images,
)
from fedi.debates.models.post import Post, Visibility

MAX_TITLE = 200  # Lemmy refuses longer ones
MAX_QUESTION = 500
MAX_MENTIONS = 16

_PEER_TITLE = 500
_PEER_SUMMARY = 2000

_MARKDOWN = "text/markdown"
#: Terms are explained in place: a context hosted by a node dies with it.
CONTEXT: list[Any] = [
    AS2,
    DATA_INTEGRITY,
    {
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        "contextHistory": {"@id": "https://w3id.org/fep/171b/contextHistory", "@type": "@id"},
        "gts": "https://gotosocial.org/ns#",
        "interactionPolicy": {"@id": "gts:interactionPolicy", "@type": "@id"},
        "canQuote": {"@id": "gts:canQuote", "@type": "@id"},
        "automaticApproval": {"@id": "gts:automaticApproval", "@type": "@id"},
        "sc": "http://schema.org/",
        "sourceOrganization": "sc:sourceOrganization",
    },
]

_BOLD_TITLE = re.compile(r"<p><strong>([^<]+)</strong></p>\s*")
_QUESTION = re.compile(r"<p><em>([^<]+)</em></p>\s*")
#: A language tag (BCP 47) as one meets them.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


# --- writing -----------------------------------------------------------------------------


def write_object(
    post: Post,
    author: Actor,
    group: Actor | None,
    site: Site,
    *,
    answered: Actor | None = None,
    mentioned: Sequence[Actor] = (),
    mirrors: Sequence[str] = (),
) -> Document:
    """Write a post of ours as it is served and sent, still without its proof.

    `answered` wrote the post it replies to; `mentioned` are named in it; `mirrors` are copies
    of the debate that it opens.  Nothing in the
    document changes unless the author edits the post, so its bytes can be frozen.
    """
    to, cc = address(post, author, group, answered, mentioned)
    past = _write_past(post, mirrors)
    return {
        "@context": [*CONTEXT, TERMS] if past else CONTEXT,
        "id": post.uri,
        "type": post.type,
        "attributedTo": author.uri,
        "to": to,
        "cc": cc,
        **_given("audience", post.audience_uri),
        **_given("inReplyTo", post.parent_uri),
        **_write_text(post),
        **write_hat(post.hat, post.hat_link),
        "url": post.url,
        "published": write_moment(post.published_at),
        **_given("updated", post.updated_at and write_moment(post.updated_at)),
        **_write_collections(post),
        "tag": _write_tags(post, author, group, answered, mentioned, site),
        "attachment": write_images(post.images, site),
        "sensitive": False,
        "interactionPolicy": {"canQuote": {"automaticApproval": [PUBLIC]}},
        **past,
    }


def _write_past(post: Post, mirrors: Sequence[str]) -> Document:
    """Of an opening: where copies of its debate are kept, and of which debate it is the sequel."""
    return {
        **_given("mirrors", list(mirrors)),
        **_given("continues", post.continues_uri),
    }


def _write_text(post: Post) -> Document:
    content = written_content(post)
    return {
        **_write_heading(post),
        "content": content,
        **_given("contentMap", post.language and {post.language: content}),
        "mediaType": "text/html",
        **_given("source", _write_source(post)),
    }


def _write_collections(post: Post) -> Document:
    is_root = post.parent_uri is None
    return {
        "context": post.context_uri,
        **_given("contextHistory", is_root and f"{post.context_uri}/history"),
        "replies": write_replies_link(post.uri),
        "likes": f"{post.uri}/likes",
        "shares": f"{post.uri}/shares",
    }


def _given(name: str, value: Any) -> Document:
    return {name: value} if value else {}


def _write_heading(post: Post) -> Document:
    """The title and the question of a root that is an Article.

    Peers show the summary in place of the body, so it is plain text that can stand alone.
    """
    if post.parent_uri is not None or post.type == "Note":
        return {}
    preview = _heading_html(post.title, post.summary)
    return {
        "name": post.title,
        **_given("summary", post.summary),
        "preview": {"type": "Note", "content": preview},
    }


def _heading_html(title: str, question: str) -> str:
    asked = f"<p><em>{escape(question, quote=False)}</em></p>" if question else ""
    return f"<p><strong>{escape(title, quote=False)}</strong></p>{asked}"


def written_content(post: Post) -> str:
    """The HTML of a post of ours as it is said.

    A Note has no title for Mastodon and GoToSocial: a root says it in its first line.
    """
    is_titled = post.parent_uri is None and post.type == "Note"
    heading = _heading_html(post.title, post.summary) if is_titled else ""
    return heading + sign_content(post.content, post.hat, post.language)


def _write_source(post: Post) -> Document | None:
    """The author's Markdown; NodeBB takes the title of a Note from its first line."""
    if post.source is None:
        return None
    heading: list[str] = []
    if post.parent_uri is None and post.type == "Note":
        heading = [post.title, *([f"*{post.summary}*"] if post.summary else [])]
    source = sign_source(post.source, post.hat, post.language)
    return {"content": "\n\n".join([*heading, source]), "mediaType": _MARKDOWN}


def write_moment(moment: datetime) -> str:
    """Write a moment to the microsecond: siblings of a thread are sorted by it everywhere."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write_replies_link(uri: str) -> Document:
    """The `replies` of a post as it stands in the post.

    GoToSocial follows the `next` of an embedded page and nothing else; the page has no items,
    so the post stays the same whatever is answered.
    """
    return {"id": f"{uri}/replies", "type": "Collection", "first": write_empty_replies(uri)}


def write_empty_replies(uri: str) -> Document:
    """The first page of replies, which only leads to the next one."""
    return {
        "id": f"{uri}/replies?page=0",
        "type": "CollectionPage",
        "partOf": f"{uri}/replies",
        "next": f"{uri}/replies?page=1",
    }


def _write_tags(
    post: Post,
    author: Actor,
    group: Actor | None,
    answered: Actor | None,
    mentioned: Sequence[Actor],
    site: Site,
) -> list[Document]:
    """Mentions bring replies of others to all who are named; the Group's needs no text for it."""
    named = {actor.uri: actor for actor in (answered, group, *mentioned) if actor is not None}
    named.pop(author.uri, None)
    mentions = [
        {"type": "Mention", "href": actor.uri, "name": f"@{actor.acct}"} for actor in named.values()
    ]
    return mentions + write_hashtags(post.tags or (), site) + _write_link(post)


def _write_link(post: Post) -> list[Document]:
    """The debate that a sequel goes on with, as a link that others can show (FEP-e232)."""
    if post.continues_uri is None:
        return []
    return [{"type": "Link", "mediaType": LD_JSON, "href": post.continues_uri, "name": "↑"}]


def write_tombstone(post: Post, author_uri: str) -> Document:
    """What is served, with status 410, for a deleted post: where it stood, not its words."""
    return {
        "@context": [AS2],
        "id": post.uri,
        "type": TOMBSTONE,
        **write_place(post, author_uri),
        **_given("deleted", post.deleted_at and write_moment(post.deleted_at)),
    }


def write_place(post: Post, author_uri: str) -> Document:
    """Where a post stood that is gone."""
    return {
        "formerType": post.type,
        "attributedTo": author_uri,
        **_given("inReplyTo", post.parent_uri),
        **_given("context", post.context_uri),
        **_given("audience", post.audience_uri),
        "published": write_moment(post.published_at),
    }


# --- reading -----------------------------------------------------------------------------


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
    if not isinstance(source, dict) or source.get("mediaType") != _MARKDOWN:
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
