"""Becoming a member: accounts, and the link that makes the first administrator."""

import re
from datetime import timedelta

from sqlalchemy import select

from actors.local import create_actor
from actors.models import Role
from fedi.accounts.models import Account, AccountRole, OneTimeLink
from fedi.accounts.passwords import hash_password
from fedi.accounts.secrets import digest, new_secret
from fedi.core.errors import Conflict, Gone, Invalid, NotFound
from fedi.core.text import strip_controls
from fedi.core.unit import Unit

SETUP = "setup"
SETUP_LASTS = timedelta(days=7)
MAX_NAME = 100
MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3

_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)*")


async def create_account(
    unit: Unit,
    *,
    handle: str,
    email: str,
    password: str,
    display_name: str = "",
    admin: bool = False,
    language: str | None = None,
) -> Account:
    """Make a login and the Person it speaks for.

    Raises `Invalid` for a handle, an e-mail address or a password that cannot be, and
    `Conflict` when the handle or the address is taken.
    """
    email = check_email(email)
    await unit.flush()
    if await unit.session.scalar(select(Account.id).where(Account.email == email)) is not None:
        raise Conflict("this e-mail address already has an account here", code="email-taken")
    password_hash = await hash_password(password)
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
    email = text.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise Invalid("this e-mail address cannot be right", code="bad-email")
    return email


async def create_setup_link(unit: Unit) -> str:
    """Make the token of a link with which one person may become administrator, for a week."""
    token = new_secret()
    unit.add(
        OneTimeLink(
            token_hash=digest(token),
            purpose=SETUP,
            created_at=unit.now,
            expires_at=unit.now + SETUP_LASTS,
        )
    )
    return token


async def find_setup_link(unit: Unit, token: str) -> OneTimeLink:
    """The link of a token; `NotFound` when there is none, `Gone` once used or expired."""
    query = select(OneTimeLink).where(
        OneTimeLink.token_hash == digest(token), OneTimeLink.purpose == SETUP
    )
    link = await unit.session.scalar(query)
    if link is None:
        raise NotFound("there is no such link")
    if link.used_at is not None or link.expires_at <= unit.now:
        raise Gone("this link has been used or has expired", code="link-spent")
    return link


async def use_setup_link(unit: Unit, token: str) -> OneTimeLink:
    """Spend the link, with the unit that creates the account; raises as `find_setup_link`."""
    link = await find_setup_link(unit, token)
    link.used_at = unit.now
    return link
