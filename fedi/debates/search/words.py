"""Words as they are sought: without capitals, accents and endings.

What a post says and what somebody types take the same steps, here and not in a database, so
that both databases find the same.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, NamedTuple

#: Words of a text that are looked at, and letters of a word: nobody seeks by what is behind.
MAX_WORDS, MAX_LETTERS = 20_000, 40

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile(r"[\u0300-\u036f]")
#: Letters that are one where others write two, or bear a stroke that is no accent to Unicode.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
#: Words that say nothing of what a text is about, in no language.  Those that mean something in
#: the other one are not here: a French *but* is a goal.
_SILENT = frozenset(
    """
    a à ai ainsi alors as au aucun aucune aussi autre autres aux avec avoir c ça car ce ceci cela
    celle celles celui ces cet cette ceux chez ci comme comment d dans de des donc dont du elle
    elles en encore entre es est et étaient était étant être eu eux fait font ici il ils j je
    jusqu l la là laquelle le lequel les lesquelles lesquels leur leurs lorsqu lui m ma mais me
    même mêmes mes moi mon n ne ni nos notre nous on ont où ou par parce pas peu peut plus pour
    pourquoi puisqu qu quand que quel quelle quelles quels qui quoi s sa sans se sera ses si sont
    sous suis sur t ta te tes toi ton tous tout toute toutes très tu un une vos votre vous y
    about after all also am an and any are aren at be been being by can cannot could did do does
    doing don for from had has have having he her here hers him his how i if in into is isn it its
    just let ll my no nor not of off or other our ours out over own re same she should so some
    such than that the their theirs them then there these they this those through to too under
    until up ve very was we were what when where which while who whom why will with would you your
    yours
    """.split()  # noqa: SIM905  they are read as a text
) - {"or", "son", "but", "fait", "font", "own", "entre"}


class Word(NamedTuple):
    """A word of a text, and where it stands."""

    text: str
    start: int
    end: int


def split(text: str) -> Iterator[Word]:
    """The words of a text that say what it is about; the text is composed (`compose`)."""
    for found in _WORD.finditer(text):
        word = found[0]
        if word.lower() not in _SILENT:
            yield Word(word[:MAX_LETTERS], *found.span())


def compose(text: str) -> str:
    """A text whose accented letters are one character each, as `split` expects them."""
    return unicodedata.normalize("NFC", text)


# --- readings ----------------------------------------------------------------------------

#: What is sought in the place of a word.
Stem = Callable[[str], str]


def fold(word: str) -> str:
    """A word without capitals and accents."""
    if word.isascii():
        return word.lower()
    letters = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(_WORD.findall(_MARKS.sub("", letters)))


#: Plurals in -aux that Snowball takes for those of words in -al.
_PLURALS = {"travaux": "travail", "baux": "bail", "vitraux": "vitrail"}


@lru_cache(maxsize=8192)  # most of a text are words that were read a moment ago
def french(word: str) -> str:
    """A word without its French ending.

    Accents go first, because many type none.  Snowball wants some of them, and leaves some
    plurals as they are: these endings are cut here.
    """
    word = fold(word)
    word = _PLURALS.get(word, word)
    if word.endswith(("as", "is", "os", "us")):  # élus, amis
        word = word[:-1]
    elif word.endswith(("ee", "ees")):  # mutualisée, which goes with mutualisé and mutualiser
        word = word.removesuffix("s")[:-1]
    stem: str = _stemmer("french").stemWord(word)
    return stem[:-1] if stem.endswith("eux") and len(stem) > 3 else stem  # lieux, heureux


@lru_cache(maxsize=8192)
def english(word: str) -> str:
    """A word without its English ending."""
    stem: str = _stemmer("english").stemWord(fold(word))
    return stem


@cache
def _stemmer(language: str) -> Any:
    """A stemmer; they are loaded, 3 MB of them, by who indexes or searches, not by who starts."""
    module = import_module(f"snowballstemmer.{language}_stemmer")
    return getattr(module, f"{language.capitalize()}Stemmer")()


def readings_of(language: str | None) -> tuple[Stem, ...]:
    """How a text in a language is read; one in no known language, as if it were in each."""
    if not language:
        return french, english
    match language.lower().partition("-")[0].partition("_")[0]:
        case "fr":
            return (french,)
        case "en":
            return (english,)
        case _:
            return (fold,)


def index(text: str, language: str | None) -> str:
    """What is kept of a text to find it by: its words as they are sought, with spaces between."""
    words = [word.text for word, _ in zip(split(compose(text)), range(MAX_WORDS), strict=False)]
    return " ".join(
        stem for read in readings_of(language) for stem in filter(None, map(read, words))
    )


def sought(text: str) -> tuple[tuple[str, ...], ...]:
    """What words that somebody types may be in a text, one after the other, in any reading.

    Nothing when they are but silent ones.
    """
    words = [word.text for word in split(compose(text))]
    read = (tuple(filter(None, map(stem, words))) for stem in (fold, french, english))
    return tuple(dict.fromkeys(reading for reading in read if reading))


def fold_all(text: str) -> list[str]:
    """Every word of a name, whatever it says."""
    return list(filter(None, map(fold, _WORD.findall(compose(text)))))
