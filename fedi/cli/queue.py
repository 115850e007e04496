"""`fedi queue`: what is on its way to other servers."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from fedi.cli.frame import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    new_group,
    opened_node,
    print_rows,
)

app = new_group("What is on its way to other servers.")


@app.command("list")
def list_waiting(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the servers something is waiting for."""
    asyncio.run(_list(config, as_json))


async def _list(config: Path, as_json: bool) -> None:
    raise NotImplementedError


@app.command("retry")
def retry(
    host: Annotated[str | None, typer.Argument(metavar="[HOST]", help="Only to this one.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Try now what waits for a better moment."""
    asyncio.run(_retry(config, host))


async def _retry(config: Path, host: str | None) -> None:
    raise NotImplementedError
