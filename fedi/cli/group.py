"""`fedi group`: working groups of the network."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, new_group, opened_node

app = new_group("Working groups of the network.")


@app.command("create")
def create(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="2 to 30 of a-z, 0-9 and _.")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="The name people see.")],
    summary: Annotated[
        str, typer.Option("--summary", metavar="TEXT", help="What it is for, in a sentence.")
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a working group, in which debates can be opened and which others can follow."""
    asyncio.run(_create(config, handle, name, summary))


async def _create(config: Path, handle: str, name: str, summary: str) -> None:
    from fedi.debates.groups import create_group

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            await create_group(unit, handle, name, summary)
        print(f"@{handle}@{node.site.domain}")
