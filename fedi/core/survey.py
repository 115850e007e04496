"""The node as a whole at one moment, for `/metrics` and `fedi top`: queues and disk.

The answer is the same whichever process is asked, so it is read from the database and the
disk when somebody asks, and kept for a few seconds however often they do.
"""

import asyncio
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from fedi.core.metrics import DISK, DISK_FREE, QUEUE_DEPTH, QUEUE_OLDEST, QUEUE_OVERDUE
from fedi.core.node import Node
from fedi.core.tables import Base, made_at
from fedi.core.unit import Unit

#: Seconds for which an answer is kept: counting 50,000 rows by their index takes 5 ms, looking at
#: every file takes as long as there are files.
QUEUES_KEPT, DISK_KEPT = 5.0, 60.0
COUNTED = 50_000


class Survey:
    """Brings the gauges of the whole node up to date, at most every few seconds."""

    def __init__(self, node: Node, queues: Sequence[type[Base]]) -> None:
        """`queues` are the tables of jobs."""
        self._node, self._queues = node, queues
        self._queues_due = self._disk_due = 0.0
        self._looking = asyncio.Lock()

    async def refresh(self) -> None:
        """Return when the gauges say what was so a few seconds ago, or is so now."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if now >= self._queues_due:
                async with self._node.db.reading() as unit:
                    for queue in self._queues:
                        await _look_at_queue(unit, queue)
                self._queues_due = now + QUEUES_KEPT
            if now >= self._disk_due:
                await _look_at_disk(self._node)
                self._disk_due = now + DISK_KEPT


async def _look_at_queue(unit: Unit, queue: Any) -> None:
    """What waits is found by the index of its schedule, and its age told by its key."""
    table = queue.__table__
    waiting = (
        select(table.c.id, table.c.next_attempt_at)
        .where(table.c.next_attempt_at.is_not(None))
        .order_by(table.c.next_attempt_at)
        .limit(COUNTED)
        .subquery()
    )
    query = select(func.count(), func.min(waiting.c.id), func.min(waiting.c.next_attempt_at))
    depth, oldest, due = (await unit.session.execute(query.select_from(waiting))).one()
    ages = (unit.now - moment for moment in (oldest and made_at(oldest), due) if moment)
    seconds = [max(0.0, age.total_seconds()) for age in ages] or [0.0, 0.0]
    name = table.name
    QUEUE_DEPTH.labels(name).set(depth)
    QUEUE_OLDEST.labels(name).set(seconds[0])
    QUEUE_OVERDUE.labels(name).set(seconds[1])


async def _look_at_disk(node: Node) -> None:
    data = node.config.node.data_dir
    database, media = await _database_size(node), node.config.media_dir
    ours = {path.absolute() for path in node.config.database_files}
    others = await asyncio.to_thread(_size_of_files, data, (media.absolute(), *ours))
    DISK.labels("database").set(database)
    DISK.labels("media").set(await asyncio.to_thread(_size_of_files, media))
    DISK.labels("other").set(others)
    DISK_FREE.set(shutil.disk_usage(data).free)


async def _database_size(node: Node) -> int:
    files = node.config.database_files
    if files:
        return sum(path.stat().st_size for path in files if path.exists())
    async with node.db.reading() as unit:
        size = await unit.session.scalar(text("SELECT pg_database_size(current_database())"))
        return int(size or 0)


def _size_of_files(folder: Path, without: Iterable[Path] = ()) -> int:
    """Bytes in all files below a folder, but those named and what is below them."""
    left_out, total = set(without), 0
    for place, folders, names in os.walk(folder.absolute()):
        folders[:] = [name for name in folders if Path(place, name) not in left_out]
        paths = (Path(place, name) for name in names)
        total += sum(path.lstat().st_size for path in paths if path not in left_out)
    return total
