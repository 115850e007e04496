"""People and groups that a member may want to name while they write."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.models.thread import Participation, Thread

#: Nobody speaks to these.
_SILENT = ("Application", "Service")
#: Letters that one has to give of somebody who is not in the debate: fewer say too little.
_ENOUGH = 2
#: Those who take part in a debate, among whom one is looked for by any word of their name.
_CROWD = 300
#: The last character there is: all that begins with a word sorts before the word and this.
_LAST = "\U0010ffff"
_MARKS = re.compile(r"[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who may be named."""

    mention: str  # as one writes it: `@name`, with `@host` for somebody elsewhere
    name: str


async def find_names(
    unit: Unit, start: str, *, thread: Thread | None = None, limit: int = 8
) -> list[Named]:
    """Whose handle or name begins so, among those known here.

    Those who take part in the thread come first, and are found by any word of their name,
    whatever its accents; then those of this node, then others.
    """
    start = start.strip().removeprefix("@")
    found: dict[int, Actor] = {}
    if thread is not None:
        met = await _participants(unit, thread)
        found |= {actor.id: actor for actor in met if _answers_to(actor, start)}
    if len(found) < limit and len(start) >= _ENOUGH:
        found |= {actor.id: actor for actor in await _known(unit, start, limit)}
    return [_named(actor) for actor in list(found.values())[:limit]]


async def _participants(unit: Unit, thread: Thread) -> Iterable[Actor]:
    query = (
        select(Actor)
        .join(Participation, Participation.actor_id == Actor.id)
        .where(Participation.thread_id == thread.id, _can_hear())
        .order_by(Participation.last_at.desc(), Actor.id)
        .limit(_CROWD)
    )
    return await unit.session.scalars(query)


async def _known(unit: Unit, start: str, limit: int) -> Iterable[Actor]:
    """By ranges of two indexes: handles are mostly written small, names with a capital."""
    begins = (
        and_(column >= word, column < word + _LAST)
        for column, word in (
            (Actor.handle, start.lower()),
            (Actor.handle, start),
            (Actor.name, start[:1].upper() + start[1:]),
        )
    )
    query = (
        select(Actor)
        .where(or_(*begins), _can_hear())
        .order_by(Actor.role.is_(None), Actor.handle, Actor.id)
        .limit(limit)
    )
    return await unit.session.scalars(query)


def _can_hear() -> ColumnElement[bool]:
    return and_(Actor.gone_at.is_(None), Actor.suspended_at.is_(None), Actor.type.not_in(_SILENT))


def _answers_to(actor: Actor, start: str) -> bool:
    words = [actor.handle, actor.name, *actor.name.split()]
    return any(_fold(word).startswith(_fold(start)) for word in words)


def _fold(text: str) -> str:
    """Without accents, in lower case."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()


def _named(actor: Actor) -> Named:
    mention = f"@{actor.handle if actor.is_local else actor.acct}"
    return Named(mention, actor.name or actor.handle)
