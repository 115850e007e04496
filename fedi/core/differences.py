"""What changed between two texts, word by word, as one reads it."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

#: Words of a text that are compared; what is beyond is compared as one.
MAX_WORDS = 4000
#: Comparing takes up to the product of two lengths; longer passages are told as replaced.
MAX_WORK = 400_000

_WORD = re.compile(r"\s+|\w+|[^\w\s]")

Change = Literal["same", "added", "removed"]


class Passage(NamedTuple):
    """A piece of text, and whether it stayed, came or went."""

    change: Change
    text: str


def compare(before: str, after: str) -> list[Passage]:
    """The two texts as one: what stayed, with what was removed and added where that was.

    Joined, all that is not `added` is `before`, and all that is not `removed` is `after`.
    Lines are compared first and words only in lines that differ, so a long text costs little.
    """
    found: list[Passage] = []
    for passage in _by_line(_lines(before), _lines(after)):
        if not passage.text:
            continue
        if found and found[-1].change == passage.change:
            found[-1] = Passage(passage.change, found[-1].text + passage.text)
        else:
            found.append(passage)
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _by_line(before: Sequence[str], after: Sequence[str]) -> Iterator[Passage]:
    for left, right, are_same in _blocks(before, after):
        if are_same:
            yield Passage("same", left)
        else:
            yield from _by_word(_words(left), _words(right))


def _by_word(before: Sequence[str], after: Sequence[str]) -> Iterator[Passage]:
    for left, right, are_same in _blocks(before, after):
        if are_same:
            yield Passage("same", left)
        else:
            yield Passage("removed", left)
            yield Passage("added", right)


def _words(text: str) -> list[str]:
    words = _WORD.findall(text)
    return [*words[:MAX_WORDS], "".join(words[MAX_WORDS:])]


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """What corresponds in two sequences, in order, and whether it is the same."""
    if len(before) * len(after) > MAX_WORK:
        yield "".join(before), "".join(after), before == after
        return
    for tag, start, end, other, other_end in SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        yield "".join(before[start:end]), "".join(after[other:other_end]), tag == "equal"
