"""Entering: what follows the right password or the right link, at once or after a code."""

from typing import NamedTuple

from sqlalchemy import select

from fedi.accounts.codes import asks_for_code, take_code
from fedi.accounts.links import Purpose, drop_links, find_link, make_link, use_link
from fedi.accounts.models import Account
from fedi.accounts.sessions import find_account, sign_out, start_session
from fedi.core.errors import Gone
from fedi.core.unit import Unit

#: Codes that may be tried before one has to begin again.
TRIES = 5


class Entry(NamedTuple):
    """The value of a cookie, or the secret of the step that is missing: one of them is empty."""

    session: str = ""
    step: str = ""


async def let_in(
    unit: Unit, account: Account, *, replaces: str | None = None, device: str | None = None
) -> Entry:
    """Start a session, or ask for a code first when the member wants to be asked.

    A session that the browser had before is ended, so that a cookie planted in it is worth nothing.
    """
    if await asks_for_code(unit, account.id):
        step = make_link(unit, Purpose.SECOND_STEP, account_id=account.id, uses=TRIES)
        return Entry(step=step)
    return Entry(session=await enter(unit, account, replaces=replaces, device=device))


async def enter(
    unit: Unit, account: Account, *, replaces: str | None = None, device: str | None = None
) -> str:
    """Start a session for whoever has shown all that is asked; returns the value of its cookie."""
    if replaces is not None:
        await sign_out(unit, replaces)
    return start_session(unit, account, device=device)


async def who_steps(unit: Unit, step: str) -> int:
    """Whose missing step this is; raises as `find_link`."""
    link = await find_link(unit, step, Purpose.SECOND_STEP)
    return link.account_id or 0


async def take_second_step(unit: Unit, step: str, code: str) -> Account | None:
    """The member whose code this is; None for a wrong one, which counts, so keep the unit.

    Raises `NotFound` and `Gone` once the step is over, and when the account was closed meanwhile.
    """
    link = await use_link(unit, step, Purpose.SECOND_STEP)
    account = await unit.session.scalar(select(Account).where(Account.id == link.account_id))
    if account is None or await find_account(unit, account.email) is None:
        raise Gone("this link has been used or has expired", code="link-spent")
    if not await take_code(unit, account.id, code):
        return None
    await drop_links(unit, account.id, Purpose.SECOND_STEP)
    return account
