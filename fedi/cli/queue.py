"""`fedi queue`: what is on its way to other servers."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fedi.cli.frame import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    authority,
    new_group,
    opened_node,
    print_rows,
)
from fedi.core.errors import NotFound

app = new_group("What is on its way to other servers.")


@app.command("list")
def list_waiting(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the servers something is waiting for."""
    asyncio.run(_list(config, as_json))


async def _list(config: Path, as_json: bool) -> None:
    from outbox.queue import list_queue

    async with opened_node(config) as node, node.db.reading() as unit:
        rows = [{"host": authority(row.origin), **asdict(row)} for row in await list_queue(unit)]
    columns = ("host", "count", "oldest_at", "next_attempt_at", "attempts", "last_error")
    print_rows(rows, columns, as_json=as_json, none="nothing is waiting")


@app.command("retry")
def retry(
    host: Annotated[str | None, typer.Argument(metavar="[HOST]", help="Only to this one.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Send now what waits for a better moment."""
    asyncio.run(_retry(config, host))


async def _retry(config: Path, host: str | None) -> None:
    from outbox.queue import list_queue, retry_now

    async with opened_node(config) as node:
        async with node.db.unit() as unit:
            waiting = [row.origin for row in await list_queue(unit)]
            chosen = [origin for origin in waiting if host in (None, authority(origin), origin)]
            if host is not None and not chosen:
                raise NotFound(f"nothing waits for {host}: see `fedi queue list`")
            count = sum([await retry_now(unit, origin) for origin in chosen])
        print(f"{count} to be sent now")
