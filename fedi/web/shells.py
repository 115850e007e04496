"""Pages that are set once for all readers, with blanks for what is put in afterwards.

What is a reader's own goes into the blanks, and pieces that were set before: so a page is
joined from a few dozen strings, where setting it anew takes as long as all else.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from markupsafe import Markup, escape

#: Nobody can write what marks a blank.
_SECRET = secrets.token_hex(12)
_BLANK = re.compile(rf"<!--{_SECRET}:(\w+)-->".encode())


class Piece(NamedTuple):
    """HTML that is ready, and what tells it from any other: so none is read to compare pages."""

    html: Sequence[bytes]
    digest: bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(map(len, self.html))


def piece(*html: bytes) -> Piece:
    """A piece of this HTML."""
    return Piece(html, sha256(b"".join(html)).digest())


def blank(name: str) -> Markup:
    """Stands in a template for what `Shell.fill` is given under this name."""
    return Markup("<!--{}:{}-->").format(_SECRET, name)


@dataclass(frozen=True)
class Shell:
    """A page around its blanks."""

    around: Sequence[bytes]
    names: Sequence[str]
    digest: bytes

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(map(len, self.around))

    def fill(self, words: Mapping[str, str], pieces: Mapping[str, Piece]) -> Piece:
        """The whole page; words are text, whatever they hold."""
        given = {name: piece(escape(text).encode()) for name, text in words.items()} | {**pieces}
        html, digest = [self.around[0]], self.digest
        for name, rest in zip(self.names, self.around[1:], strict=True):
            html += *given[name].html, rest
            digest += given[name].digest
        return Piece(html, sha256(digest).digest())


def shell(page: str) -> Shell:
    """A page that was set with blanks."""
    parts = _BLANK.split(page.encode())
    names = [name.decode() for name in parts[1::2]]
    return Shell(parts[::2], names, piece(page.replace(_SECRET, "").encode()).digest)
