"""What an operation costs: processor time of the process that does it, not time on the wall.

Both cores of a small machine are shared by the load, the process under load and whatever else
runs; seconds of processor time per operation are what is left when all that is taken away.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Round:
    """So many operations, and the seconds of processor time they took."""

    count: int
    seconds: float

    @property
    def rate(self) -> float:
        """Operations per second of a core that does nothing else."""
        return self.count / self.seconds


Runner = Callable[[], Awaitable[Round]]


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used so far, user and system, all threads.

    It is what /proc/PID/stat tells in hundredths, to the nanosecond; the id of the clock is
    written as clock_getcpuclockid(3) writes it on Linux.
    """
    return time.clock_gettime(~pid << 3 | 2)


def family_seconds(pid: int | None) -> float:
    """The same for a process and those that it started and that still run; nothing for None."""
    return sum(map(processor_seconds, [pid, *_children(pid)])) if pid else 0.0


def _children(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return found


async def measured(
    pid: int, count: int, work: Awaitable[object], *, database: int | None = None
) -> Round:
    """Await the work, of so many operations, and see what it cost that process.

    `database` is the process of a database server whose work for it is counted too.
    """
    before = processor_seconds(pid) + family_seconds(database)
    await work
    return Round(count, processor_seconds(pid) + family_seconds(database) - before)


@dataclass(frozen=True)
class Match:
    """The rates of the node and of its reference, run in turns on one machine."""

    node: Sequence[float]
    reference: Sequence[float]


@dataclass(frozen=True)
class Figures:
    """Measurements of one thing that has no reference, and the unit they are in.

    They are to stay below their target unless `more_is_better`; `remark` is for people.
    """

    values: Sequence[float]
    unit: str
    more_is_better: bool = False
    remark: str = ""


async def compete(node: Runner, reference: Runner, runs: int) -> Match:
    """Let both run in turns, each once more than is counted: the first time warms up."""
    rounds = [(await node(), await reference()) for _ in range(runs + 1)][1:]
    return Match([mine.rate for mine, _ in rounds], [other.rate for _, other in rounds])
