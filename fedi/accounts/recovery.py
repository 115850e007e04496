"""Signing in by a letter, and choosing a new password: for whom the password is not at hand."""

from sqlalchemy import select

from fedi.accounts.letters import write_letter
from fedi.accounts.links import Purpose, drop_links, make_link, read_payload, use_link
from fedi.accounts.models import Account
from fedi.accounts.sessions import end_sessions, find_account
from fedi.accounts.wording import CHANGES, DEFAULT
from fedi.core.errors import Gone
from fedi.core.mail import check_address
from fedi.core.unit import Unit

#: Where the link of a letter leads.
_PATHS = {Purpose.SIGN_IN: "enter", Purpose.PASSWORD: "password"}


async def ask_for_link(unit: Unit, email: str, purpose: Purpose, language: str) -> None:
    """Write to an address: the link for whoever has an account, a word for whoever has none.

    `purpose` is `SIGN_IN` or `PASSWORD`.  Raises `Invalid` for an address that is none.
    """
    email = check_address(email)
    account = await find_account(unit, email)
    if account is None:
        link = f"{unit.site.url}/"
        await write_letter(unit, email, "stranger", language, link=link)
        return
    link = make_member_link(unit, account, purpose)
    await write_letter(unit, account, purpose.value, language, link=link)


def make_member_link(unit: Unit, account: Account, purpose: Purpose) -> str:
    """The address at which a member signs in, or chooses a new password, once."""
    token = make_link(unit, purpose, account_id=account.id, payload={"email": account.email})
    return f"{unit.site.url}/{_PATHS[purpose]}/{token}"


async def open_member_link(unit: Unit, token: str, purpose: Purpose) -> Account:
    """The member whose link this is; it is spent.

    Raises `NotFound` and `Gone`, the latter also when the account is closed or has another address
    by now: who reads the old one's mail is not let in.
    """
    link = await use_link(unit, token, purpose)
    account = await unit.session.scalar(select(Account).where(Account.id == link.account_id))
    if account is None or await find_account(unit, account.email) is None:
        raise Gone("this link has been used or has expired", code="link-spent")
    if read_payload(unit, link).get("email") != account.email:
        raise Gone("this link has been used or has expired", code="link-spent")
    return account


async def set_password(unit: Unit, account: Account, password_hash: str) -> None:
    """Give a member another password: every session ends, every link to sign in is void.

    They are told by mail.
    """
    account.password_hash = password_hash
    await end_sessions(unit, account.id)
    await drop_links(unit, account.id, Purpose.SIGN_IN, Purpose.PASSWORD, Purpose.SECOND_STEP)
    await tell_change(unit, account, "password")


async def tell_change(unit: Unit, account: Account, change: str, to: str = "") -> None:
    """Write that something of their account changed, to a member or to the address they had."""
    asked = account.language or DEFAULT
    spoken = asked if asked in CHANGES[change] else DEFAULT
    link = f"{unit.site.url}/sign-in/link"
    words = CHANGES[change][spoken]
    await write_letter(unit, to or account, "changed", spoken, change=words, link=link)
