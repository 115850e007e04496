"""`fedi storage`: what a node keeps, and what it lets go of."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedi.cli.frame import (
    DEFAULT_CONFIG,
    AsJson,
    ConfigPath,
    new_group,
    opened_node,
    print_rows,
)

if TYPE_CHECKING:
    from fedi.core.node import Node

app = new_group("What this node keeps, and what it lets go of.")


@app.command("report")
def report(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Count the rows of every table, and those that the next night takes."""
    asyncio.run(_report(config, as_json))


async def _report(config: Path, as_json: bool) -> None:
    from fedi.retention import RULES, count_prunable

    async with opened_node(config) as node:
        going = await count_prunable(node)
        days = {rule.table: rule.days for rule in RULES}
        rows = [
            {"table": table, "rows": count, "kept_days": days.get(table), "going": going.get(table)}
            for table, count in (await _count_rows(node)).items()
        ]
    columns = ("table", "rows", "kept_days", "going")
    print_rows(rows, columns, as_json=as_json, none="there are no tables")


async def _count_rows(node: "Node") -> dict[str, int]:
    from sqlalchemy import func, select

    from fedi.migrations.tables import TABLES

    async with node.db.reading() as unit:
        return {
            name: await unit.session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in sorted(TABLES.tables.items())
        }


@app.command("prune")
def prune(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell how many rows would go.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let go of what is old enough now; the node does so every night."""
    asyncio.run(_prune(config, dry_run, as_json))


async def _prune(config: Path, dry_run: bool, as_json: bool) -> None:
    from fedi.retention import count_prunable, prune

    async with opened_node(config) as node:
        gone = await (count_prunable(node) if dry_run else prune(node))
    rows: list[dict[str, Any]] = [
        {"table": table, "rows": count} for table, count in gone.items() if count or as_json
    ]
    print_rows(rows, ("table", "rows"), as_json=as_json, none="nothing is old enough")
