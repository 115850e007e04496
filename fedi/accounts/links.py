"""One-time links: a secret in an address that proves one thing, for a while.

A link is made for a purpose and opens nothing else.  Only its digest is stored, and what it
carries is sealed, so whoever reads the database alone can use none.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update

from fedi.accounts.models import OneTimeLink
from fedi.accounts.secrets import digest, new_secret
from fedi.core.errors import Gone, NotFound
from fedi.core.unit import Unit


class Purpose(StrEnum):
    """What a link is for."""

    SETUP = "setup"  # become the first administrator
    INVITATION = "invitation"  # join, made by a member
    JOINING = "joining"  # the address given by somebody who joins is theirs
    SIGN_IN = "sign-in"  # sign in without a password
    PASSWORD = "password"  # noqa: S105 - choose a new password
    ADDRESS = "address"  # the new address of a member is theirs
    SECOND_STEP = "second-step"  # the password was right, a code is missing
    CHALLENGE = "challenge"  # what a passkey has to sign


#: How long each lasts; invitations say so themselves.
LASTS: Mapping[Purpose, timedelta] = {
    Purpose.SETUP: timedelta(days=7),
    Purpose.INVITATION: timedelta(days=14),
    Purpose.JOINING: timedelta(days=2),
    Purpose.SIGN_IN: timedelta(minutes=30),
    Purpose.PASSWORD: timedelta(hours=2),
    Purpose.ADDRESS: timedelta(days=1),
    Purpose.SECOND_STEP: timedelta(minutes=10),
    Purpose.CHALLENGE: timedelta(minutes=5),
}


def make_link(
    unit: Unit,
    purpose: Purpose,
    *,
    account_id: int | None = None,
    payload: Mapping[str, str] | None = None,
    uses: int = 1,
    lasts: timedelta | None = None,
) -> str:
    """Store a link; returns the secret of its address, which is known to nobody afterwards."""
    token = new_secret()
    sealed = unit.vault.seal(json.dumps(dict(payload)).encode()) if payload else None
    unit.add(
        OneTimeLink(
            token_hash=digest(token),
            purpose=purpose,
            account_id=account_id,
            payload=sealed,
            uses_left=uses,
            created_at=unit.now,
            expires_at=unit.now + (lasts or LASTS[purpose]),
        )
    )
    return token


async def find_link(unit: Unit, token: str, purpose: Purpose) -> OneTimeLink:
    """The link of a secret; `NotFound` when there is none, `Gone` once used up or expired."""
    query = select(OneTimeLink).where(
        OneTimeLink.token_hash == digest(token), OneTimeLink.purpose == purpose
    )
    link = await unit.session.scalar(query)
    if link is None:
        raise NotFound("there is no such link")
    if link.uses_left < 1 or link.expires_at <= unit.now:
        raise Gone("this link has been used or has expired", code="link-spent")
    return link


async def use_link(unit: Unit, token: str, purpose: Purpose) -> OneTimeLink:
    """Use the link once, with the unit that does what it is for; raises as `find_link`.

    Of two who use the last time at once, one is told that it is spent.
    """
    link = await find_link(unit, token, purpose)
    await unit.flush()
    taken = await unit.session.scalar(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.uses_left > 0)
        .values(uses_left=OneTimeLink.uses_left - 1, used_at=unit.now)
        .returning(OneTimeLink.id)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise Gone("this link has been used or has expired", code="link-spent")
    return link


def read_payload(unit: Unit, link: OneTimeLink) -> dict[str, str]:
    """What the link carries."""
    if link.payload is None:
        return {}
    carried: dict[str, str] = json.loads(unit.vault.open(link.payload))
    return carried


async def drop_links(unit: Unit, account_id: int, *purposes: Purpose) -> None:
    """Let the links of a member for these purposes lead nowhere from now on."""
    await unit.flush()
    await unit.session.execute(
        delete(OneTimeLink).where(
            OneTimeLink.account_id == account_id, OneTimeLink.purpose.in_(purposes)
        )
    )
