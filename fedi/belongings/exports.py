"""Exports: asked for on a page, made by a loop of the worker, there for a week."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select

from fedi.accounts.models import Account
from fedi.belongings.models import Export
from fedi.belongings.writing import write_export
from fedi.core.errors import FediError
from fedi.core.jobs import claim, finish, postpone
from fedi.core.node import Node
from fedi.core.rounds import Rounds
from fedi.core.unit import Unit
from fedi.core.urls import new_key

log = structlog.get_logger()

TOPIC = "exports"
#: How long a file is kept, and how soon another one may be asked for.
LASTS, AGAIN = timedelta(days=7), timedelta(hours=1)
LEASE = timedelta(minutes=30)
LOOK_EVERY = 60.0
ATTEMPTS = 3


async def ask_for_export(unit: Unit, account: Account, language: str) -> Export:
    """Queue a file with everything of a member; the one asked for within the hour counts."""
    known = await latest_export(unit, account.id)
    if known is not None and known.created_at > unit.now - AGAIN:
        return known
    unit.wake(TOPIC)
    return unit.add(
        Export(
            key=new_key(),
            account_id=account.id,
            language=language,
            created_at=unit.now,
            next_attempt_at=unit.now,
        )
    )


async def latest_export(unit: Unit, account_id: int) -> Export | None:
    """The last one a member asked for, if it is still kept."""
    query = select(Export).where(
        Export.account_id == account_id, Export.created_at > unit.now - LASTS
    )
    export: Export | None = await unit.session.scalar(query.order_by(Export.id.desc()).limit(1))
    return export


def place_of(node: Node, key: str) -> Path:
    """Where the file of an export is."""
    return node.config.node.data_dir / "exports" / f"{key}.zip"


class Exporter(Rounds):
    """Makes the files that members asked for, one after the other."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.signals[TOPIC], rest=LOOK_EVERY)
        self._node = node

    async def run_once(self) -> int:
        """Make the file that is due first; how many were tried."""
        async with self._node.db.unit() as unit:
            exports = await claim(unit, Export, limit=1, lease=LEASE)
        for export in exports:
            await self._make(export)
        return len(exports)

    async def _make(self, export: Export) -> None:
        node = self._node
        try:
            path = place_of(node, export.key)
            size = await write_export(node, export.account_id, path, export.language)
        except (FediError, OSError) as error:
            log.warning("export not made", reason=str(error), attempts=export.attempts)
            async with node.db.unit() as unit:
                if export.attempts >= ATTEMPTS:
                    await finish(unit, Export, [export.id], last_error=str(error)[:500])
                else:
                    until = unit.now + export.attempts * timedelta(minutes=10)
                    await postpone(unit, Export, [export.id], until, str(error))
        else:
            async with node.db.unit() as unit:
                await finish(unit, Export, [export.id], size=size, last_error=None)


async def take_down_exports(node: Node) -> int:
    """Remove the files of exports that no row names any more; how many went."""
    folder = node.config.node.data_dir / "exports"
    files = await asyncio.to_thread(lambda: list(folder.glob("*.zip")) if folder.is_dir() else [])
    async with node.db.reading() as unit:
        kept = set(await unit.session.scalars(select(Export.key)))
    gone = [file for file in files if file.stem not in kept]
    for file in gone:
        await asyncio.to_thread(file.unlink, missing_ok=True)
    return len(gone)
