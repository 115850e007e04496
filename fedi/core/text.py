"""Text that people write: Markdown, names, mentions, titles in addresses."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from fedi.core.errors import Malformed
from fedi.core.html import MAX_CLEAN, MAX_CONTENT, clean
from fedi.core.urls import origin_of

MAX_SLUG = 60
MAX_HASHTAGS = 16

#: A name and the authority of its server, or None for a name of this node.
Mention = tuple[str, str | None]

_MENTION = re.compile(
    r"(?<![\w@/.-])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?)"
    r"(?:@([\w-]++(?:\.[\w-]++)*+(?::[0-9]{1,5}+)?))?(?![\w@])"
)
_HASHTAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d_]\w*)")
#: Line ends and tabs, which a name or a title turns into spaces.
_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029 ]+")
#: Controls, characters without width that no script needs, and those that turn the direction.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")


def render_markdown(
    source: str, mentions: Mapping[Mention, str] | None = None, *, tags_at: str = ""
) -> str:
    """Turn Markdown into clean HTML; HTML in it is shown as text, bare addresses become links.

    `mentions` gives the address of those names in it that were found (`find_mentions`), and
    `tags_at` that to which a tag is added, so that its `#word` leads there.
    Raises `Malformed("content-too-large")`.  Long texts take milliseconds per kilobyte:
    call it in a thread.
    """
    if len(source.encode("utf-8", "replace")) > MAX_CONTENT:
        raise Malformed("the text is too long", code="content-too-large")
    rendered = _MARKDOWN.render(source, {"mentions": mentions or {}, "tags_at": tags_at})
    return clean(rendered, limit=MAX_CLEAN).strip()


def find_mentions(text: str) -> list[Mention]:
    """The names in a text, `@name` or `@name@host`, each once, in order.

    Hosts come in canonical form; a name whose host can be none is left out.
    """
    return list(dict.fromkeys(mention for _, mention in _mentions(text)))


def find_hashtags(text: str) -> list[str]:
    """The words marked with `#` in a plain text, without the mark, each once, at most sixteen."""
    words = {word.lower(): word for word in reversed(_HASHTAG.findall(text))}
    return list(reversed(words.values()))[:MAX_HASHTAGS]


def _mentions(text: str) -> Iterable[tuple[re.Match[str], Mention]]:
    for found in _MENTION.finditer(text):
        name, host = found.groups()
        try:
            yield found, (name, host and origin_of(f"https://{host}").authority)
        except Malformed:
            continue


@lru_cache(maxsize=1024)  # a page names its debate beside every message
def slug(title: str) -> str:
    """A title as the readable end of an address: ASCII, hyphens; empty when nothing remains."""
    letters = unicodedata.normalize("NFKD", title.replace("œ", "oe").replace("Œ", "Oe"))
    words = re.findall(r"[a-z0-9]+", re.sub(r"[\u0300-\u036f]", "", letters).lower())
    short = ""
    for word in words:
        longer = f"{short}-{word}" if short else word[:MAX_SLUG]
        if len(longer) > MAX_SLUG:
            break
        short = longer
    return short


def strip_controls(text: str) -> str:
    """A name or a title on one line, without characters that would disturb what follows it.

    The narrow and the unbreakable spaces of French stay.
    """
    return _UNSEEN.sub("", _BREAKS.sub(" ", text)).strip()


def _link_names(state: StateCore) -> None:
    """A rule of the Markdown parser: known names and tags in running text become links."""
    known: Mapping[Mention, str] = state.env.get("mentions", {})
    tags_at: str = state.env.get("tags_at", "")
    if not (known or tags_at):
        return
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_with_links(token.children, known, tags_at))


def _with_links(
    tokens: Iterable[Token], known: Mapping[Mention, str], tags_at: str
) -> Iterable[Token]:
    links = 0
    for token in tokens:
        links += (token.type == "link_open") - (token.type == "link_close")
        if token.type != "text" or links:
            yield token
            continue
        end = 0
        for found, link in sorted(
            _links(token.content, known, tags_at), key=lambda one: one[0].start()
        ):
            yield Token("text", "", 0, content=token.content[end : found.start()])
            yield Token("html_inline", "", 0, content=link)
            end = found.end()
        yield Token("text", "", 0, content=token.content[end:])


def _links(
    text: str, known: Mapping[Mention, str], tags_at: str
) -> Iterable[tuple[re.Match[str], str]]:
    """Where names and tags stand in a text, each with the link it becomes."""
    for found, mention in _mentions(text):
        if mention in known:
            yield found, _mention(mention[0], known[mention])
    for found in _HASHTAG.finditer(text) if tags_at else ():
        yield found, _hashtag(found[1], tags_at + quote(found[1]))


def _mention(name: str, href: str) -> str:
    """A mention in the shape Mastodon gave it, which others recognise."""
    return (
        f'<span class="h-card" translate="no"><a href="{escape(href)}" class="u-url mention">'
        f"@{escape(name)}</a></span>"
    )


def _hashtag(word: str, href: str) -> str:
    """A tag in the shape Mastodon gave it; `rel="tag"` is not for who cleans it to keep."""
    return f'<a href="{escape(href)}" class="mention hashtag">#<span>{escape(word)}</span></a>'


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable(["linkify", "strikethrough", "table"])
    if parser.linkify is not None:
        # Only what is written as an address is one: "fin.Il" is a missing space.
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.core.ruler.push("names", _link_names)
    return parser


_MARKDOWN = _parser()


#: A spreadsheet takes what begins like this for a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULAS) else text
