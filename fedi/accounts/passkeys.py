"""Passkeys: keys that members' devices keep, and that sign them in without a word.

The challenge is the secret of a one-time link: made here, known to one browser, good once and for
five minutes.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from sqlalchemy import delete, select

from fedi.accounts.links import Purpose, make_link, use_link
from fedi.accounts.models import Account, Passkey
from fedi.accounts.recovery import tell_change
from fedi.accounts.sessions import find_account
from fedi.core.errors import Conflict, Forbidden, Unauthenticated
from fedi.core.text import strip_controls
from fedi.core.unit import Unit

MAX_PASSKEYS = 12
MAX_NAME = 60


async def load() -> None:
    """Load what reads passkeys, beside the loop: it takes a while the first time."""
    await asyncio.to_thread(_ceremonies)


def _ceremonies() -> Any:
    return import_module("fedi.accounts.ceremonies")


def _party(unit: Unit, network: str = "") -> Any:
    host = unit.site.origin.host
    return _ceremonies().Party(host, unit.site.url, network)


async def list_passkeys(unit: Unit, account_id: int) -> Sequence[Passkey]:
    """Those of a member, the oldest first."""
    query = select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)
    return (await unit.session.scalars(query)).all()


async def begin_passkey(unit: Unit, account: Account, name: str, network: str) -> tuple[str, str]:
    """The challenge for a new key, and what the browser is asked, as JSON.

    `name` is how the member is called.  Raises `Conflict` when they have enough.
    """
    known = await list_passkeys(unit, account.id)
    if len(known) >= MAX_PASSKEYS:
        raise Conflict("a dozen passkeys is enough: remove one first", code="many-passkeys")
    challenge = make_link(unit, Purpose.CHALLENGE, account_id=account.id)
    key = unit.vault.key_for("passkeys")
    handle = hmac.new(key, str(account.id).encode(), hashlib.sha256).digest()
    ids = [each.credential_id for each in known]
    party, names = _party(unit, network), (account.email, name)
    asked = _ceremonies().ask_to_make(party, challenge.encode(), handle, names, ids)
    return challenge, asked


async def add_passkey(
    unit: Unit, account: Account, challenge: str, credential: str, name: str
) -> Passkey:
    """Keep the key that answered, and tell the member.

    Raises `Invalid` when it did not answer this challenge, `NotFound` and `Gone` for the challenge,
    `Forbidden` for that of somebody else, `Conflict` for a key that is known.
    """
    link = await use_link(unit, challenge, Purpose.CHALLENGE)
    if link.account_id != account.id:
        raise Forbidden("this was asked of somebody else", code="bad-challenge")
    made = _ceremonies().read_made(_party(unit), challenge.encode(), credential)
    query = select(Passkey.id).where(Passkey.credential_id == made.credential_id)
    if await unit.session.scalar(query) is not None:
        raise Conflict("this passkey is known already", code="same-passkey")
    await tell_change(unit, account, "passkey")
    return unit.add(
        Passkey(
            account_id=account.id,
            **made._asdict(),
            name=strip_controls(name)[:MAX_NAME],
            created_at=unit.now,
        )
    )


async def remove_passkey(unit: Unit, account_id: int, passkey_id: int) -> None:
    """Forget a key of a member; those of others cannot be forgotten so."""
    await unit.session.execute(
        delete(Passkey).where(Passkey.id == passkey_id, Passkey.account_id == account_id)
    )


async def begin_signing(unit: Unit) -> tuple[str, str]:
    """A challenge for any key of this node, and what the browser is asked, as JSON."""
    challenge = make_link(unit, Purpose.CHALLENGE)
    asked = _ceremonies().ask_to_sign(_party(unit), challenge.encode())
    return challenge, asked


async def whose_passkey(unit: Unit, challenge: str, credential: str) -> Account:
    """The member whose key signed the challenge, which is spent then.

    Raises `NotFound` and `Gone` for the challenge, and `Unauthenticated`, always with the same
    words, for anything else.
    """
    link = await use_link(unit, challenge, Purpose.CHALLENGE)
    ceremonies, party = _ceremonies(), _party(unit)
    query = select(Passkey).where(Passkey.credential_id == ceremonies.which_key(credential))
    passkey = await unit.session.scalar(query.with_for_update())
    refused = Unauthenticated(
        "this passkey could not be used: try again, or sign in another way", code="bad-passkey"
    )
    if passkey is None or link.account_id is not None:
        raise refused
    key = ceremonies.Made(passkey.credential_id, passkey.public_key, passkey.sign_count)
    count = ceremonies.count_signed(party, challenge.encode(), credential, key)
    account = await unit.session.scalar(select(Account).where(Account.id == passkey.account_id))
    if count is None or account is None or await find_account(unit, account.email) is None:
        raise refused
    passkey.sign_count, passkey.used_at = count, unit.now
    return account
