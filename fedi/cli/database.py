"""`fedi database`: where the rows of the node are kept."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, new_group, opened_node
from fedi.cli.refusals import Refused, database_errors

app = new_group("Where the rows of the node are kept.")


@app.callback()
def database() -> None:
    """Where the rows of the node are kept."""


@app.command("copy")
def copy(
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="postgresql://… or sqlite:///PATH, empty.")
    ],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Copy every row to another, empty database: from SQLite to PostgreSQL, or back.

    Stop the node first.  Nothing is changed here: the node moves when its settings name the
    other database, as is printed in the end.
    """
    asyncio.run(_copy(config, to))


async def _copy(config: Path, to: str) -> None:
    from fedi.core.leader import leadership
    from fedi.migrations.copy import copy_rows

    if not to.startswith(("postgresql://", "postgres://", "sqlite:///")):
        raise typer.BadParameter("--to takes a postgresql:// or sqlite:/// URL")
    async with opened_node(config) as node:
        lead = leadership(node)
        if not await lead.take():
            raise Refused("the node is serving: stop it, or what it stores now would be lost")
        try:
            with database_errors():
                total = await copy_rows(
                    node.config.database_url, to, lambda table, rows: print(f"{rows:9}  {table}")
                )
        finally:
            await lead.release()
    print(f"{total:9}  rows are there; {config} has to say now, under [node]:")
    print(f"database = {json.dumps(to)}")
