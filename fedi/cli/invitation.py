"""`fedi invitation`: links that let people join."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, new_group, opened_node

app = new_group("Links that let people join, whatever the settings say of others.")


@app.callback()
def describe() -> None:
    """Links that let people join, whatever the settings say of others."""


@app.command("create")
def create(
    uses: Annotated[int, typer.Option("--uses", help="How many people may use it.")] = 1,
    days: Annotated[int, typer.Option("--days", help="For how many days.")] = 14,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print a link with which people become members; it is shown this once."""
    asyncio.run(_create(config, uses, days))


async def _create(config: Path, uses: int, days: int) -> None:
    from fedi.accounts.joining import invite
    from fedi.moderation.audit import record

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            path = invite(unit, None, uses=uses, days=days)
            told = f"{uses} uses, {days} days"
            await record(unit, who=None, act="invite", target="invitation", after=told)
        print(node.site.url + path)
