"""What a member says about themselves, here and on other servers."""

from html import escape
from typing import Any

from actors.local import update_actor
from actors.models import Actor
from fedi.accounts.hats import Hat, hats_of
from fedi.accounts.models import Account
from fedi.accounts.signup import MAX_NAME
from fedi.core.errors import Invalid
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from outbox.introduction import introduce

MAX_SUMMARY = 1000

#: How the places are introduced in the table that Mastodon shows beside a name.
_SPEAKS_FOR = {"fr": "Parle pour", "en": "Speaks for"}


async def describe(
    unit: Unit,
    account: Account,
    *,
    name: str | None = None,
    summary: str | None = None,
    icon: str | None = None,
    discoverable: bool | None = None,
    indexable: bool | None = None,
    approves_followers: bool | None = None,
) -> Actor:
    """Change what a member says about themselves, and tell their followers and our network's.

    What is not given stays; an empty `icon` takes the portrait away.  The hats are those of the
    account as it is now.  `discoverable` consents to being shown in lists of people, `indexable`
    to being found in full text (FEP-5feb); with `approves_followers` nobody follows them unasked.
    Nothing is published when nothing changed.  Raises `Invalid` for a text that is too long.
    """
    actor = await unit.find(Actor, id=account.actor_id)
    if actor is None:
        raise LookupError(f"the account {account.id} speaks for nobody")
    name = actor.name if name is None else strip_controls(name) or actor.handle
    summary = actor.summary if summary is None else summary.strip()
    if len(name) > MAX_NAME:
        raise Invalid("this name is too long for a line", code="name-too-long")
    if len(summary) > MAX_SUMMARY:
        raise Invalid("this text is too long for a profile", code="summary-too-long")
    told: dict[str, Any] = {
        "name": name,
        "summary": summary,
        "icon": actor.icon or "" if icon is None else icon,
        "fields": write_fields(hats_of(account), actor.language or account.language),
        "discoverable": actor.discoverable if discoverable is None else discoverable,
        "indexable": actor.indexable if indexable is None else indexable,
        "approves_followers": (
            actor.approves_followers if approves_followers is None else approves_followers
        ),
    }
    if all((getattr(actor, column) or "") == (value or "") for column, value in told.items()):
        return actor
    await update_actor(unit, actor, **told)
    await introduce(unit, actor)
    return actor


def write_fields(hats: list[Hat], language: str | None) -> list[dict[str, str]]:
    """The hats as properties of a profile (schema.org PropertyValue), as Mastodon shows them."""
    word = _SPEAKS_FOR.get(language or "fr", _SPEAKS_FOR["fr"])
    return [{"name": word, "value": _write_value(hat)} for hat in hats]


def _write_value(hat: Hat) -> str:
    line = escape(hat.line, quote=False)
    return f'<a href="{escape(hat.link)}" rel="nofollow noopener">{line}</a>' if hat.link else line
