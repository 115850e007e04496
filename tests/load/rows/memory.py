"""Memory of `fedi serve`, all in one process: resident set, shared libraries included."""

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from client import call
from letters import LONG, get_page, write_like, write_reply
from measuring import Figures, processor_seconds
from stage import Serving, Stage

#: What 2,000 people send in ten minutes, 20 requests per second: five replies and a like each.
PEOPLE, POSTS, EACH_SECOND, SECONDS = 2_000, 10_000, 20, 600
REQUESTS = EACH_SECOND * SECONDS
#: Requests sent at once when no time is to be lost, and pages shown after them.
AT_ONCE, PAGES = 400, 2
#: Requests under way: as many unknown people as a node asks one server about at a time.
AT_A_TIME = 8
#: Seconds without work after which a process counts as being at rest.
REST = 2.0


async def rest(stage: Stage, runs: int) -> Figures:
    """Megabytes soon after the start, when nothing is asked of it."""
    values = []
    for _ in range(runs):
        async with stage.serving("all") as node:
            await wait_for_rest(node.pid)
            values.append(resident(node.pid))
    return Figures(values, "MB")


async def work(stage: Stage, runs: int) -> Figures:
    """Megabytes after it accepted, processed and passed on as much, and showed pages meanwhile.

    What takes ten minutes is sent as fast as it is taken, so that more is under way at once.
    The real ten minutes: `--unhurried`.
    """
    return await _work(stage, runs, pause=0)


async def work_unhurried(stage: Stage, runs: int) -> Figures:
    """The same at 20 requests per second."""
    return await _work(stage, runs, pause=1)


async def _work(stage: Stage, runs: int, *, pause: float) -> Figures:
    values = []
    for _ in range(runs):
        async with stage.serving("all") as node:
            await _send(stage, node, pause)
            await wait_for_rest(node.pid)
            values.append(resident(node.pid))
    return Figures(values, "MB", remark="10 minutes" if pause else "in a hurry")


async def _send(stage: Stage, node: Serving, pause: float) -> None:
    """Send everything, a second's worth at a time when there are pauses."""
    activities = _activities(stage)
    pages = [get_page(stage.host, stage.page)] * PAGES
    due = time.monotonic()
    while some := list(islice(activities, EACH_SECOND if pause else AT_ONCE)):
        await call(node.port, stage.sign(some), expect=202, connections=AT_A_TIME)
        await call(node.port, pages, expect=200)
        due += pause
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def _activities(stage: Stage) -> Iterator[dict[str, Any]]:
    people, roots = stage.world.crowd(PEOPLE), stage.roots
    for number in range(REQUESTS):
        sender, root = people[number % PEOPLE], roots[number % len(roots)]
        if number < POSTS:
            yield write_reply(sender, root["id"], root["context"], LONG)
        else:
            yield write_like(sender, root["id"])


async def wait_for_rest(pid: int) -> None:
    """Wait until a process uses less than a fiftieth of a core."""
    before = processor_seconds(pid)
    while True:
        await asyncio.sleep(REST)
        used = processor_seconds(pid) - before
        if used < REST / 50:
            return
        before += used


def resident(pid: int) -> float:
    """Megabytes of memory in use by a process now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1.024 / 1000
    raise RuntimeError("the process has ended")
