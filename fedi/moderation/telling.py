"""Letters of the moderation: to whoever it decides about, to whoever reported or answered.

A suspended member cannot sign in to read any of it, and a visitor has no page of their own.
"""

from fedi.accounts.letters import write_letter
from fedi.accounts.models import Account
from fedi.accounts.wording import DECISIONS, DEFAULT
from fedi.core.unit import Unit
from fedi.moderation.models import Decision, Report


async def tell_decision(unit: Unit, decision: Decision, account: Account) -> None:
    """Write to a member what was decided about them, why, and where they can answer."""
    what = DECISIONS[decision.act.value + ("-until" if decision.until is not None else "")]
    asked = account.language or DEFAULT
    spoken = asked if asked in what else DEFAULT
    await write_letter(
        unit,
        account,
        "decided",
        spoken,
        change=what[spoken].format(until=decision.until),
        word=decision.reason,
        link=_page(unit, decision),
    )


async def tell_appeal(unit: Unit, decision: Decision, account: Account) -> None:
    """Write to a member what became of their appeal."""
    words, link = decision.answer or "", _page(unit, decision)
    await write_letter(unit, account, "judged", word=words, link=link)


async def tell_reporter(unit: Unit, report: Report, account: Account | None) -> None:
    """Write to whoever reported what was decided.

    The address that a visitor left has served then, and is forgotten.
    """
    to, report.answer_to = account or report.answer_to, None
    if to:
        link = f"{unit.site.url}/reports/{report.key}"
        words = report.answer or ""
        language = report.language if account is None else None
        await write_letter(unit, to, "reported", language, word=words, link=link)


def _page(unit: Unit, decision: Decision) -> str:
    return f"{unit.site.url}/decisions/{decision.key}"
