"""What the bench says: a file for programs and a table for people, with the same numbers."""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

#: What the numbers depend on.
LIBRARIES = ("fedi-node", "aiohttp", "aiosqlite", "cryptography", "jinja2", "nh3", "orjson")
LIBRARIES += ("sqlalchemy", "uvloop")
#: Columns of the table; a narrow terminal breaks its lines and loses nothing.
WIDTH = 116


@dataclass(frozen=True)
class Result:
    """Several measurements of one thing, each beside one of its reference when it has one."""

    name: str
    unit: str
    values: Sequence[float]
    references: Sequence[float] | None = None
    #: Of the ratio to the reference; without a reference, of the median itself.
    target: float | None = None
    smaller_is_better: bool = False
    remark: str = ""

    @property
    def ratio(self) -> float | None:
        """How much of the reference was reached, in the run in the middle."""
        if self.references is None:
            return None
        return median(a / b for a, b in zip(self.values, self.references, strict=True))

    @property
    def is_reached(self) -> bool | None:
        """Whether the target is; None without a target."""
        if self.target is None:
            return None
        value = median(self.values) if self.ratio is None else self.ratio
        return value <= self.target if self.smaller_is_better else value >= self.target

    def as_json(self) -> dict[str, Any]:
        """One entry of `results`."""
        return {
            "name": self.name,
            "unit": self.unit,
            "min": round(min(self.values), 2),
            "median": round(median(self.values), 2),
            "max": round(max(self.values), 2),
            "reference": None if self.references is None else round(median(self.references), 1),
            "ratio": None if self.ratio is None else round(self.ratio, 3),
            "target": self.target,
            "smaller_is_better": self.smaller_is_better,
            "reached": self.is_reached,
            "runs": len(self.values),
            "remark": self.remark,
        }


def write_report(path: Path, results: Sequence[Result]) -> None:
    """Write the results where programs read them."""
    report = {
        "machine": _machine(),
        "versions": _versions(),
        "results": [result.as_json() for result in results],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def print_table(results: Sequence[Result]) -> None:
    """Print the results for people."""
    table = Table(title="One core; processor time, not time on the wall")
    table.add_column("what", no_wrap=True)
    for heading in ("min", "median", "max", "unit", "reference", "ratio", "target", ""):
        table.add_column(heading, justify="left" if heading == "unit" else "right", no_wrap=True)
    for result in results:
        table.add_row(result.name, *_cells(result))
    console = Console()
    Console(width=max(console.width, WIDTH)).print(table)


def _cells(result: Result) -> list[str]:
    entry = result.as_json()
    digits = 2 if result.unit in ("×", "s") else 0
    numbers = [f"{entry[key]:,.{digits}f}" for key in ("min", "median", "max")]
    if result.references is None:
        target = None if result.target is None else f"{result.target:,}"
        compared = ["", ""]
    else:
        target = None if result.target is None else f"{result.target:.0%}"
        compared = [f"{entry['reference']:,.0f}", f"{entry['ratio']:.0%}"]
    sign = "≤" if result.smaller_is_better else "≥"
    mark = {None: "", True: "reached", False: "missed"}[result.is_reached]
    return [*numbers, result.unit, *compared, f"{sign} {target}" if target else "", mark]


def _machine() -> dict[str, Any]:
    models = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = next(line.split()[1] for line in _lines("/proc/meminfo") if "MemTotal" in line)
    return {
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_mb": round(int(memory) * 1.024 / 1000),
        "system": f"{platform.system()} {platform.release()}",
        "load": [round(load, 2) for load in os.getloadavg()],
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version} | libraries
