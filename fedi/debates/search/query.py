"""What somebody seeks, read from what they type.

    mutualiser "biens communs" -voiture auteur:camille réseau:velo.example depuis:2026-03

Whatever is typed can be sought: what is no operator is words.
"""

import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from fedi.debates.search.words import fold, sought

#: Letters that are read, and words or operators: what is behind does not count.
MAX_LENGTH, MAX_TERMS = 300, 16

_OPENING, _CLOSING = '"“«„', '"”»“'
_TERM = re.compile(
    rf"""
    (?P<minus> (?<!\S) [-\N{{MINUS SIGN}}\N{{EN DASH}}] (?=\S) )?
    (?: (?P<name> [^\W\d_]+ ) : (?=[^\s{_CLOSING}]|[{_OPENING}]) )?
    (?: [{_OPENING}] (?P<quoted> [^{_CLOSING}]* ) [{_CLOSING}]? | (?P<bare> [^\s{_OPENING}]+ ) )
    """,
    re.VERBOSE,
)
_NAMES = {
    "author": ("auteur", "auteure", "autrice", "author"),
    "group": ("groupe", "group"),
    "network": ("reseau", "serveur", "network", "server"),
    "since": ("depuis", "since"),
    "before": ("avant", "before"),
    "title": ("titre", "title"),
    "in": ("dans", "in"),
}
_OPERATORS = {name: operator for operator, names in _NAMES.items() for name in names}
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_FRENCH_DATE = re.compile(r"(?:(?:(\d{1,2})/)?(\d{1,2})/)(\d{4})")


@dataclass(frozen=True)
class Term:
    """Words that stand one after the other, in any of some readings."""

    readings: tuple[tuple[str, ...], ...]
    in_title: bool = False


@dataclass
class Query:
    """What is sought: every wanted term, no unwanted one, and all that the operators say."""

    text: str  # as it was typed
    wanted: list[Term] = field(default_factory=list)
    unwanted: list[Term] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)
    since: date | None = None  # that day included
    before: date | None = None  # that day excluded
    misread: list[str] = field(default_factory=list)  # dates that are none
    words: str = ""  # what is wanted, without operators: the name of somebody, perhaps

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing that could be found."""
        return not (
            self.wanted or self.authors or self.groups or self.networks or self.since or self.before
        )

    @property
    def stems(self) -> frozenset[str]:
        """Every word of what is found that is one of those sought."""
        return frozenset(
            stem for term in self.wanted for reading in term.readings for stem in reading
        )


def read_query(text: str) -> Query:
    """Read what somebody typed; nothing that can be typed is an error."""
    query = Query(" ".join(text.replace("\0", " ").split())[:MAX_LENGTH])
    words, all_in_title = [], False
    for found in list(_TERM.finditer(query.text))[:MAX_TERMS]:
        value = (found["bare"] if found["quoted"] is None else found["quoted"]).strip()
        operator = _OPERATORS.get(fold(found["name"] or ""))
        if found["minus"]:
            _add(query.unwanted, f"{found['name'] or ''} {value}", in_title=False)
        elif operator == "in" and _OPERATORS.get(fold(value)) == "title":
            all_in_title = True
        elif operator == "title":
            _add(query.wanted, value, in_title=True)
        elif operator in (None, "in"):
            words.append(f"{found['name']} {value}" if found["name"] else value)
            _add(query.wanted, words[-1], in_title=False)
        else:
            _apply(query, operator, value, found[0])
    query.words = " ".join(words)
    if all_in_title:
        query.wanted = [Term(term.readings, in_title=True) for term in query.wanted]
    return query


def _add(terms: list[Term], text: str, *, in_title: bool) -> None:
    readings = sought(text)
    if readings:
        terms.append(Term(readings, in_title))


def _apply(query: Query, operator: str, value: str, typed: str) -> None:
    """Take in an operator that does not speak of words."""
    if operator in ("since", "before"):
        day = read_date(value)
        if day is None:
            query.misread.append(typed)
        elif operator == "since":
            query.since = max(query.since or day, day)
        else:
            query.before = min(query.before or day, day)
        return
    if name := value.lstrip("@").strip():
        {"author": query.authors, "group": query.groups, "network": query.networks}[
            operator
        ].append(name)


def read_date(text: str) -> date | None:
    """The day that a date, a month or a year begins with; None for what is no date.

    People write `2026-11-23`, `2026-11`, `2026`, and in France `23/11/2026` or `11/2026`.
    """
    if found := _DATE.fullmatch(text):
        year, month, day = found.groups()
    elif found := _FRENCH_DATE.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        read = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    # Moments a day away from it exist in every zone.
    return read if date.min + timedelta(2) < read < date.max - timedelta(2) else None
