"""Storing many rows of one table at the price of the database driver alone.

SQLAlchemy builds the parameters of each row through several layers, 15 µs of processor time
where a tuple takes 2.  Here it writes the statement once for each table and set of columns;
what its column types do to values is kept.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Table, insert

from fedi.core.tables import Base

Convert = Callable[[Any], Any]


class Insertion:
    """`INSERT INTO table (columns) VALUES (…)` in the words of one database."""

    def __init__(self, table: Table, columns: Sequence[str], dialect: Dialect) -> None:
        statement = dialect.statement_compiler(dialect, insert(table), column_keys=list(columns))
        self.text = str(statement)
        self._columns = statement.positiontup or columns
        self._converted = [
            (place, convert)
            for place, name in enumerate(self._columns)
            if (convert := _converter(table, name, dialect)) is not None
        ]

    def bind(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """The parameters of rows that have these very columns; raises `KeyError` for others."""
        bound = []
        for row in rows:
            values = [row[name] for name in self._columns]
            for place, convert in self._converted:
                values[place] = convert(values[place])
            bound.append(tuple(values))
        return bound


def _converter(table: Table, column: str, dialect: Dialect) -> Convert | None:
    return table.c[column].type.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=256)
def insertion_of(model: type[Base], columns: tuple[str, ...], dialect: Dialect) -> Insertion:
    """The statement that stores these columns of a table."""
    return Insertion(Base.metadata.tables[model.__tablename__], columns, dialect)
