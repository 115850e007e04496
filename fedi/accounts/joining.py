"""Joining: asking for an account, confirming one's address, waiting for an answer.

Whoever asks is told the same whether their address is known here or not, and the node does the
same work: what differs is in the letter, which only the owner of the address reads.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import delete, exists, func, select, update

from actors.local import check_handle, get_local
from actors.models import Actor
from fedi.accounts.letters import write_letter
from fedi.accounts.links import Purpose, find_link, make_link, read_payload, use_link
from fedi.accounts.models import Account, Application, OneTimeLink
from fedi.accounts.signup import MAX_NAME, create_account
from fedi.core.errors import Conflict, Gone, Invalid
from fedi.core.mail import check_address
from fedi.core.text import strip_controls
from fedi.core.unit import Unit

MAX_REASON = 1000
MAX_USES, MAX_DAYS = 500, 90
#: Requests and invitations that one page of administrators lists.
LISTED = 200


@dataclass(frozen=True)
class Candidate:
    """Somebody who wants to join, as they filled in the form."""

    handle: str
    email: str
    password_hash: str
    name: str = ""
    language: str = ""
    reason: str = ""


async def ask_to_join(
    unit: Unit, candidate: Candidate, *, invitation: str = "", approval: bool = False
) -> None:
    """Write to the address of whoever wants to join; nothing else is kept until they answer.

    An `invitation` stands for the approval of an administrator, and may name the only address it
    is for.  Raises `Invalid` and `Conflict` for a name that cannot be had, `Invalid` for an
    address that is none, or without the reason that an approval needs.
    """
    email = check_address(candidate.email)
    await check_free(unit, candidate.handle)
    if approval and not candidate.reason:
        raise Invalid("say in a sentence why you would like to join", code="no-reason")
    if invitation:
        await find_link(unit, invitation, Purpose.INVITATION)
    known = await unit.session.scalar(select(Account).where(Account.email == email))
    if known is None:
        approved = {"invitation": invitation, "approval": "yes" if approval else ""}
        payload = asdict(candidate) | {"email": email} | approved
        token = make_link(unit, Purpose.JOINING, payload=payload)
        link = f"{unit.site.url}/confirm/{token}"
        await write_letter(unit, email, "joining", candidate.language, link=link)
    else:
        token = make_link(unit, Purpose.SIGN_IN, account_id=known.id, payload={"email": email})
        link = f"{unit.site.url}/enter/{token}"
        await write_letter(unit, email, "already", candidate.language, link=link)


async def check_free(unit: Unit, handle: str) -> None:
    """Raise `Invalid` or `Conflict` unless somebody new may take this name."""
    check_handle(handle)
    asked = select(exists().where(Application.handle == handle))
    if await get_local(unit, handle) is not None or await unit.session.scalar(asked):
        raise Conflict(f"the name {handle} is already taken")


async def confirm(unit: Unit, token: str) -> Account | None:
    """Make the account of whoever opened their link; None when an administrator has to answer.

    Raises `NotFound` and `Gone` for the link, or for the invitation, `Conflict` when the name was
    taken meanwhile.
    """
    asked = read_payload(unit, await use_link(unit, token, Purpose.JOINING))
    if asked.pop("approval"):
        asked.pop("invitation")
        await _wait(unit, Candidate(**asked))
        return None
    if invitation := asked.pop("invitation"):
        await use_link(unit, invitation, Purpose.INVITATION)
    return await _admit(unit, Candidate(**asked))


async def _wait(unit: Unit, candidate: Candidate) -> None:
    await check_free(unit, candidate.handle)
    asked = exists().where(Application.email == candidate.email)
    if await unit.session.scalar(select(asked)):
        raise Gone("this address has asked already", code="link-spent")
    unit.add(
        Application(
            **asdict(candidate)
            | {
                "name": strip_controls(candidate.name)[:MAX_NAME],
                "reason": candidate.reason[:MAX_REASON],
                "created_at": unit.now,
            }
        )
    )


async def _admit(unit: Unit, candidate: Candidate) -> Account:
    return await create_account(
        unit,
        handle=candidate.handle,
        email=candidate.email,
        password_hash=candidate.password_hash,
        display_name=candidate.name,
        language=candidate.language or None,
    )


# --- requests that wait ------------------------------------------------------------------


async def list_applications(unit: Unit) -> Sequence[Application]:
    """Who waits for an answer, who asked first first."""
    query = select(Application).order_by(Application.id).limit(LISTED)
    return (await unit.session.scalars(query)).all()


async def accept(unit: Unit, application: Application, word: str = "") -> Account:
    """Make the account, and write to its person; `Conflict` when the name was taken meanwhile."""
    account = await _admit(
        unit,
        Candidate(
            application.handle,
            application.email,
            application.password_hash,
            application.name,
            application.language or "",
        ),
    )
    link = f"{unit.site.url}/sign-in"
    await write_letter(unit, account, "accepted", link=link, word=word)
    await unit.session.execute(delete(Application).where(Application.id == application.id))
    return account


async def refuse(unit: Unit, application: Application, word: str) -> None:
    """Answer no, with a word; what they sent is forgotten."""
    await write_letter(unit, application.email, "refused", application.language, word=word)
    await unit.session.execute(delete(Application).where(Application.id == application.id))


# --- invitations -------------------------------------------------------------------------


def invite(unit: Unit, by: Account | None, *, uses: int = 1, days: int = 14) -> str:
    """Make an invitation; returns the path of its link, which is shown once.

    Raises `Invalid` for more uses or days than an invitation may have.
    """
    if not 1 <= uses <= MAX_USES:
        raise Invalid("an invitation serves 1 to 500 people", code="bad-uses")
    if not 1 <= days <= MAX_DAYS:
        raise Invalid("an invitation lasts 1 to 90 days", code="bad-days")
    account_id = by.id if by is not None else None
    lasts = timedelta(days=days)
    token = make_link(unit, Purpose.INVITATION, account_id=account_id, uses=uses, lasts=lasts)
    return f"/join/{token}"


async def list_invitations(unit: Unit) -> Sequence[OneTimeLink]:
    """Those that still let somebody in, newest first."""
    query = (
        select(OneTimeLink)
        .where(
            OneTimeLink.purpose == Purpose.INVITATION,
            OneTimeLink.uses_left > 0,
            OneTimeLink.expires_at > unit.now,
        )
        .order_by(OneTimeLink.id.desc())
        .limit(LISTED)
    )
    return (await unit.session.scalars(query)).all()


async def withdraw(unit: Unit, invitation_id: int) -> None:
    """Let an invitation let nobody in any more."""
    await unit.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == invitation_id, OneTimeLink.purpose == Purpose.INVITATION)
        .values(uses_left=0, used_at=unit.now)
    )


async def find_members(unit: Unit, words: str) -> Sequence[tuple[Account, Actor]]:
    """Members whose address, handle or name holds these words, newest first; all for none."""
    query = select(Account, Actor).join(Actor, Actor.id == Account.actor_id)
    if sought := words.strip().lower().removeprefix("@"):
        query = query.where(
            Account.email.contains(sought, autoescape=True)
            | Actor.handle.contains(sought, autoescape=True)
            | func.lower(Actor.name).contains(sought, autoescape=True)
        )
    found = await unit.session.execute(query.order_by(Account.id.desc()).limit(LISTED))
    return [(account, actor) for account, actor in found]
