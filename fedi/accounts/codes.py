"""Codes that change every thirty seconds (TOTP, RFC 6238), and those for a lost telephone.

The secret is sealed.  Of the codes for later only keyed digests are stored: they are short enough
to be guessed by whoever could try them against a plain one.
"""

import hashlib
import hmac
import secrets

import pyotp
from sqlalchemy import delete, select

from fedi.accounts.models import Account, Authenticator
from fedi.accounts.recovery import tell_change
from fedi.core.errors import Conflict, Invalid, NotFound
from fedi.core.unit import Unit

STEP = 30
#: Clocks of telephones may be one step early or late.
DRIFT = 1
RECOVERY_CODES = 10
#: No letter or digit that is taken for another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_HALF = 5


async def find_authenticator(unit: Unit, account_id: int) -> Authenticator | None:
    """What gives a member their codes, confirmed or not."""
    query = select(Authenticator).where(Authenticator.account_id == account_id)
    return await unit.session.scalar(query)


async def _hold(unit: Unit, account_id: int) -> Authenticator | None:
    """The same, and nobody else takes a code of theirs before the unit ends."""
    query = select(Authenticator).where(Authenticator.account_id == account_id)
    return await unit.session.scalar(query.with_for_update())


async def asks_for_code(unit: Unit, account_id: int) -> bool:
    """Whether the member signs in with a code besides."""
    query = select(Authenticator.id).where(
        Authenticator.account_id == account_id, Authenticator.confirmed_at.is_not(None)
    )
    return await unit.session.scalar(query) is not None


async def begin_codes(unit: Unit, account: Account) -> None:
    """Make a secret for the member's telephone; nothing is asked before it gave a first code.

    Raises `Conflict` when codes are asked for already.
    """
    known = await _hold(unit, account.id)
    if known is not None and known.confirmed_at is not None:
        raise Conflict("you sign in with a code already", code="codes-on")
    await _forget(unit, account.id)
    unit.add(
        Authenticator(
            account_id=account.id,
            secret=unit.vault.seal(pyotp.random_base32().encode()),
            last_step=0,
            recovery=[],
            created_at=unit.now,
        )
    )


def secret_of(unit: Unit, authenticator: Authenticator) -> str:
    """The secret, in base 32, as one may type it."""
    return unit.vault.open(authenticator.secret).decode()


def address_of_secret(secret: str, email: str, network: str) -> str:
    """What a telephone reads: `otpauth://totp/…`."""
    address: str = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=network)
    return address


async def confirm_codes(unit: Unit, account: Account, code: str) -> list[str]:
    """Ask for codes from now on; returns those for later, which are shown this once.

    Raises `Invalid` when the code is not right, `NotFound` when nothing was begun.
    """
    authenticator = await _hold(unit, account.id)
    if authenticator is None or authenticator.confirmed_at is not None:
        raise NotFound("there is nothing to confirm")
    if not _take_step(unit, authenticator, _plain(code)):
        raise Invalid("this code is not right: wait for the next one", code="bad-code")
    authenticator.confirmed_at = unit.now
    await tell_change(unit, account, "codes")
    return _renew(unit, authenticator)


async def renew_recovery(unit: Unit, account_id: int) -> list[str]:
    """Other codes for later, in the place of those there were; `NotFound` without codes."""
    authenticator = await _hold(unit, account_id)
    if authenticator is None or authenticator.confirmed_at is None:
        raise NotFound("this member signs in without codes")
    return _renew(unit, authenticator)


async def take_code(unit: Unit, account_id: int, code: str) -> bool:
    """Whether this is a code of the member, of their telephone or for later; good once."""
    authenticator = await _hold(unit, account_id)
    if authenticator is None or authenticator.confirmed_at is None:
        return False
    plain = _plain(code)
    if _take_step(unit, authenticator, plain):
        return True
    made = _digest(unit, account_id, plain)
    if made not in authenticator.recovery:
        return False
    authenticator.recovery = [known for known in authenticator.recovery if known != made]
    return True


async def stop_codes(unit: Unit, account: Account) -> bool:
    """Ask for no code any more, and tell the member; whether one was asked for."""
    asked = await asks_for_code(unit, account.id)
    await _forget(unit, account.id)
    if asked:
        await tell_change(unit, account, "codes")
    return asked


async def _forget(unit: Unit, account_id: int) -> None:
    await unit.flush()
    query = delete(Authenticator).where(Authenticator.account_id == account_id)
    await unit.session.execute(query)


def _take_step(unit: Unit, authenticator: Authenticator, code: str) -> bool:
    made = pyotp.TOTP(secret_of(unit, authenticator), interval=STEP)
    current = int(unit.now.timestamp()) // STEP
    for step in range(current - DRIFT, current + DRIFT + 1):
        is_it = hmac.compare_digest(made.at(step * STEP).encode(), code.encode())
        if is_it and step > authenticator.last_step:
            authenticator.last_step = step
            return True
    return False


def _renew(unit: Unit, authenticator: Authenticator) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_HALF)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]
    account_id = authenticator.account_id
    authenticator.recovery = [_digest(unit, account_id, _plain(code)) for code in codes]
    return codes


def _plain(code: str) -> str:
    """A code as it is compared: people type spaces, dashes and capitals."""
    return "".join(code.split()).replace("-", "").lower()[:40]


def _digest(unit: Unit, account_id: int, code: str) -> str:
    key = unit.vault.key_for("recovery codes")
    return hmac.new(key, f"{account_id} {code}".encode(), hashlib.sha256).hexdigest()
