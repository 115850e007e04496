"""`make bench`: how fast this node is on one core, beside references, and how much memory it takes.

Writes build/bench.json and prints it as a table.  docs/operator/performance.md says how to read
it; a new row is a function in rows/ and a line in ROWS.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import Match
from processes import Nodes
from report import Result, print_table, write_report
from rich.console import Console
from rounds import run
from rows.accepting import accept
from rows.delivering import deliver_on_kept_connections, deliver_on_new_connections
from rows.memory import rest, work
from rows.processing import process
from rows.showing import show
from stage import Stage
from strangers import World

REPORT = Path("build/bench.json")
RATE, MEMORY = "/s/core", "MB"


@dataclass(frozen=True)
class Row:
    """One line of the report: what is measured, how, and what it should come to."""

    name: str
    measure: Callable[[Stage, int], Awaitable[Match | list[float]]]
    target: float | None = None

    async def fill(self, stage: Stage, runs: int) -> Result:
        """Measure."""
        measured = await self.measure(stage, runs)
        if isinstance(measured, Match):
            return Result(self.name, RATE, measured.node, measured.reference, self.target)
        return Result(self.name, MEMORY, measured, None, self.target, smaller_is_better=True)


ROWS = (
    Row("activities accepted", accept, target=0.40),
    Row("activities processed", process),
    Row("deliveries on kept connections", deliver_on_kept_connections),
    Row("deliveries on new TLS connections", deliver_on_new_connections),
    Row("pages of 100 posts", show),
    Row("memory at rest", rest, target=100),
    Row("memory after work", work),
)


async def bench(rows: Sequence[Row], runs: int, report: Path) -> None:
    """Measure the rows one after the other, each on a fresh copy of one prepared node."""
    console, started = Console(stderr=True), time.monotonic()
    results = []
    with tempfile.TemporaryDirectory(prefix="fedi-bench-") as directory:
        home = Path(directory)
        async with World(home).open() as world, Nodes(home) as nodes:
            stage = Stage(world, nodes.prepare("reseau"))
            with console.status("a node is founded…"):
                await stage.prepare()
            for row in rows:
                with console.status(f"{row.name}…"):
                    results.append(await row.fill(stage, runs))
    write_report(report, results)
    print_table(results)
    console.print(f"{report}, in {time.monotonic() - started:.0f} s")


def main() -> None:
    """Read what is asked for, and do it."""
    parser = argparse.ArgumentParser(description="Measure the node beside its references.")
    parser.add_argument("--runs", type=int, default=5, help="measurements of each row (5)")
    parser.add_argument("--only", metavar="WORD", help="only the rows whose name has this word")
    parser.add_argument("--report", type=Path, default=REPORT, help=f"where to write ({REPORT})")
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only is None or options.only in row.name]
    if not rows:
        sys.exit(f"no row is called so; there are: {', '.join(row.name for row in ROWS)}")
    run(bench(rows, options.runs, options.report))


if __name__ == "__main__":
    main()
