"""Posts as the documents that peers are given.  Everything here is pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from actors.models import Actor
from fedi.core.jsonld import Document
from fedi.core.urls import Site
from fedi.core.vocab import AS2, DATA_INTEGRITY, LD_JSON, MARKDOWN, PUBLIC, TERMS, TOMBSTONE
from fedi.debates.audience import address
from fedi.debates.carried import (
    sign_content,
    sign_source,
    write_hashtags,
    write_hat,
    write_images,
)
from fedi.debates.models.post import Post

MAX_TITLE = 200  # Lemmy refuses longer ones
MAX_QUESTION = 500
MAX_MENTIONS = 16
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
    return {"content": "\n\n".join([*heading, source]), "mediaType": MARKDOWN}


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
