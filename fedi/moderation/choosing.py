"""What administrators choose for the whole network: how it is called, how it looks, who may join,
which networks it follows.

What peers see of it is told to them; each verb leaves one entry in the audit log.
"""

import re
from collections.abc import Sequence
from typing import Any

from actors.followers import find_follow
from actors.local import network_actor, update_actor
from actors.models import Actor
from fedi.accounts.models import Account
from fedi.core.choices import INTERFACE, REGISTRATIONS, Choices, choose
from fedi.core.errors import Invalid
from fedi.core.images import Painted
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.debates.groups import follow_network
from fedi.debates.images import change_portrait
from fedi.moderation.audit import record
from outbox.introduction import introduce

MAX_NAME, MAX_SUMMARY = 200, 500
_COLOUR = re.compile(r"#?([0-9a-f]{6})")


async def change_choices(
    unit: Unit,
    who: Account,
    now: Choices,
    chosen: dict[str, Any],
    *,
    logo: Painted | None = None,
    step: str = "",
) -> None:
    """Choose some of what `Choices` holds, as `check_choices` gives it, in place of what is `now`.

    A `logo` is a new one; `chosen["logo"]` may be empty, for none.  `step` is the part of the
    set-up that is done with this.
    """
    network = await network_actor(unit)
    if logo is not None or "logo" in chosen:
        chosen = chosen | {"logo": await change_portrait(unit, network, logo)}
    steps = now.steps if step in ("", *now.steps) else (*now.steps, step)
    await choose(unit, **chosen, steps=steps)
    await _introduce(unit, network, chosen)
    await record(
        unit,
        who=who,
        act="choose",
        target=", ".join(chosen),
        before=_in_words({key: getattr(now, key) for key in chosen}),
        after=_in_words(chosen),
    )


async def _introduce(unit: Unit, network: Actor, chosen: dict[str, Any]) -> None:
    """Tell peers what they see of the network, if it is another now."""
    said: dict[str, Any] = {key: chosen[key] for key in ("name", "summary") if key in chosen}
    if "languages" in chosen:
        said["language"] = chosen["languages"][0]
    if "logo" in chosen:
        said["icon"] = unit.site.url + chosen["logo"] if chosen["logo"] else ""
    if any((getattr(network, key) or "") != value for key, value in said.items()):
        await update_actor(unit, network, **said)
        await introduce(unit, network)


def _in_words(values: dict[str, Any]) -> str:
    texts = {k: ", ".join(v) if isinstance(v, tuple) else v for k, v in values.items()}
    return "; ".join(text for text in texts.values() if text)


def check_choices(chosen: dict[str, Any]) -> dict[str, Any]:
    """The same, as it is kept; `Invalid` for what cannot be, with a code that names it."""
    checked = dict(chosen)
    for key, most in (("name", MAX_NAME), ("summary", MAX_SUMMARY)):
        if key in chosen:
            checked[key] = strip_controls(chosen[key]).strip()[:most]
    if checked.get("name") == "":
        raise Invalid("give the network a name", code="no-name")
    if "theme" in chosen:
        colour = _COLOUR.fullmatch(chosen["theme"].strip().lower())
        if colour is None:
            raise Invalid("write a colour as #0f6b5c: six digits or letters up to f", code="theme")
        checked["theme"] = f"#{colour[1]}"
    if "languages" in chosen and not set(chosen["languages"]) <= set(INTERFACE):
        raise Invalid("choose languages of this list", code="languages")
    if "registration" in chosen and chosen["registration"] not in REGISTRATIONS:
        raise Invalid("choose how people join", code="registration")
    return checked


async def follow_networks(
    unit: Unit, who: Account, now: Choices, targets: Sequence[Actor], *, step: str = ""
) -> None:
    """Ask networks for their debates; those that ours follows already are not asked again."""
    network = await network_actor(unit)
    for found in targets:
        target = await unit.find(Actor, id=found.id) or found
        known = await find_follow(unit, pair=(network, target))
        if known is None or known.accepted_at is None:
            await follow_network(unit, network, target)
    if step and step not in now.steps:
        await choose(unit, steps=(*now.steps, step))
    told = ", ".join(f"@{target.acct}" for target in targets)
    await record(unit, who=who, act="follow-networks", target=told)
