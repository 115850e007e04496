"""How this process feels: how late its event loop comes, how much memory it takes.

It takes no more than it uses: glibc returns what is free at the end of its heap and keeps the
holes in between, 4 MB of them after an hour of work, until asked for them.
"""

import asyncio
import ctypes
import os
import resource
from contextlib import suppress
from pathlib import Path

from fedi.core.mapped import unmap_what_is_in_files
from fedi.core.metrics import LOOP_LAG, MEMORY

SECONDS = 1.0
#: Beats between two looks at the memory.
MEMORY_EVERY = 5
#: `malloc_trim(3)`, where the C library has it; it takes a millisecond or two.
_give_back = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)
_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Pulse:
    """Beats once a second until stopped."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Measure how late each beat comes: whoever keeps the loop busy keeps everybody waiting."""
        clock, beats = asyncio.get_running_loop().time, 0
        while not self._stopping.is_set():
            if beats == 1:
                unmap_what_is_in_files()  # by now all is done that is done once
            if beats % MEMORY_EVERY == 0:
                _give_back(0)
                MEMORY.set(resident_bytes())
            beats, due = beats + 1, clock() + SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._stopping.wait()
            if not self._stopping.is_set():
                LOOP_LAG.observe(max(0.0, clock() - due))

    async def stop(self) -> None:
        """Let `run` return."""
        self._stopping.set()


def resident_bytes() -> int:
    """Memory that this process has in RAM; where /proc does not tell, the most it ever had."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
