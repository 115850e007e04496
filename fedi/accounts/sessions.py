"""Sessions: a browser that signed in, for thirty days at most."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select, update

from actors.models import Actor
from fedi.accounts.models import Account, Session
from fedi.accounts.passwords import verify_password
from fedi.accounts.secrets import digest, new_secret
from fedi.core.db import Database
from fedi.core.errors import Unauthenticated
from fedi.core.unit import Unit

LASTS = timedelta(days=30)
IDLE = timedelta(days=14)
#: How stale `seen_at` may be: one write an hour, not one a page.
NOTICE = timedelta(hours=1)

_OPEN = (
    Account.disabled_at.is_(None),
    Actor.gone_at.is_(None),
    Actor.suspended_at.is_(None),
)


#: Put together once: that takes longer than to run it, and every page of a member asks.
_FIND = (
    select(Session, Account, Actor)
    .join(Account, Account.id == Session.account_id)
    .join(Actor, Actor.id == Account.actor_id)
    .where(
        Session.token_hash == bindparam("token_hash"),
        Session.expires_at > bindparam("now"),
        Session.seen_at > bindparam("idle_since"),
        *_OPEN,
    )
)


class Member(NamedTuple):
    """Who is signed in: the login, the person it speaks for, and when the browser last came."""

    account: Account
    actor: Actor
    seen_at: datetime


async def sign_in(
    db: Database,
    login: str,
    password: str,
    *,
    replaces: str | None = None,
    device: str | None = None,
) -> str:
    """Start a session for whoever knows the password; returns the value of its cookie.

    `login` is the e-mail address or the handle.  A session the browser had before is ended, so
    that a cookie planted in it is worth nothing.  Raises `Unauthenticated`, always with the same
    words and after the same work, when the two do not go together.
    """
    async with db.reading() as unit:
        account = await find_account(unit, login)
    stored = account.password_hash if account is not None else None
    if not await verify_password(password, stored) or account is None:
        raise Unauthenticated("the name and the password do not go together", code="bad-login")
    async with db.unit() as unit:
        if replaces is not None:
            await sign_out(unit, replaces)
        return start_session(unit, account, device=device)


def start_session(unit: Unit, account: Account, *, device: str | None = None) -> str:
    """Store a session of this account; returns the value of its cookie."""
    token = new_secret()
    unit.add(
        Session(
            token_hash=digest(token),
            account_id=account.id,
            created_at=unit.now,
            seen_at=unit.now,
            expires_at=unit.now + LASTS,
            proved_at=unit.now,
            device=device,
        )
    )
    return token


async def find_account(unit: Unit, login: str) -> Account | None:
    """The account with this e-mail address or handle, unless it is closed."""
    name = login.strip().lower().removeprefix("@")
    query = select(Account).join(Actor, Actor.id == Account.actor_id)
    query = query.where(*_OPEN)
    if "@" in name:
        by_email = await unit.session.scalar(query.where(Account.email == name))
        if by_email is not None or not name.endswith(f"@{unit.site.domain}"):
            return by_email
        name = name.partition("@")[0]
    return await unit.session.scalar(query.where(Actor.handle == name, Actor.role.is_not(None)))


async def find_session(unit: Unit, token: str) -> Member | None:
    """Who holds this cookie; nobody once the session is over, idle or its account closed."""
    asked = {"token_hash": digest(token), "now": unit.now, "idle_since": unit.now - IDLE}
    row = (await unit.session.execute(_FIND, asked)).one_or_none()
    if row is None:
        return None
    session, account, actor = row
    return Member(account, actor, session.seen_at)


async def note_use(unit: Unit, token: str) -> None:
    """Remember that the session is still in use."""
    query = update(Session).where(Session.token_hash == digest(token)).values(seen_at=unit.now)
    await unit.session.execute(query)


async def end_sessions(unit: Unit, account_id: int, *, but: str | None = None) -> None:
    """End every session of a member, but perhaps the one with this cookie."""
    await unit.flush()
    query = delete(Session).where(Session.account_id == account_id)
    if but is not None:
        query = query.where(Session.token_hash != digest(but))
    await unit.session.execute(query)


async def sign_out(unit: Unit, token: str) -> None:
    """End the session of this cookie, and forget those that are over."""
    await unit.session.execute(
        delete(Session).where(
            (Session.token_hash == digest(token)) | (Session.expires_at <= unit.now)
        )
    )
