"""The passage of a text that answers a question, with the words sought in it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from fedi.core.html import plain
from fedi.debates.search.words import MAX_WORDS, Word, compose, readings_of, split

#: Letters of a passage, and of those how many stand before the first word that is sought.
LENGTH, BEFORE = 260, 70


class Piece(NamedTuple):
    """A part of a text, and whether it is a word that is sought."""

    text: str
    is_sought: bool


def highlight(text: str, language: str | None, stems: Collection[str]) -> list[Piece]:
    """A text in pieces, every word that is sought one of its own."""
    text = compose(text)
    return _pieces(text, _sought(text, language, stems), 0, len(text))


def passage(html: str, language: str | None, stems: Collection[str]) -> list[Piece]:
    """The part of a post in which most of the words are that are sought; else its beginning."""
    text = compose(plain(html)).replace("\n", " ")
    found = _sought(text, language, stems)
    start, end = _window(text, found)
    pieces = _pieces(text[:end], [word for word in found if start <= word.start < end], start, end)
    if start:
        pieces.insert(0, Piece("… ", False))
    if end < len(text):
        pieces.append(Piece("…", False))
    return pieces


def _sought(text: str, language: str | None, stems: Collection[str]) -> list[Word]:
    readings = readings_of(language)
    words = (word for word, _ in zip(split(text), range(MAX_WORDS), strict=False))
    return [
        Word(stem, word.start, word.end)
        for word in words
        for stem in [read(word.text) for read in readings if read(word.text) in stems][:1]
    ]


def _window(text: str, found: Sequence[Word]) -> tuple[int, int]:
    """Where the passage begins and ends: between words, around as many different ones as can be."""
    if len(text) <= LENGTH:
        return 0, len(text)
    reach = LENGTH - BEFORE

    def different(first: Word) -> int:
        return len({word.text for word in found if 0 <= word.start - first.start < reach})

    best = max(found[:100], key=different, default=Word("", 0, 0)).start
    start = 0 if best <= BEFORE else text.rfind(" ", 0, best - BEFORE) + 1
    if start + LENGTH >= len(text):
        return start, len(text)
    end = text.rfind(" ", best, start + LENGTH)
    return start, end if end > best else start + LENGTH


def _pieces(text: str, found: Sequence[Word], start: int, end: int) -> list[Piece]:
    pieces, last = [], start
    for word in found:
        pieces += [Piece(text[last : word.start], False), Piece(text[word.start : word.end], True)]
        last = word.end
    pieces.append(Piece(text[last:end], False))
    return [piece for piece in pieces if piece.text]
