"""HTML of others, made harmless, and text made of HTML.

Cleaning is done once, when a text is written or received, and outside of any
transaction: it costs more than storing it.
"""

import html as entities
import re

import nh3

from fedi.core.errors import Malformed
from fedi.core.nesting import BLOCKS, TAG, is_tangled
from fedi.core.urls import origin_of

MAX_CONTENT = 64 * 1024  # bytes of UTF-8
MAX_CLEAN = 256 * 1024
TOP_HEADING = 4  # a page has its title, its parts and its authors above the text of a post

_PHRASES = "a abbr b br code del em i img q rp rt ruby s span strong sub sup u"
_BLOCKS = "blockquote dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr li ol p pre ul"
_TABLES = "caption table tbody td tfoot th thead tr"
_REL = "nofollow noopener noreferrer ugc"
_CLEANER = nh3.Cleaner(
    tags=set(f"{_PHRASES} {_BLOCKS} {_TABLES}".split()),
    clean_content_tags={"iframe", "math", "noscript", "script", "style", "svg", "template"},
    attributes={
        "*": {"lang"},
        "a": {"href", "title", "translate"},
        "abbr": {"title"},
        "img": {"alt", "src"},
        "li": {"value"},
        "ol": {"reversed", "start"},
        "span": {"translate"},
    },
    allowed_classes={"a": {"hashtag", "mention", "u-url"}, "span": {"h-card"}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel=_REL,
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)

#: Control characters, and those that turn the reading direction of all that follows.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

#: These read what the sanitiser wrote: no `<` or `>` in attributes, every link closed.
_HEADING = re.compile(r"<(/?)h([1-6])\b")
_LINK_OR_IMAGE = re.compile(r"<a\b([^>]*)>(.*?)</a>|<img\b([^>]*)>", re.DOTALL)
_IMAGE = re.compile(r"<img\b([^>]*)>")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_LOOKS_LIKE_HOST = re.compile(r"(?:https?://)?([\w-]+(?:\.[\w-]+)+)(?![^/:?#…])", re.IGNORECASE)

_LINE_ENDS = BLOCKS | {"br", "caption", "hr", "table", "tr"}
_CELLS = frozenset({"td", "th"})


def clean(html: str, *, limit: int = MAX_CONTENT) -> str:
    """Return HTML that can stand on a page of ours, whoever wrote it.

    Links open elsewhere and carry no weight; images become links; headings start at
    the level of a post; a link whose text names another host than it leads to is
    followed by the host.  What cannot be cleaned becomes plain text.

    Raises `Malformed("content-too-large")` above `limit` bytes, and nothing else.
    """
    raw = html.encode("utf-8", "replace")
    if len(raw) > limit:
        raise Malformed("the text is too long", code="content-too-large")
    if is_tangled(html):
        return _as_text(html)
    cleaned = _UNSEEN.sub("", _CLEANER.clean(raw.decode()))
    if len(cleaned.encode()) > MAX_CLEAN:
        return _as_text(html)
    return _finish(cleaned)


def plain(html: str) -> str:
    """The text of HTML: one line per paragraph, no tags, entities resolved.

    It is text: whoever shows it on a page escapes it.
    """
    text = TAG.sub(_spacing, html)
    text = _UNSEEN.sub("", entities.unescape(text))
    # Only ordinary spaces are collapsed: French typography needs the others.
    lines = (" ".join(filter(None, re.split("[ \t]", line))) for line in text.splitlines())
    return "\n".join(filter(None, lines))


def excerpt(html: str, length: int) -> str:
    """The beginning of the text on one line, cut between words, at most `length` characters."""
    text = plain(html).replace("\n", " ")
    if len(text) <= length:
        return text
    start = text[:length]
    return f"{start.rpartition(' ')[0] or start[:-1]}…"


def _spacing(tag: re.Match[str]) -> str:
    name = (tag["name"] or "").lower()
    return "\n" if name in _LINE_ENDS else " " if name in _CELLS else ""


def _as_text(html: str) -> str:
    """The text alone, as a paragraph."""
    text = entities.escape(plain(html), quote=False).replace("\n", "<br>")
    if len(text.encode("utf-8", "replace")) > MAX_CLEAN:
        raise Malformed("the text is too long", code="content-too-large")
    return f"<p>{text}</p>"


def _finish(cleaned: str) -> str:
    """What a sanitiser cannot say: other levels of headings, other elements for images."""
    levels = [int(level) for _, level in _HEADING.findall(cleaned)]
    if levels:
        down = TOP_HEADING - min(levels)
        cleaned = _HEADING.sub(lambda tag: f"<{tag[1]}h{min(6, int(tag[2]) + down)}", cleaned)
    return _LINK_OR_IMAGE.sub(_finish_link, cleaned.replace(' class=""', ""))


def _finish_link(found: re.Match[str]) -> str:
    if found[3] is not None:
        return _link_to_image(found[3])
    inner = _IMAGE.sub(lambda image: _attributes(image[1]).get("alt", ""), found[2])
    href = _attributes(found[1]).get("href")
    if href is None:
        return inner
    # No text without a dot names a host; the sanitiser writes a dot as nothing else.
    host = _host_behind(entities.unescape(href), plain(inner)) if "." in inner else None
    remark = f" ({host})" if host else ""
    if found.string.startswith(remark, found.end()):  # a node like this one has said it already
        remark = ""
    return f"<a{found[1]}>{inner}</a>{remark}"


def _link_to_image(image: str) -> str:
    attributes = _attributes(image)
    source, text = attributes.get("src"), attributes.get("alt", "").strip()
    if source is None:
        return text
    return f'<a href="{source}" target="_blank" rel="{_REL}">{text or source}</a>'


def _attributes(tag: str) -> dict[str, str]:
    """The attributes of a tag the sanitiser wrote, still escaped."""
    return dict(_ATTRIBUTE.findall(tag))


def _host_behind(href: str, text: str) -> str | None:
    """The host a link leads to, when its text names another one (CVE-2023-36462)."""
    shown = _LOOKS_LIKE_HOST.match(text.strip())
    if shown is None:
        return None
    try:
        host = origin_of(href).host
        named = origin_of(f"https://{shown[1]}").host
    except Malformed:
        return None
    return None if f".{host}".endswith(f".{named.removeprefix('www.')}") else host
