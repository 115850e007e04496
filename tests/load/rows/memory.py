"""Memory of `fedi serve`, all in one process: resident set, shared libraries included."""

import asyncio
from pathlib import Path

from client import call
from letters import get_all
from measuring import processor_seconds
from stage import Stage

COUNT = 1000
PAGES = 60
#: Memory hardly varies from start to start.
RUNS = 3
#: Seconds without work after which a process counts as being at rest.
REST = 2.0


async def rest(stage: Stage, runs: int) -> list[float]:
    """Megabytes soon after the start, when nothing is asked of it."""
    return [await _measure(stage, busy=False) for _ in range(min(runs, RUNS))]


async def work(stage: Stage, runs: int) -> list[float]:
    """Megabytes after it accepted, processed and passed on replies, and showed pages."""
    return [await _measure(stage, busy=True) for _ in range(min(runs, RUNS))]


async def _measure(stage: Stage, *, busy: bool) -> float:
    async with stage.serving("all") as node:
        if busy:
            await stage.post(stage.replies(COUNT))
            await call(node.port, get_all(stage.host, stage.page, PAGES), expect=200)
        await _wait_for_rest(node.pid)
        return resident(node.pid)


async def _wait_for_rest(pid: int) -> None:
    """Wait until a process uses less than a hundredth of a core."""
    before = processor_seconds(pid)
    while True:
        await asyncio.sleep(REST)
        used = processor_seconds(pid) - before
        if used < REST / 100:
            return
        before += used


def resident(pid: int) -> float:
    """Megabytes of memory in use by a process now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1.024 / 1000
    raise RuntimeError("the process has ended")
