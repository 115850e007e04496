"""Sessions: a browser that signed in, for thirty days at most."""

from collections.abc import Sequence
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
#: For how long somebody who showed who they are may do what cannot be undone.
PROOF = timedelta(minutes=15)

_OPEN = (
    Account.disabled_at.is_(None),
    Account.leaving_at.is_(None),
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
    """Who is signed in: the login, the person it speaks for, and when the browser last came.

    `proved_at` is when whoever holds the session last showed who they are.
    """

    account: Account
    actor: Actor
    seen_at: datetime
    proved_at: datetime


async def recognise(db: Database, login: str, password: str) -> Account:
    """The account of whoever knows its password; `login` is the e-mail address or the handle.

    Raises `Unauthenticated`, always with the same words and after the same work, when the two do
    not go together.
    """
    async with db.reading() as unit:
        account = await find_account(unit, login)
    stored = account.password_hash if account is not None else None
    if not await verify_password(password, stored) or account is None:
        raise Unauthenticated("the name and the password do not go together", code="bad-login")
    return account


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
    return Member(account, actor, session.seen_at, session.proved_at)


async def note_use(unit: Unit, token: str) -> None:
    """Remember that the session is still in use."""
    query = update(Session).where(Session.token_hash == digest(token)).values(seen_at=unit.now)
    await unit.session.execute(query)


async def prove(unit: Unit, token: str) -> None:
    """Note that whoever holds this session has just shown who they are."""
    query = update(Session).where(Session.token_hash == digest(token)).values(proved_at=unit.now)
    await unit.session.execute(query)


async def list_sessions(unit: Unit, account_id: int) -> Sequence[Session]:
    """The browsers in which a member is signed in, the one used last first."""
    query = select(Session).where(
        Session.account_id == account_id,
        Session.expires_at > unit.now,
        Session.seen_at > unit.now - IDLE,
    )
    return (await unit.session.scalars(query.order_by(Session.seen_at.desc()))).all()


async def end_session(unit: Unit, account_id: int, session_id: int) -> None:
    """End one session of a member; those of others cannot be ended so."""
    await unit.session.execute(
        delete(Session).where(Session.id == session_id, Session.account_id == account_id)
    )


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
