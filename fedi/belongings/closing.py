"""Closing an account: a month to think it over, out of sight meanwhile, then it is erased."""

from datetime import timedelta

import structlog
from sqlalchemy import func, select

from actors.models import Actor
from fedi.accounts.models import Account, AccountRole
from fedi.accounts.passwords import verify_password
from fedi.accounts.sessions import end_sessions
from fedi.core.db import Database
from fedi.core.errors import Conflict, NotFound
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.moderation.audit import record
from fedi.moderation.models import Act, Decision

log = structlog.get_logger()

#: For how long whoever left can come back.
GRACE = timedelta(days=30)


async def close_account(unit: Unit, account_id: int, *, who: Account | None) -> Account:
    """Hide a member and sign them out; a month later they are erased, unless they come back.

    `who` is the member, None for the command line.  Raises `Conflict` when it is closed already
    and for the last administrator, and `NotFound` without such an account.
    """
    account, actor = await _found(unit, account_id)
    if account.leaving_at is not None:
        raise Conflict("this account is closed already", code="closed")
    if account.administers and await _administrators(unit) < 2:
        raise Conflict("somebody else must administer this site before you leave", code="last-one")
    account.leaving_at = unit.now + GRACE
    if actor.suspended_at is None:
        actor.suspended_at = unit.now
    _changed(unit, actor)
    await end_sessions(unit, account.id)
    await record(unit, who=who, act="close-account", target=f"@{actor.handle}")
    return account


async def reopen_account(unit: Unit, account_id: int) -> None:
    """Let a member come back as they were, but for a suspension by the moderators."""
    account, actor = await _found(unit, account_id)
    if account.leaving_at is None or account.leaving_at <= unit.now:
        raise Conflict("this account is not waiting to be erased", code="not-leaving")
    account.leaving_at = None
    query = select(Decision.id).where(
        Decision.actor_id == actor.id, Decision.act == Act.SUSPEND, Decision.ended_at.is_(None)
    )
    if await unit.session.scalar(query.limit(1)) is None:
        actor.suspended_at = None
        _changed(unit, actor)


async def come_back(db: Database, login: str, password: str) -> bool:
    """Reopen the account of whoever knows its password; whether there was one to reopen.

    It does no more: they still sign in as everybody does.
    """
    name = login.strip().lower().removeprefix("@")
    handle = name.partition("@")[0]
    async with db.reading() as unit:
        query = select(Account).join(Actor, Actor.id == Account.actor_id)
        query = query.where(Account.leaving_at > unit.now, Account.disabled_at.is_(None))
        account = await unit.session.scalar(query.where(Account.email == name))
        if account is None and (handle == name or name.endswith(f"@{unit.site.domain}")):
            account = await unit.session.scalar(
                query.where(Actor.handle == handle, Actor.role.is_not(None))
            )
    if account is None or not await verify_password(password, account.password_hash):
        return False
    async with db.unit() as unit:
        await reopen_account(unit, account.id)
    return True


async def _found(unit: Unit, account_id: int) -> tuple[Account, Actor]:
    account = await unit.find(Account, id=account_id)
    actor = await unit.find(Actor, id=account.actor_id) if account is not None else None
    if account is None or actor is None:
        raise NotFound("there is no such account")
    return account, actor


async def _administrators(unit: Unit) -> int:
    query = select(func.count()).select_from(Account)
    query = query.where(
        Account.role == AccountRole.ADMINISTRATOR,
        Account.disabled_at.is_(None),
        Account.leaving_at.is_(None),
    )
    return await unit.session.scalar(query) or 0


def _changed(unit: Unit, actor: Actor) -> None:
    actor.updated_at, actor.stamp = unit.now, new_id()
    unit.wake("policies", "networks")
