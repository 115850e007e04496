"""A node that takes a debate from a copy, in a process of its own, and how large it became."""

import resource
import sys
from datetime import timedelta
from pathlib import Path

from factories import FakeClock
from lost import Lost, follow, read_copy, reader
from rounds import Round, answer, run

from fedi.core.errors import NotFound
from fedi.core.urls import origin_of


async def main(home: Path, copy: str) -> None:
    """Read on until all is there; the "seconds" of the round are megabytes."""
    clock = FakeClock()
    async with reader(home, clock) as (node, backfiller):
        await follow(node, f"{origin_of(copy)}/g/reseau")

        async def turn(count: int) -> Round:
            lost = Lost()
            for _ in range(count // 100):
                await read_copy(node, backfiller, copy)
                clock.advance(timedelta(hours=1))
                if len((await lost.tree(node)).leaves) == count:
                    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                    return Round(count, most * 1.024 / 1000)
            raise NotFound("the debate did not become whole")

        await answer(turn)


if __name__ == "__main__":
    run(main(Path(sys.argv[1]), sys.argv[2]))
