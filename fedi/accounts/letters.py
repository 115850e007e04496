"""Letters: mails that are rows first, so that none is lost and none sent twice by a retry.

    write_letter(unit, account, "password", link="https://…")

They are queued with the unit that has a reason to write.  `fedi.accounts.mailer` sends them; on a
node without mail they wait, and administrators read the links in them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from actors.local import network_actor
from actors.models import Actor
from fedi.accounts.models import Account, Letter
from fedi.accounts.wording import DEFAULT, LETTERS, Words, word_letter
from fedi.core.mail import check_address
from fedi.core.text import strip_controls
from fedi.core.unit import Unit

#: Who listens for it sends what is due.
TOPIC = "letters"
#: Letters that one page of administrators lists.
LISTED = 100


@dataclass(frozen=True)
class Waiting:
    """A letter that was not sent yet, opened."""

    id: int
    recipient: str
    subject: str
    paragraphs: Sequence[str]
    link: str
    created_at: datetime
    attempts: int
    last_error: str | None


async def write_letter(
    unit: Unit,
    to: Account | str,
    template: str,
    language: str | None = None,
    **values: str,
) -> None:
    """Queue a letter to a member or to an address.

    `template` is one of `fedi.accounts.wording`, `values` what it names; `link` is an address of
    this site.  What people typed may be in it.  Raises `Invalid` for an address that is none.
    """
    recipient = to if isinstance(to, str) else to.email
    spoken = language or (None if isinstance(to, str) else to.language) or DEFAULT
    spoken = spoken if spoken in LETTERS[template] else DEFAULT
    network = await network_actor(unit)
    values = {name: strip_controls(value) for name, value in values.items()}
    name = "" if isinstance(to, str) else await _name(unit, to)
    common = {"name": name, "network": network.name, "site": unit.site.url, "link": ""}
    words = word_letter(template, spoken, common | values)
    body = {"paragraphs": list(words.paragraphs), "link": values.get("link", "")}
    unit.write(
        Letter,
        account_id=None if isinstance(to, str) else to.id,
        recipient=check_address(recipient),
        template=template,
        language=spoken,
        subject=words.subject,
        body=unit.vault.seal(json.dumps(body).encode()),
        created_at=unit.now,
        attempts=0,
        next_attempt_at=unit.now,
        locked_until=None,
        finished_at=None,
        last_error=None,
    )
    unit.wake(TOPIC)


async def _name(unit: Unit, account: Account) -> str:
    actor = await unit.find(Actor, id=account.actor_id)
    return actor.name if actor is not None else ""


def open_letter(unit: Unit, letter: Letter) -> Words:
    """What a letter says."""
    body = _opened(unit, letter)
    return Words(letter.subject, tuple(body["paragraphs"]))


async def list_waiting(unit: Unit) -> list[Waiting]:
    """Letters that were not sent, newest first, with their links: for administrators alone."""
    query = (
        select(Letter)
        .where(Letter.next_attempt_at.is_not(None), Letter.body.is_not(None))
        .order_by(Letter.next_attempt_at.desc())
        .limit(LISTED)
    )
    return [_show(unit, letter) for letter in await unit.session.scalars(query)]


def _show(unit: Unit, letter: Letter) -> Waiting:
    body = _opened(unit, letter)
    return Waiting(
        letter.id,
        letter.recipient,
        letter.subject,
        body["paragraphs"],
        body["link"],
        letter.created_at,
        letter.attempts,
        letter.last_error,
    )


def _opened(unit: Unit, letter: Letter) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads(unit.vault.open(letter.body)) if letter.body else {}
    return {"paragraphs": [], "link": ""} | found
