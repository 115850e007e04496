"""Becoming a member: accounts, and the link that makes the first administrator."""

from sqlalchemy import select

from actors.local import create_actor
from actors.models import Role
from fedi.accounts.links import LASTS, Purpose, find_link, make_link, use_link
from fedi.accounts.models import Account, AccountRole, OneTimeLink
from fedi.accounts.passwords import hash_password
from fedi.core.errors import Conflict
from fedi.core.mail import check_address
from fedi.core.text import strip_controls
from fedi.core.unit import Unit

SETUP_LASTS = LASTS[Purpose.SETUP]
MAX_NAME = 100


async def create_account(
    unit: Unit,
    *,
    handle: str,
    email: str,
    password: str = "",
    password_hash: str = "",
    display_name: str = "",
    admin: bool = False,
    language: str | None = None,
) -> Account:
    """Make a login and the Person it speaks for; its password, or what was made of it before.

    Raises `Invalid` for a handle, an e-mail address or a password that cannot be, and
    `Conflict` when the handle or the address is taken.
    """
    email = check_email(email)
    await unit.flush()
    if await unit.session.scalar(select(Account.id).where(Account.email == email)) is not None:
        raise Conflict("this e-mail address already has an account here", code="email-taken")
    password_hash = password_hash or await hash_password(password)
    name = strip_controls(display_name).strip()[:MAX_NAME] or handle
    actor = await create_actor(unit, role=Role.PERSON, handle=handle, name=name, language=language)
    return unit.add(
        Account(
            actor_id=actor.id,
            email=email,
            password_hash=password_hash,
            role=AccountRole.ADMINISTRATOR if admin else AccountRole.MEMBER,
            language=language,
            created_at=unit.now,
        )
    )


def check_email(text: str) -> str:
    """Return the address as it is stored, in lower case; `Invalid` when it is none."""
    return check_address(text)


async def create_setup_link(unit: Unit) -> str:
    """Make the token of a link with which one person may become administrator, for a week."""
    return make_link(unit, Purpose.SETUP)


async def find_setup_link(unit: Unit, token: str) -> OneTimeLink:
    """The link of a token; `NotFound` when there is none, `Gone` once used or expired."""
    return await find_link(unit, token, Purpose.SETUP)


async def use_setup_link(unit: Unit, token: str) -> OneTimeLink:
    """Spend the link, with the unit that creates the account; raises as `find_setup_link`."""
    return await use_link(unit, token, Purpose.SETUP)
