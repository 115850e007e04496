"""Writes what was measured where people read it, and where `make bench-check` does.

    python tests/load/publish.py build/bench.json [MORE.json …]

The table of docs/operator/performance.md and baseline.json say what these reports say.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from check import BASELINE, ratio_of

PAGE = Path(__file__).parents[2] / "docs/operator/performance.md"
BEGIN, END = "<!-- from build/bench.json -->\n", "<!-- to here -->\n"
#: Rows measured less often say so.
RUNS = 5
HEAD = ("what", "min", "median", "max", "", "reference", "ratio", "target", "")


def describe(report: Mapping[str, Any]) -> str:
    """The machine, the versions and the table, in Markdown."""
    machine, versions = report["machine"], report["versions"]
    libraries = ", ".join(f"{name} {version}" for name, version in versions.items())
    lines = [
        f"{machine['measured_at'][:10]}, {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_mb'] / 1000:.0f} GB, {machine['system']}, load {machine['load'][0]}.",
        f"{libraries[0].upper()}{libraries[1:]}.",
        "",
        _line(HEAD),
        _line(["---"] + ["---:"] * 3 + ["---"] + ["---:"] * 3 + ["---"]),
        *(_line(_cells(row)) for row in report["results"]),
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Mapping[str, Any]) -> list[str]:
    digits = 2 if row["unit"] == "×" else 0
    numbers = [f"{row[key]:,.{digits}f}" for key in ("min", "median", "max")]
    sign = "≤" if row["smaller_is_better"] else "≥"
    compared, target = ["", ""], f"{sign} {row['target']:,}"
    if row["ratio"] is not None:
        compared = [f"{row['reference']:,.0f}", f"{row['ratio']:.0%}"]
        target = f"{sign} {row['target']:.0%}"
    mark = "reached" if row["reached"] else "missed"
    remarks = [row["remark"]] if row["remark"] else []
    remarks += [f"runs: {row['runs']}"] if row["runs"] < RUNS else []
    name = f"{row['name']} ({', '.join(remarks)})" if remarks else row["name"]
    return [name, *numbers, row["unit"], *compared, target, mark]


def main(reports: Sequence[Path]) -> None:
    """Put the reports together, and write."""
    read = [json.loads(path.read_text(encoding="utf-8")) for path in reports]
    report = read[0] | {"results": [row for one in read for row in one["results"]]}
    page = PAGE.read_text(encoding="utf-8")
    written = f"{BEGIN}{describe(report)}{END}"
    pattern = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    PAGE.write_text(pattern.sub(lambda _: written, page), encoding="utf-8")
    ratios = {row["name"]: ratio_of(row) for row in report["results"]}
    known = {name: round(ratio, 3) for name, ratio in ratios.items() if ratio is not None}
    BASELINE.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
