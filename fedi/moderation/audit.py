"""The audit log: who did what for the node, in a chain that shows when somebody changed it.

Each entry holds the digest of the one before.  Whoever can write to the database could make the
whole chain anew, so its end is worth noting elsewhere: `fedi audit verify` prints it.
"""

import hashlib
from datetime import UTC

from sqlalchemy import func, select

from actors.models import Actor
from fedi.accounts.models import Account
from fedi.core.errors import FediError
from fedi.core.jsonld import dumps
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.moderation.models import AuditEntry

#: What precedes the first entry.
NOTHING = bytes(32)
#: Letters kept of each thing that is told.
MAX_TOLD = 1000

#: PostgreSQL lets two transactions read the same end of the chain; with this lock they take turns.
_LOCK = 0x6175646974
_LAST = "fedi.moderation.audit:last"
_PART = 500


class Tampered(FediError):
    """The audit log is not as it was written."""

    code = "audit-tampered"


async def record(
    unit: Unit,
    *,
    who: Account | None,
    act: str,
    target: str,
    before: str = "",
    after: str = "",
    reason: str = "",
) -> AuditEntry:
    """Write what was done, in the unit that does it; `who` is None for the command line.

    `act` is a code such as `suspend`, `target` what it was done to: a handle, a host, the name of
    a setting.  Never a secret, an e-mail address, or the words of a message.
    """
    last = await _end_of_chain(unit)
    entry = AuditEntry(
        number=last.number + 1 if last is not None else 1,
        at=unit.now,
        who=await _handle(unit, who),
        role=who.role.value if who is not None else "",
        act=act,
        target=_told(target),
        before=_told(before),
        after=_told(after),
        reason=_told(reason),
        previous=last.digest if last is not None else NOTHING,
    )
    entry.digest = digest_of(entry)
    unit.memory[_LAST] = unit.add(entry)
    return entry


async def _end_of_chain(unit: Unit) -> AuditEntry | None:
    if _LAST in unit.memory:
        known: AuditEntry = unit.memory[_LAST]
        return known
    if unit.session.get_bind().dialect.name == "postgresql":
        await unit.session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)
    last: AuditEntry | None = await unit.session.scalar(query)
    return last


async def _handle(unit: Unit, who: Account | None) -> str:
    if who is None:
        return ""
    actor = await unit.find(Actor, id=who.actor_id)
    return actor.handle if actor is not None else ""


async def handle_of(unit: Unit, account: Account) -> str:
    """A member, as the log names those to whom something was done: never by their address."""
    return f"@{await _handle(unit, account)}"


def _told(text: str) -> str:
    return strip_controls(text)[:MAX_TOLD]


def digest_of(entry: AuditEntry) -> bytes:
    """SHA-256 of the digest before and of everything that the entry says."""
    said = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "who": entry.who,
        "role": entry.role,
        "act": entry.act,
        "target": entry.target,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
    }
    return hashlib.sha256(entry.previous + dumps(said)).digest()


async def verify(unit: Unit) -> tuple[int, bytes]:
    """How many entries there are, and the digest of the last; `Tampered` where the chain breaks."""
    count, digest = 0, NOTHING
    while True:
        query = (
            select(AuditEntry)
            .where(AuditEntry.number > count)
            .order_by(AuditEntry.number)
            .limit(_PART)
        )
        entries = (await unit.session.scalars(query)).all()
        if not entries:
            return count, digest
        for entry in entries:
            if entry.number != count + 1:
                raise Tampered(f"entry {count + 1} of the audit log is missing")
            if entry.previous != digest or entry.digest != digest_of(entry):
                raise Tampered(f"entry {entry.number} of the audit log is not as it was written")
            count, digest = entry.number, entry.digest
