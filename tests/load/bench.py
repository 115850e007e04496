"""`make bench`: how fast this node is on one core, beside references, and how much memory it takes.

Writes build/bench.json and prints it as a table.  docs/operator/performance.md says how to read
it; a new row is a function in rows/ and a line in ROWS.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measuring import Figures, Match
from postgres import NoPostgres, private_postgres
from processes import Nodes
from report import Result, print_table, write_report
from rich.console import Console
from rounds import run
from rows.accepting import accept
from rows.delivering import deliver_on_kept_connections, deliver_on_new_connections
from rows.fanout import drain, fan_out
from rows.memory import rest, work, work_unhurried
from rows.outliving import (
    backfill_memory,
    sign_proofs,
    take_100,
    take_1000,
    take_10000,
    tell_100,
    tell_1000,
    tell_10000,
    verify_proofs,
)
from rows.processing import process
from rows.scaling import show_long_thread, two_web_processes, two_workers
from rows.showing import show, show_cached, show_member
from stage import Stage
from strangers import World

REPORT = Path("build/bench.json")
RATE = "/s/core"


@dataclass(frozen=True)
class Row:
    """One line of the report: what is measured, how, and what it should come to.

    The target is a ratio where there is a reference, or else a value in the unit of the row.
    """

    name: str
    measure: Callable[[Stage, int], Awaitable[Match | Figures]]
    target: float
    on: Literal["sqlite", "postgresql"] = "sqlite"

    async def fill(self, stage: Stage, runs: int) -> Result:
        """Measure."""
        found = await self.measure(stage, runs)
        if isinstance(found, Match):
            return Result(self.name, RATE, found.node, found.reference, self.target)
        smaller = not found.more_is_better
        return Result(self.name, found.unit, found.values, None, self.target, smaller, found.remark)


WORK = "RSS after 10 k posts, 2 k actors and 12,000 inbox requests"
ROWS = (
    Row("Create(Note) accepted, durable, SQLite", accept, 0.60),
    Row("Create(Note) accepted, durable, PostgreSQL", accept, 0.60, on="postgresql"),
    Row("fully processed, SQLite", process, 0.70),
    Row("fully processed, PostgreSQL with its server", process, 0.60, on="postgresql"),
    Row("deliveries, kept connections, RSA", deliver_on_kept_connections, 0.75),
    Row("deliveries, new TLS each", deliver_on_new_connections, 0.75),
    Row("100-post thread, anonymous uncached", show, 0.60),
    Row("100-post thread, signed in", show_member, 0.35),
    Row("100-post thread, anonymous cached", show_cached, 0.60),
    Row("two web processes / one, PostgreSQL", two_web_processes, 1.7, on="postgresql"),
    Row("two workers / one, 200 hosts", two_workers, 1.7, on="postgresql"),
    Row("one post to 10,000 followers on 2,000 hosts", fan_out, 100),
    Row("its deliveries, new TLS each", drain, 0.75),
    Row("page of a thread, 10,000 posts / 100 posts", show_long_thread, 1.5),
    Row("proofs signed", sign_proofs, 8000),
    Row("proofs verified", verify_proofs, 4000),
    Row("30 of 100 posts found and had", tell_100, 45),
    Row("30 of 1,000 posts found and had", tell_1000, 55),
    Row("30 of 10,000 posts found and had", tell_10000, 65),
    Row("30 of 100 posts, on the wall", take_100, 2),
    Row("30 of 1,000 posts, on the wall", take_1000, 2),
    Row("30 of 10,000 posts, on the wall", take_10000, 3),
    Row("RSS while 10,000 posts are taken from a copy", backfill_memory, 150),
    Row("RSS at rest", rest, 85),
    Row(WORK, work, 120),
)
UNHURRIED = Row(WORK, work_unhurried, 120)


async def bench(rows: Sequence[Row], runs: int, report: Path) -> None:
    """Measure the rows one after the other, each on a fresh copy of one prepared node."""
    console, started = Console(stderr=True), time.monotonic()
    results = []
    with tempfile.TemporaryDirectory(prefix="fedi-bench-") as directory, ExitStack() as stack:
        home = Path(directory)
        async with World(home).open() as world, Nodes(home) as nodes:
            stages: dict[str, Stage] = {}
            for database in dict.fromkeys(row.on for row in rows):
                server = None
                if database == "postgresql":
                    server = stack.enter_context(private_postgres(durable=True))
                stages[database] = Stage(world, nodes.prepare(f"reseau_{database}"), server)
                with console.status(f"a node is founded, on {database}…"):
                    await stages[database].prepare()
            for row in rows:
                with console.status(f"{row.name}…"):
                    results.append(await row.fill(stages[row.on], runs))
                print_table(results[-1:])
    write_report(report, results)
    print_table(results)
    console.print(f"{report}, in {time.monotonic() - started:.0f} s")


def main() -> None:
    """Read what is asked for, and do it."""
    parser = argparse.ArgumentParser(description="Measure the node beside its references.")
    parser.add_argument("--runs", type=int, default=5, help="measurements of each row (5)")
    parser.add_argument("--only", metavar="WORD", help="only the rows whose name has this word")
    parser.add_argument("--report", type=Path, default=REPORT, help=f"where to write ({REPORT})")
    parser.add_argument(
        "--unhurried", action="store_true", help="memory after ten minutes that take ten minutes"
    )
    options = parser.parse_args()
    rows = [UNHURRIED if options.unhurried and row.name == WORK else row for row in ROWS]
    rows = [row for row in rows if options.only is None or options.only in row.name]
    if not rows:
        sys.exit(f"no row is called so; there are: {', '.join(row.name for row in ROWS)}")
    try:
        run(bench(rows, options.runs, options.report))
    except NoPostgres as error:
        sys.exit(f"{error}; or measure without it: --only SQLite")


if __name__ == "__main__":
    main()
