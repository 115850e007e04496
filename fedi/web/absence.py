"""What readers should know when the origin of a debate is silent, or messages of it are missing."""

from dataclasses import dataclass

from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.gaps import missing_posts
from fedi.debates.models.thread import Thread
from fedi.debates.silence import absence_of_origin


@dataclass(frozen=True)
class Notice:
    """One line above a debate, or two."""

    presence: str  # silent, lost or closing; here, when only messages are missing
    host: str
    day: str  # since when, or when it closes
    missing: tuple[tuple[str, int], ...]  # by the servers that wrote them


async def read_notice(unit: Unit, thread: Thread, language: Language) -> Notice | None:
    """What to tell; None when nothing is the matter, as with every debate of our own."""
    if thread.origin == unit.site.url:
        return None
    absence = await absence_of_origin(unit, thread)
    missing = tuple((_host(gap.origin), gap.count) for gap in await missing_posts(unit, thread))
    if absence is None and not missing:
        return None
    host = _host(thread.origin)
    if absence is None:
        return Notice("here", host, "", missing)
    day = language.short_day(absence.since, unit.now)
    return Notice(absence.presence.value, host, day, missing)


def _host(origin: str) -> str:
    return origin.partition("://")[2]
