"""Asking the index: one statement for SQLite, one for PostgreSQL, with the same outcome."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Select,
    Subquery,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.models.search import ActorWords, PostWords
from fedi.debates.search.index import ACTORS, POSTS, Index
from fedi.debates.search.matching import (
    names_to_fts5,
    names_to_tsquery,
    to_fts5,
    to_tsquery,
    words_to_tsquery,
)
from fedi.debates.search.query import Query

#: What a word of a title counts, beside one of a text.
TITLE, TEXT = 10.0, 1.0


def matches(unit: Unit, query: Query, marks: Sequence[Sequence[str]], limit: int) -> Subquery:
    """The newest posts that match, at most `limit`: `id`, and a `score` that is higher for better.

    The score is bm25 on SQLite, `ts_rank` on PostgreSQL, so it says something only beside others
    of the same question.
    """
    if _is_sqlite(unit):
        ranked = func.bm25(literal_column(POSTS.name), TITLE, TEXT, 0.0)
        found = _on_sqlite(POSTS, to_fts5(query, marks)).add_columns((-ranked).label("score"))
        return found.order_by(literal_column("rowid").desc()).limit(limit).subquery()
    weights: Any = literal_column(f"'{{{TEXT / TITLE},0,0,1}}'::float4[]")
    words = func.to_tsquery(_simple(), words_to_tsquery(query))
    ranked = func.ts_rank(weights, _vector(POSTS), words, 1)  # long texts have many words
    found = select(PostWords.id.label("id"), ranked.label("score"))
    found = found.where(_on_postgresql(POSTS, to_tsquery(query, marks)))
    return found.order_by(PostWords.id.desc()).limit(limit).subquery()


def named(unit: Unit, starts: Sequence[str], limit: int) -> Select[Actor]:
    """The actors whose names have words that begin so; at most `limit` are looked at."""
    if _is_sqlite(unit):
        found = _on_sqlite(ACTORS, names_to_fts5(starts)).order_by(literal_column("rowid").desc())
    else:
        condition = _on_postgresql(ACTORS, names_to_tsquery(starts))
        found = select(ActorWords.id).where(condition).order_by(ActorWords.id.desc())
    hits = found.limit(limit).subquery()
    return select(Actor).join(hits, hits.c.id == Actor.id)


def _on_sqlite(index: Index, match: str) -> Select[Any]:
    rows = table(index.name, column("rowid"))
    condition = text(f"{index.name} MATCH :match").bindparams(match=match)
    return select(rows.c.rowid.label("id")).where(condition)


def _on_postgresql(index: Index, match: str) -> Any:
    return _vector(index).op("@@")(func.to_tsquery(_simple(), match))


def _vector(index: Index) -> Any:
    return literal_column(f"{index.table.name}.vector")


def _simple() -> Any:
    return literal_column("'simple'::regconfig")


def _is_sqlite(unit: Unit) -> bool:
    return unit.session.get_bind().dialect.name == "sqlite"
