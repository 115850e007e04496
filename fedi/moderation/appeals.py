"""Decisions, read by whoever they are about, who may answer once; another moderator judges.

The page of a decision is opened by its key alone, because a suspended member cannot sign in.
"""

from sys import maxsize

from sqlalchemy import and_, func, or_, select

from actors.models import Actor
from fedi.accounts.models import Account
from fedi.accounts.passwords import verify_password
from fedi.core.db import Database
from fedi.core.errors import Conflict, Forbidden, Invalid, NotFound
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.moderation.acts import APPEALABLE, account_of, act_on_person, act_on_post
from fedi.moderation.audit import record
from fedi.moderation.models import Act, Decision
from fedi.moderation.reports import clean_lines
from fedi.moderation.telling import tell_appeal

MAX_APPEAL = 4000

#: What is done when an appeal is granted.
_TAKEN_BACK_BY = {
    Act.HIDE: Act.RESTORE,
    Act.SILENCE: Act.UNSILENCE,
    Act.SUSPEND: Act.REINSTATE,
}


async def find_decision(unit: Unit, key: str) -> Decision:
    """The decision of that key; `NotFound` when there is none."""
    query = select(Decision).where(Decision.key == key)
    decision: Decision | None = await unit.session.scalar(query)
    if decision is None:
        raise NotFound("there is no such decision")
    return decision


async def standing_suspension(unit: Unit, actor_id: int) -> Decision | None:
    """Why a person is suspended, if moderators said so here."""
    query = (
        select(Decision)
        .where(
            Decision.actor_id == actor_id,
            Decision.act == Act.SUSPEND,
            Decision.ended_at.is_(None),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    )
    decision: Decision | None = await unit.session.scalar(query)
    return decision


async def suspension_of(db: Database, login: str, password: str) -> Decision | None:
    """Why somebody cannot sign in, told to whoever knows the password of a suspended member."""
    name = login.strip().lower().removeprefix("@").partition("@")[0]
    async with db.reading() as unit:
        query = (
            select(Account)
            .join(Actor, Actor.id == Account.actor_id)
            .where(
                Actor.suspended_at.is_not(None),
                or_(
                    Account.email == login.strip().lower(),
                    and_(Actor.handle == name, Actor.role.is_not(None)),
                ),
            )
            .limit(1)
        )
        account = await unit.session.scalar(query)
        decision = await standing_suspension(unit, account.actor_id) if account else None
    if account is None or decision is None:
        return None
    return decision if await verify_password(password, account.password_hash) else None


async def decisions_about(unit: Unit, actor_id: int) -> list[Decision]:
    """What was decided about a member and can be answered, the last first."""
    query = (
        select(Decision)
        .where(Decision.actor_id == actor_id, Decision.act.in_(APPEALABLE))
        .order_by(Decision.id.desc())
        .limit(50)
    )
    return list(await unit.session.scalars(query))


def may_appeal(decision: Decision) -> bool:
    """Whether the person concerned can still answer."""
    return decision.act in APPEALABLE and decision.appealed_at is None and decision.ended_at is None


async def appeal(unit: Unit, decision: Decision, text: str) -> None:
    """Answer a decision; it can be done once.

    Raises `Invalid` for an empty text and `Conflict` when it was done, or there is nothing to say.
    """
    if not may_appeal(decision):
        raise Conflict("this decision can no longer be answered", code="appealed")
    text = clean_lines(text.strip()[:MAX_APPEAL])
    if not text:
        raise Invalid("write what the moderators should know", code="no-text")
    decision.appeal, decision.appealed_at = text, unit.now


async def answer_appeal(
    unit: Unit, who: Account, decision: Decision, *, granted: bool, answer: str
) -> None:
    """Judge an appeal, and take the decision back if it is `granted`.

    Raises `Forbidden` to whoever decided unless there is nobody else, `Conflict` when it was
    judged already, `Invalid` without an answer.
    """
    if decision.appealed_at is None or decision.answered_at is not None:
        raise Conflict("nothing waits for an answer here", code="no-appeal")
    if decision.by_id == who.actor_id and await _others(unit, who):
        raise Forbidden("another moderator answers: you made this decision", code="own-decision")
    answer = clean_lines(answer.strip()[:MAX_APPEAL])
    if not answer:
        raise Invalid("tell in a sentence or two what was decided", code="no-answer")
    decision.answer, decision.answered_at = answer, unit.now
    decision.answered_by_id = who.actor_id
    if granted:
        await _take_back(unit, who, decision)
    else:
        await record(
            unit, who=who, act="refuse-appeal", target=decision.key, after="upheld", reason=answer
        )
    person = await unit.find(Actor, id=decision.actor_id) if decision.actor_id else None
    account = await account_of(unit, person) if person is not None else None
    if account is not None:
        await tell_appeal(unit, decision, account)


async def _take_back(unit: Unit, who: Account, decision: Decision) -> None:
    """Undo what was decided, as far as that goes: a warning and erased words are only withdrawn."""
    opposite, reason = _TAKEN_BACK_BY.get(decision.act), decision.answer or ""
    post = await unit.find(Post, id=decision.post_id) if decision.post_id else None
    person = await unit.find(Actor, id=decision.actor_id) if decision.actor_id else None
    if opposite is Act.RESTORE and post is not None and decision.ended_at is None:
        await act_on_post(unit, who, opposite, post, reason=reason)
    elif opposite is not None and person is not None and decision.ended_at is None:
        await act_on_person(unit, who, opposite, person, reason=reason)
    else:
        await record(
            unit, who=who, act="grant-appeal", target=decision.key, after="withdrawn", reason=reason
        )
    decision.ended_at = unit.now


async def _others(unit: Unit, who: Account) -> bool:
    query = select(Account.id).where(
        Account.id != who.id, Account.role != "member", Account.disabled_at.is_(None)
    )
    return await unit.session.scalar(query.limit(1)) is not None


async def list_decisions(unit: Unit, *, before: int | None, limit: int) -> list[Decision]:
    """What was decided, the last first; before a decision, or from the newest on."""
    older = select(Decision).where(Decision.id < (before or maxsize))
    query = older.order_by(Decision.id.desc()).limit(limit)
    return list(await unit.session.scalars(query))


async def waiting_appeals(unit: Unit, limit: int = 100) -> list[Decision]:
    """Appeals that nobody has answered yet, the oldest first."""
    query = (
        select(Decision)
        .where(Decision.appealed_at.is_not(None), Decision.answered_at.is_(None))
        .order_by(Decision.appealed_at)
        .limit(limit)
    )
    return list(await unit.session.scalars(query))


async def count_waiting(unit: Unit) -> int:
    """How many appeals wait."""
    query = (
        select(func.count())
        .select_from(Decision)
        .where(Decision.appealed_at.is_not(None), Decision.answered_at.is_(None))
    )
    return await unit.session.scalar(query) or 0
