"""A question in the words of each database.

Both are built of stems, which hold letters and digits only, so nothing that was typed is
syntax; what the two mean is the same.
"""

from collections.abc import Callable, Collection, Sequence
from hashlib import sha256

from fedi.debates.search.query import Query, Term

Terms = Sequence[Term]


#: The mark of every post: without it one could not ask for all but some.
EVERY = "every"


def mark_author(actor_id: int) -> str:
    """The mark of what an actor wrote."""
    return f"a{actor_id}"


def mark_origin(origin: str) -> str:
    """The mark of what was written on a server."""
    return f"o{sha256(origin.encode()).hexdigest()[:16]}"


# --- SQLite ------------------------------------------------------------------------------


def to_fts5(query: Query, marks: Sequence[Collection[str]] = ()) -> str:
    """What to MATCH: each wanted term and one mark of each collection, and no unwanted term."""
    parts = [_fts5_term(term) for term in query.wanted]
    parts += [f"marks : ({_any(_quoted, some)})" for some in marks or ([EVERY],)]
    unwanted = "".join(f" NOT {_fts5_term(term)}" for term in query.unwanted)
    return f"({' AND '.join(parts)}){unwanted}"


def _fts5_term(term: Term) -> str:
    columns = "title" if term.in_title else "{title text}"
    return f"({columns} : ({_any(_fts5_phrase, term.readings)}))"


def _fts5_phrase(reading: Sequence[str]) -> str:
    return _quoted(" ".join(reading))


def _quoted(text: str) -> str:
    return f'"{text}"'


def names_to_fts5(words: Sequence[str]) -> str:
    """What to MATCH for names that have a word beginning with each of these."""
    return " AND ".join(f'"{word}" *' for word in words)


# --- PostgreSQL --------------------------------------------------------------------------


def to_tsquery(query: Query, marks: Sequence[Collection[str]] = ()) -> str:
    """The same for `to_tsquery('simple', …)`."""
    parts = [_tsquery_term(term) for term in query.wanted]
    parts += [f"({_any(_marked, some, '|')})" for some in marks or ([EVERY],)]
    return " & ".join(parts + [f"!{_tsquery_term(term)}" for term in query.unwanted])


def _tsquery_term(term: Term) -> str:
    letters = "A" if term.in_title else "AD"

    def phrase(reading: Sequence[str]) -> str:
        return " <-> ".join(f"'{stem}':{letters}" for stem in reading)

    return f"({_any(lambda reading: f'({phrase(reading)})', term.readings, '|')})"


def _marked(mark: str) -> str:
    return f"'{mark}':B"


def words_to_tsquery(query: Query) -> str:
    """What counts for the rank of what was found: the wanted terms alone."""
    return " & ".join(_tsquery_term(term) for term in query.wanted)


def names_to_tsquery(words: Sequence[str]) -> str:
    """The same for names."""
    return " & ".join(f"'{word}':*" for word in words)


def _any(write: Callable[..., str], things: Collection[object], word: str = "OR") -> str:
    return f" {word} ".join(map(write, things))
