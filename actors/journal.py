"""The federation journal: what was refused, ignored or given up, with whom, and why.

Causes are codes, so that the same trouble met a thousand times is one line with a count.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from actors.models import JournalEntry
from fedi.core.db import Database
from fedi.core.unit import Unit

Direction = Literal["in", "out"]

MAX_SUBJECT = 200
MAX_DETAIL = 500
#: The same trouble with the same server within this time is counted on one line.
TOGETHER = timedelta(hours=1)

#: Notes kept in memory between two flushes; when more kinds of trouble come, the oldest goes.
_MAX_NOTES = 1000

Key = tuple[Direction, str, str]
_MEMORY = "actors.journal:entries"


async def record(
    unit: Unit,
    *,
    direction: Direction,
    origin: str,
    code: str,
    subject: str,
    detail: str = "",
    count: int = 1,
) -> None:
    """Write that something went wrong with a server; `subject` names what it was about.

    The line keeps the subject and detail of the last time.  `origin` is empty when unknown.
    """
    entry = await _find(unit, (direction, origin, code))
    if entry is None:
        entry = unit.add(
            JournalEntry(direction=direction, origin=origin, code=code, count=0, first_at=unit.now)
        )
        _entries(unit)[direction, origin, code] = entry
    entry.count += count
    entry.last_at = unit.now
    entry.subject = _escape(subject)[:MAX_SUBJECT]
    entry.detail = _escape(detail)[:MAX_DETAIL]


async def _find(unit: Unit, key: Key) -> JournalEntry | None:
    known = _entries(unit)
    if key not in known:
        direction, origin, code = key
        query = (
            select(JournalEntry)
            .where(
                JournalEntry.origin == origin,
                JournalEntry.last_at > unit.now - TOGETHER,
                JournalEntry.code == code,
                JournalEntry.direction == direction,
            )
            .order_by(JournalEntry.last_at.desc())
            .limit(1)
        )
        known[key] = await unit.session.scalar(query)
    return known[key]


def _entries(unit: Unit) -> dict[Key, JournalEntry | None]:
    entries: dict[Key, JournalEntry | None] = unit.memory.setdefault(_MEMORY, {})
    return entries


def _escape(text: str) -> str:
    """Text that cannot disturb a terminal or a log file, whoever chose it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


@dataclass
class _Note:
    subject: str
    detail: str
    count: int = 0


class Journal:
    """Notes taken by the doors, without waiting; `flush` writes them.

    A door that is being flooded must not be slowed down by its own bookkeeping: what
    happens again between two flushes only adds to a number.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._notes: OrderedDict[Key, _Note] = OrderedDict()

    def note(
        self, *, direction: Direction, origin: str, code: str, subject: str, detail: str = ""
    ) -> None:
        """Remember that something went wrong; as `record`."""
        note = self._notes.setdefault((direction, origin, code), _Note(subject, detail))
        note.subject, note.detail = subject[:MAX_SUBJECT], detail[:MAX_DETAIL]
        note.count += 1
        if len(self._notes) > _MAX_NOTES:
            self._notes.popitem(last=False)

    async def flush(self) -> None:
        """Write what was noted since the last time, in one unit of its own.

        When that unit fails, the notes are kept for the next time.
        """
        if not self._notes:
            return
        notes, self._notes = self._notes, OrderedDict()
        try:
            async with self._db.unit() as unit:
                for (direction, origin, code), note in notes.items():
                    await record(
                        unit,
                        direction=direction,
                        origin=origin,
                        code=code,
                        subject=note.subject,
                        detail=note.detail,
                        count=note.count,
                    )
        except Exception:
            self._put_back(notes)
            raise

    def _put_back(self, notes: OrderedDict[Key, _Note]) -> None:
        newer, self._notes = self._notes, notes
        for key, note in newer.items():
            note.count += notes[key].count if key in notes else 0
            notes[key] = note
        while len(notes) > _MAX_NOTES:
            notes.popitem(last=False)


async def read_journal(
    unit: Unit, *, origin: str | None = None, since: datetime | None = None, limit: int = 100
) -> list[JournalEntry]:
    """The last lines of the journal, newest first; of one server when `origin` is given."""
    query = select(JournalEntry).order_by(JournalEntry.last_at.desc()).limit(limit)
    if origin is not None:
        query = query.where(JournalEntry.origin == origin)
    if since is not None:
        query = query.where(JournalEntry.last_at >= since)
    return list(await unit.session.scalars(query))
