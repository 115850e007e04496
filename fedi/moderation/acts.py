"""What moderators do to messages and to people: each act with its reason, its date, its record.

Whoever an act is about can read why, and answer once (`fedi.moderation.appeals`).
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from actors.models import Actor
from fedi.accounts.models import Account, AccountRole
from fedi.accounts.sessions import end_sessions
from fedi.core.errors import Conflict, Forbidden, Invalid
from fedi.core.node import Node
from fedi.core.tables import new_id
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.moderating import erase_post, hide_post, restore_post
from fedi.debates.notifications import notify
from fedi.debates.permissions import is_moderator
from fedi.debates.reshaping.lock import lock_thread, unlock_thread
from fedi.moderation.audit import record
from fedi.moderation.models import Act, Decision, Report
from fedi.moderation.telling import tell_decision

MAX_REASON = 500

#: What is done to a message, and what is done to a person.
TO_POSTS = (Act.HIDE, Act.RESTORE, Act.DELETE, Act.LOCK, Act.UNLOCK)
TO_PEOPLE = (Act.WARN, Act.SILENCE, Act.UNSILENCE, Act.SUSPEND, Act.REINSTATE)
#: What takes back what.
_OPPOSITES = {
    Act.RESTORE: Act.HIDE,
    Act.UNSILENCE: Act.SILENCE,
    Act.REINSTATE: Act.SUSPEND,
    Act.UNLOCK: Act.LOCK,
}
#: What the person concerned may answer.
APPEALABLE = frozenset({Act.HIDE, Act.DELETE, Act.WARN, Act.SILENCE, Act.SUSPEND})


def read_reason(text: str) -> str:
    """A reason on one line; `Invalid` without one: whoever it is about has a right to it."""
    reason = strip_controls(text)[:MAX_REASON]
    if not reason:
        raise Invalid("give the reason: it is told to whoever it is about", code="no-reason")
    return reason


async def act_on_post(
    unit: Unit, who: Account, act: Act, post: Post, *, reason: str, report: Report | None = None
) -> Decision:
    """Hide, restore or erase a message; or close or open again the debate in which it stands.

    Raises `Invalid` without a reason, `Conflict` when there is nothing to do, and `Forbidden`
    to whoever may not moderate that debate.
    """
    moderator = await _actor_of(unit, who)
    thread = await thread_of(unit, post)
    if not who.moderates and not await is_moderator(unit, thread.group_id, moderator):
        raise Forbidden("this debate is for others to moderate", code="not-a-moderator")
    reason = read_reason(reason)
    match act:
        case Act.HIDE:
            await hide_post(unit, moderator, post, reason)
        case Act.RESTORE:
            await restore_post(unit, moderator, post)
        case Act.DELETE:
            await erase_post(unit, moderator, post, reason)
        case Act.LOCK:
            await lock_thread(unit, moderator, thread, reason)
        case Act.UNLOCK:
            await unlock_thread(unit, moderator, thread)
        case _:
            raise Invalid("this is not done to a message", code="bad-act")
    author = await unit.find(Actor, id=post.author_id)
    await _end_opposite(unit, act, Decision.post_id == post.id)
    decision = _decide(unit, who, act, author, reason, report)
    decision.post_id = post.id
    await _tell(unit, decision, author)
    await record(unit, who=who, act=act.value, target=f"/posts/{post.key}", reason=reason)
    return decision


async def act_on_person(
    unit: Unit,
    who: Account,
    act: Act,
    person: Actor,
    *,
    reason: str,
    until: datetime | None = None,
    report: Report | None = None,
) -> Decision:
    """Warn a member; silence or suspend a person of any server, or take that back.

    `until` is for suspensions: without it they last.  Raises `Invalid` without a reason or for
    a date that has passed, `Conflict` when it is so already, and `Forbidden` where the rank of
    the person forbids it.
    """
    reason = read_reason(reason)
    if until is not None and (act is not Act.SUSPEND or until <= unit.now):
        raise Invalid("this date has passed", code="bad-until")
    await _check_rank(unit, who, person)
    before = _standing(person)
    await _PERSONAL[act](unit, person)
    await _end_opposite(unit, act, Decision.actor_id == person.id)
    decision = _decide(unit, who, act, person, reason, report)
    decision.until = until
    await _tell(unit, decision, person)
    await record(
        unit,
        who=who,
        act=act.value,
        target=f"@{person.acct}",
        before=before,
        after=_standing(person) + (f" until {until:%Y-%m-%d}" if until is not None else ""),
        reason=reason,
    )
    return decision


async def _check_rank(unit: Unit, who: Account, person: Actor) -> None:
    """Nobody judges themselves; moderators do not judge those who moderate."""
    if person.type in ("Group", "Application") and person.is_local:
        raise Forbidden("a group of ours is nobody to judge", code="our-group")
    if person.id == who.actor_id:
        raise Forbidden("nobody moderates themselves", code="oneself")
    account = await account_of(unit, person)
    if account is not None and account.moderates and not who.administers:
        raise Forbidden("only administrators judge those who moderate", code="rank")
    if account is not None and account.role is AccountRole.ADMINISTRATOR:
        raise Forbidden("take the role of administrator away first", code="rank")


async def account_of(unit: Unit, person: Actor) -> Account | None:
    """The login of a member; None for people of other servers."""
    if not person.is_local:
        return None
    account: Account | None = await unit.session.scalar(
        select(Account).where(Account.actor_id == person.id)
    )
    return account


async def _warn(unit: Unit, person: Actor) -> None:
    if not person.is_local:
        raise Invalid("only members of this network are warned", code="not-a-member")


async def _silence(unit: Unit, person: Actor) -> None:
    if person.silenced_at is not None:
        raise Conflict("this person is silenced already", code="silenced")
    person.silenced_at = unit.now
    await _list_debates(unit, person, listed=False)


async def _unsilence(unit: Unit, person: Actor) -> None:
    if person.silenced_at is None:
        raise Conflict("this person is not silenced", code="not-silenced")
    person.silenced_at = None
    await _list_debates(unit, person, listed=True)


async def _list_debates(unit: Unit, person: Actor, *, listed: bool) -> None:
    await unit.session.execute(
        update(Thread)
        .where(Thread.author_id == person.id, Thread.group_id.is_not(None), Thread.title != "")
        .values(listed=listed, changed_at=unit.now)
        .execution_options(synchronize_session=False)
    )


async def _suspend(unit: Unit, person: Actor) -> None:
    if person.suspended_at is not None:
        raise Conflict("this person is suspended already", code="suspended")
    person.suspended_at = unit.now
    _changed(unit, person)


async def _reinstate(unit: Unit, person: Actor) -> None:
    if person.suspended_at is None:
        raise Conflict("this person is not suspended", code="not-suspended")
    person.suspended_at = None
    _changed(unit, person)


def _changed(unit: Unit, person: Actor) -> None:
    person.updated_at, person.stamp = unit.now, new_id()
    unit.wake("policies", "networks", f"notifications/{person.id}")  # an open stream ends


_PERSONAL: Mapping[Act, Callable[[Unit, Actor], Awaitable[None]]] = {
    Act.WARN: _warn,
    Act.SILENCE: _silence,
    Act.UNSILENCE: _unsilence,
    Act.SUSPEND: _suspend,
    Act.REINSTATE: _reinstate,
}


def _standing(person: Actor) -> str:
    if person.suspended_at is not None:
        return "suspended"
    return "silenced" if person.silenced_at is not None else "in good standing"


async def _end_opposite(unit: Unit, act: Act, about: ColumnElement[bool]) -> None:
    """An act that takes another one back ends it."""
    if act in _OPPOSITES:
        await unit.flush()
        await unit.session.execute(
            update(Decision)
            .where(about, Decision.act == _OPPOSITES[act], Decision.ended_at.is_(None))
            .values(ended_at=unit.now)
            .execution_options(synchronize_session=False)
        )


def _decide(
    unit: Unit, who: Account, act: Act, person: Actor | None, reason: str, report: Report | None
) -> Decision:
    return unit.add(
        Decision(
            key=new_key(),
            act=act,
            made_at=unit.now,
            by_id=who.actor_id,
            role=who.role.value if who.moderates else "group",
            actor_id=person.id if person is not None else None,
            report_id=report.id if report is not None else None,
            reason=reason,
        )
    )


async def _tell(unit: Unit, decision: Decision, person: Actor | None) -> None:
    """Let a member know what they can answer, on their pages and by mail."""
    account = await account_of(unit, person) if person is not None else None
    if person is not None and account is not None and decision.act in APPEALABLE:
        notify(unit, to=person, kind="warning")
        await tell_decision(unit, decision, account)


async def _actor_of(unit: Unit, who: Account) -> Actor:
    actor = await unit.find(Actor, id=who.actor_id)
    if actor is None:
        raise LookupError("an account without its person")
    return actor


async def end_what_is_due(unit: Unit) -> int:
    """Let those in again whose suspension was until now; how many there were."""
    await unit.flush()
    query = select(Decision).where(
        Decision.until <= unit.now, Decision.ended_at.is_(None), Decision.act == Act.SUSPEND
    )
    due = list(await unit.session.scalars(query))
    for decision in due:
        decision.ended_at = unit.now
        person = await unit.find(Actor, id=decision.actor_id) if decision.actor_id else None
        if person is not None and person.suspended_at is not None:
            person.suspended_at = None
            _changed(unit, person)
            target = f"@{person.acct}"
            await record(unit, who=None, act="reinstate", target=target, reason="its time has come")
    return len(due)


async def lift_suspensions(node: Node) -> int:
    """Do that if there is anything to do; a glance that waits for no writer otherwise."""
    async with node.db.reading() as unit:
        query = select(Decision.id).where(Decision.until <= unit.now, Decision.ended_at.is_(None))
        if await unit.session.scalar(query.limit(1)) is None:
            return 0
    async with node.db.unit() as unit:
        return await end_what_is_due(unit)


async def change_role(unit: Unit, who: Account | None, person: Actor, role: AccountRole) -> None:
    """Say what a member may do for all; their sessions end, and they sign in anew.

    `who` is None for the command line.  Raises `Forbidden` for oneself, so that there is always
    somebody who administers, and `Invalid` for who is no member.
    """
    account = await account_of(unit, person)
    if account is None:
        raise Invalid("only members of this network have a role", code="not-a-member")
    if who is not None and account.id == who.id:
        raise Forbidden("nobody changes their own role", code="oneself")
    before, account.role = account.role, role
    await end_sessions(unit, account.id)  # what a session may do is fixed when it begins
    await record(
        unit,
        who=who,
        act="change-role",
        target=f"@{person.handle}",
        before=before.value,
        after=role.value,
    )
