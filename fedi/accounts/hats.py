"""Hats: the places and networks a member speaks for.

A hat is a claim.  Who speaks for whom is for people to know, so it is shown as text, of members
and of peers alike, and gives nobody a right.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from fedi.accounts.models import Account
from fedi.core.errors import Conflict, Invalid
from fedi.core.text import strip_controls
from fedi.core.unit import Unit

MAX_HATS = 12
MAX_NAME = 80
MAX_PLACE = 60


@dataclass(frozen=True, slots=True)
class Hat:
    """A place or a network that somebody speaks for."""

    name: str
    place: str = ""
    link: str = ""  # its page, http or https; or empty

    @property
    def line(self) -> str:
        """How it is told: `La Fabrique, Lille`."""
        return f"{self.name}, {self.place}" if self.place else self.name

    @classmethod
    def read(cls, name: str, place: str = "", link: str = "") -> Self:
        """A hat of what somebody typed; `Invalid` without a name, or when something is too long."""
        name, place = strip_controls(name), strip_controls(place)
        if not name:
            raise Invalid("say the name of the place or of the network", code="no-hat")
        if len(name) > MAX_NAME or len(place) > MAX_PLACE:
            raise Invalid("this name is too long for a line", code="hat-too-long")
        return cls(name, place, link)


def hats_of(account: Account) -> list[Hat]:
    """Those of a member, in the order in which they were added."""
    return [Hat(**hat) for hat in account.hats]


def worn_by(account: Account) -> Hat | None:
    """The one the member chose last; None when they spoke for nobody."""
    return find_hat(account, account.hat or "")


def find_hat(account: Account, line: str) -> Hat | None:
    """The member's hat that is told like this."""
    return next((hat for hat in hats_of(account) if hat.line == line), None)


async def add_hat(unit: Unit, account_id: int, hat: Hat) -> Account:
    """Add one to the list; the caller publishes the profile.

    Raises `Conflict` when it is there already, `Invalid` when there are too many.
    """
    account = await _account(unit, account_id)
    hats = hats_of(account)
    if any(known.line == hat.line for known in hats):
        raise Conflict("you speak for it already", code="same-hat")
    if len(hats) >= MAX_HATS:
        raise Invalid("a dozen is enough: remove one first", code="many-hats")
    return _store(account, [*hats, hat])


async def remove_hat(unit: Unit, account_id: int, line: str) -> Account:
    """Take one off the list; messages that were written with it keep it."""
    account = await _account(unit, account_id)
    if account.hat == line:
        account.hat = None
    return _store(account, [hat for hat in hats_of(account) if hat.line != line])


async def put_on(unit: Unit, account_id: int, line: str) -> Hat | None:
    """Choose a hat for what is written now, and for what comes next; empty for none.

    What is no hat of the member is none.
    """
    account = await _account(unit, account_id)
    hat = find_hat(account, line)
    worn = hat.line if hat is not None else None
    if account.hat != worn:
        account.hat = worn
    return hat


async def _account(unit: Unit, account_id: int) -> Account:
    account = await unit.find(Account, id=account_id)
    if account is None:
        raise LookupError(f"there is no account {account_id}")
    return account


def _store(account: Account, hats: Sequence[Hat]) -> Account:
    account.hats = [asdict(hat) for hat in hats]
    return account
