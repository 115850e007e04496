"""Quoting: a passage of a message as Markdown that tells whose words these are, and where.

It stays readable wherever it travels: a quotation whose last line is a dash and a link.
"""

import re

from fedi.core.html import plain
from fedi.debates.reading import PostRow

#: How much of a message is quoted when nobody says which passage.
WHOLE = 1500

_QUOTES = re.compile(r"<blockquote\b.*</blockquote>", re.DOTALL)
#: What Markdown would take for something else than a letter: anywhere, or at the start of a line.
_SIGNS = re.compile(
    r"[\\*`\[\]~]|(?<!\w)_|_(?!\w)|^(?=#{1,6}\s|>|[+-]\s|=+$|-+$)|^\d+(?=[.)]\s)", re.M
)


def quote(post: PostRow, passage: str = "") -> str:
    """The Markdown that quotes a passage of a post, or the beginning when there is no such one.

    What the post quotes itself is left out: one quotes those who said it.
    """
    text = plain(_QUOTES.sub("", post.content))
    lines = _lines(passage)
    if not lines or " ".join(lines) not in " ".join(plain(post.content).split()):
        lines = _lines(_beginning(text))
    name = post.author_name or post.author_handle
    where = f"— [{_escape(name)}](<{post.url or post.uri}>)"
    return "".join(f"> {_escape(line)}\n>\n" for line in lines) + f"> {where}\n\n"


def _lines(text: str) -> list[str]:
    """Each line with plain spaces, without those that are empty."""
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


def _beginning(text: str) -> str:
    if len(text) <= WHOLE:
        return text
    return f"{text[:WHOLE].rpartition(' ')[0]} […]"


def _escape(text: str) -> str:
    return _SIGNS.sub(lambda sign: _escaped(sign[0]), text)


def _escaped(sign: str) -> str:
    """A number at the start of a line is followed by the sign that makes it a list."""
    return f"{sign}\\" if sign.isdigit() else f"\\{sign}"
