"""What one process does at a time: who leads, and what is done once a day."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from factories import FakeClock, make_remote_actor
from sqlalchemy import select

from fedi.core.leader import FileLock, leadership
from fedi.core.node import Node
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.thread import Thread
from fedi.worker import Chore, Daily, Loop, leading
from inbox.models import Backfill
from inbox.reconciliation import reconcile

LISBON = "https://lisbonne.example"


async def test_one_leads_at_a_time(node: Node):
    first, second = leadership(node), leadership(node)

    assert await first.take()
    assert not await second.take()
    assert await first.holds()
    assert not await second.holds()

    await first.release()
    assert await second.take()
    await second.release()


async def test_what_is_led_runs_while_its_process_leads(tmp_path: Path):
    lock, began, done = FileLock(tmp_path / "lock"), list[int](), asyncio.Event()

    async def work() -> None:
        done.set()

    async def begin() -> list[Loop]:
        began.append(1)
        return [Chore(work, every=60)]

    async with leading(lock, begin), leading(FileLock(tmp_path / "lock"), begin):
        async with asyncio.timeout(10):
            await done.wait()
        assert began == [1]
        assert await lock.holds()
    assert not await lock.holds()


async def test_daily_work_is_done_soon_after_the_start_and_then_at_its_hour():
    clock = FakeClock()
    times, done = list[datetime](), asyncio.Event()

    async def work() -> None:
        times.append(clock())
        clock.now = datetime.combine(clock().date(), time(2, 29, 59, 990_000), UTC)
        if len(times) == 2:
            done.set()

    daily = Daily(work, at=time(2, 30), clock=clock, soon=0.01)
    running = asyncio.create_task(daily.run())
    async with asyncio.timeout(10):
        await done.wait()
    await daily.stop()
    await running


async def begun(unit: Unit, number: int, *, origin: str = LISBON, days: int = 1) -> str:
    """A debate of a peer in which something was said some days ago; its context."""
    author = await make_remote_actor(unit, f"ana{number}", LISBON)
    thread = Thread(
        id=new_id(),
        uri=f"{origin}/contexts/{number}",
        key=new_key(),
        origin=origin,
        root_id=new_id(),
        root_uri=f"{origin}/posts/{number}",
        author_id=author.id,
        title="Les outils",
        opened_at=unit.now - timedelta(days=90),
        active_at=unit.now - timedelta(days=days),
        changed_at=unit.now,
        post_count=1,
    )
    unit.add(thread)
    return thread.uri


async def test_active_debates_of_peers_are_compared_once_a_night(node: Node, clock: FakeClock):
    async with node.db.unit() as unit:
        active = await begun(unit, 1)
        await begun(unit, 2, days=40)
        await begun(unit, 3, origin=node.site.url)

    assert await reconcile(node) == 1
    assert await reconcile(node) == 0  # it waits to be read
    async with node.db.unit() as unit:
        (row,) = await unit.session.scalars(select(Backfill))
        assert (row.uri, row.reason) == (active, "nightly")
        row.finished_at, row.next_attempt_at = unit.now, None

    clock.advance(timedelta(hours=12))
    assert await reconcile(node) == 0
    clock.advance(timedelta(hours=12))
    assert await reconcile(node) == 1
