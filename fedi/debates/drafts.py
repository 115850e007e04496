"""What members have begun to write: kept here until it is published or thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import aliased

from actors.models import Actor
from fedi.core.errors import Invalid, NotFound
from fedi.core.html import MAX_CONTENT
from fedi.core.unit import Unit
from fedi.debates.addresses import KEY
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Draft
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import readable

#: The place of a debate that is not opened yet; replies have the key of what they answer.
DEBATE = "debate"
#: Fields that a draft may have, and what one that is not the text may hold.
MAX_FIELDS, MAX_LINE = 32, 2000


@dataclass(frozen=True, slots=True)
class Begun:
    """A draft, and the debate it is meant for unless it opens one."""

    place: str
    fields: Mapping[str, str]
    updated_at: datetime
    thread: Thread | None
    answers: str  # the name of whoever wrote the post it answers


async def keep_draft(unit: Unit, actor: Actor, place: str, fields: Mapping[str, str]) -> bool:
    """Keep what a member has written at a place so far, instead of what was kept before.

    Whether anything is kept: without a title and a text there is nothing.  Raises `NotFound` for
    a place that is none, `Invalid` for more than can be published.
    """
    if place != DEBATE and not await _is_answerable(unit, actor, place):
        raise NotFound("there is no such message here")
    text = fields.get("text", "")
    others = sum(len(name) + len(value) for name, value in fields.items()) - len(text)
    if len(text.encode("utf-8", "replace")) > MAX_CONTENT:
        raise Invalid("the text is too long", code="too-long")
    if len(fields) > MAX_FIELDS or others > MAX_FIELDS * MAX_LINE:
        raise Invalid("there is too much in this form", code="too-long")
    if not any(fields.get(name, "").strip() for name in ("title", "question", "text")):
        await discard_draft(unit, actor, place)
        return False
    draft = await _find(unit, actor, place)
    if draft is None:
        values = {"actor_id": actor.id, "place": place, "updated_at": unit.now}
        unit.write(Draft, fields=dict(fields), **values)
    else:
        draft.fields, draft.updated_at = dict(fields), unit.now
    return True


async def read_draft(unit: Unit, actor: Actor, place: str) -> Mapping[str, str]:
    """What a member has written at a place so far, by the names of its fields; often nothing."""
    draft = await _find(unit, actor, place)
    return draft.fields if draft is not None else {}


async def discard_draft(unit: Unit, actor: Actor, place: str) -> None:
    """Keep it no longer: it is published, or its author does not want it any more."""
    await unit.flush()
    await unit.session.execute(
        delete(Draft)
        .where(Draft.actor_id == actor.id, Draft.place == place)
        .execution_options(synchronize_session=False)
    )


async def list_drafts(unit: Unit, actor: Actor) -> list[Begun]:
    """All that a member has begun, what they wrote last first."""
    answered, author = aliased(Post), aliased(Actor)
    query = (
        select(Draft, Thread, author.name, author.handle)
        .outerjoin(answered, answered.key == Draft.place)
        .outerjoin(author, author.id == answered.author_id)
        .outerjoin(Thread, Thread.id == answered.thread_id)
        .where(Draft.actor_id == actor.id)
        .order_by(Draft.updated_at.desc(), Draft.id.desc())
    )
    return [
        Begun(draft.place, draft.fields, draft.updated_at, thread, name or handle or "")
        for draft, thread, name, handle in await unit.session.execute(query)
    ]


async def _is_answerable(unit: Unit, actor: Actor, key: str) -> bool:
    if not KEY.fullmatch(key):
        return False
    query = select(Post.id).where(Post.key == key, readable(actor.uri))
    return await unit.session.scalar(query) is not None


async def _find(unit: Unit, actor: Actor, place: str) -> Draft | None:
    await unit.flush()
    query = select(Draft).where(Draft.actor_id == actor.id, Draft.place == place)
    return (await unit.session.scalars(query)).one_or_none()
