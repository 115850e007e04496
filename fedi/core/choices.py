"""What administrators choose on pages, in place of what the settings file says.

Nothing that ids are made of is here: domain, address and handle are the file's for ever.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from fedi.core.config import Config
from fedi.core.db import Database
from fedi.core.errors import Overloaded
from fedi.core.tables import Base
from fedi.core.unit import Unit

Registration = Literal["closed", "invite", "approval", "open"]
REGISTRATIONS: tuple[Registration, ...] = ("closed", "invite", "approval", "open")
#: The languages of the interface.
INTERFACE = ("fr", "en")

#: Seconds that a choice made in another process may go unnoticed, when its wake is lost.
LASTS = 10.0
WAKE = "settings"


class Setting(Base):
    """One thing that was chosen; what nobody chose has no row."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(unique=True)  # a field of `Choices`
    value: Mapped[str]  # JSON
    changed_at: Mapped[datetime]


@dataclass(frozen=True)
class Choices:
    """What holds now: chosen on a page, or as the settings file has it."""

    name: str
    summary: str
    languages: tuple[str, ...]  # the first is spoken to whoever names none
    theme: str
    registration: Registration
    logo: str = ""  # the path of an image; empty: the ornament that is drawn
    steps: tuple[str, ...] = ()  # of the set-up, those that are done


def written_in(config: Config) -> Choices:
    """What the settings file says."""
    network = config.network
    return Choices(
        network.name,
        network.summary,
        network.languages,
        network.theme,
        config.accounts.registration,
    )


async def read_choices(unit: Unit, config: Config) -> Choices:
    """What holds now, by the database; a key of a later version is passed over."""
    rows = await unit.session.execute(select(Setting.key, Setting.value))
    return with_chosen(written_in(config), {key: json.loads(value) for key, value in rows})


def with_chosen(choices: Choices, chosen: Mapping[str, Any]) -> Choices:
    """The choices with some of them made anew; lists are kept as tuples."""
    known = {key: value for key, value in chosen.items() if key in choices.__dataclass_fields__}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in known.items()
    }
    return replace(choices, **values)


async def choose(unit: Unit, **chosen: Any) -> None:
    """Keep these from now on, in every process once the unit has committed."""
    await unit.flush()
    rows = await unit.session.scalars(select(Setting).where(Setting.key.in_(chosen)))
    known = {row.key: row for row in rows}
    for key, value in chosen.items():
        text = json.dumps(value, ensure_ascii=False)
        if (row := known.get(key)) is None:
            unit.add(Setting(key=key, value=text, changed_at=unit.now))
        elif row.value != text:
            row.value, row.changed_at = text, unit.now
    unit.wake(WAKE)


class Chosen:
    """The choices as one process knows them, read again when one is heard of, and now and then.

    They cost no query in between.
    """

    def __init__(self, db: Database, config: Config) -> None:
        self._db, self._config = db, config
        self._until = 0.0
        self._changes = 0
        #: What was read last; the settings file's before anything was.
        self.now = written_in(config)
        db.signals.listen(WAKE, self._forget)

    async def refresh(self) -> Choices:
        """The choices of at most ten seconds ago."""
        if monotonic() >= self._until:
            changes, until = self._changes, monotonic() + LASTS
            with suppress(Overloaded):  # a database that is away changes nothing
                async with self._db.reading() as unit:
                    self.now = await read_choices(unit, self._config)
            if changes == self._changes:  # or else one was made that this reading may have missed
                self._until = until
        return self.now

    def _forget(self, _: str) -> None:
        self._until = 0.0
        self._changes += 1
