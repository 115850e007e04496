"""Another e-mail address: confirmed where it leads, told where the member was reached before."""

from sqlalchemy import select

from fedi.accounts.letters import write_letter
from fedi.accounts.links import Purpose, drop_links, make_link, read_payload, use_link
from fedi.accounts.models import Account
from fedi.accounts.recovery import make_member_link, tell_change
from fedi.core.errors import Conflict, Gone, Invalid
from fedi.core.mail import check_address
from fedi.core.unit import Unit


async def ask_for_address(unit: Unit, account: Account, email: str) -> None:
    """Write to the address that a member wants to have; nothing changes before they answer.

    They are told the same when somebody else has it: who owns it is let in to their own account.
    Raises `Invalid` for an address that is none, or that they have.
    """
    email = check_address(email)
    if email == account.email:
        raise Invalid("this is your address already", code="same-address")
    owner = await unit.session.scalar(select(Account).where(Account.email == email))
    if owner is not None:
        link = make_member_link(unit, owner, Purpose.SIGN_IN)
        await write_letter(unit, owner, "already", link=link)
        return
    await drop_links(unit, account.id, Purpose.ADDRESS)
    payload = {"email": email, "before": account.email}
    token = make_link(unit, Purpose.ADDRESS, account_id=account.id, payload=payload)
    link = f"{unit.site.url}/address/{token}"
    await write_letter(unit, email, "address", account.language, link=link)


async def take_address(unit: Unit, token: str) -> Account:
    """Give the member the address whose link this is; links to the one before are void.

    Raises `NotFound` and `Gone` for the link, `Conflict` when somebody took the address meanwhile.
    """
    link = await use_link(unit, token, Purpose.ADDRESS)
    asked = read_payload(unit, link)
    account = await unit.session.scalar(select(Account).where(Account.id == link.account_id))
    if account is None or account.email != asked["before"] or account.disabled_at is not None:
        raise Gone("this link has been used or has expired", code="link-spent")
    email = asked["email"]
    if await unit.session.scalar(select(Account.id).where(Account.email == email)) is not None:
        raise Conflict("this e-mail address already has an account here", code="email-taken")
    await tell_change(unit, account, "address", to=asked["before"])
    account.email = email
    await drop_links(unit, account.id, Purpose.SIGN_IN, Purpose.PASSWORD, Purpose.SECOND_STEP)
    return account
