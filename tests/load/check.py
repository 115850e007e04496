"""`make bench-check`: whether a change made the node slower, beside its references.

Compares the ratios of a report with those of baseline.json, which are independent of how fast
a machine is; a row that was not measured is not compared.  Ends with 1 when one is worse by
more than a fifth.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

BASELINE = Path(__file__).with_name("baseline.json")
#: What a ratio may lose: those of a busy machine move by a tenth.
LOSS = 0.20


def ratio_of(row: Mapping[str, Any]) -> float | None:
    """What is comparable between machines: a ratio, higher is better; None for other rows."""
    if row["ratio"] is not None:
        return float(row["ratio"])
    if row["unit"] != "×":
        return None
    return float(1 / row["median"] if row["smaller_is_better"] else row["median"])


def losses(rows: Iterable[Mapping[str, Any]], baseline: Mapping[str, float]) -> list[str]:
    """A line for each ratio that is worse than it was by more than a fifth."""
    found = []
    for row in rows:
        ratio, before = ratio_of(row), baseline.get(row["name"])
        if ratio is not None and before is not None and ratio < before * (1 - LOSS):
            found.append(f"{row['name']}: {ratio:.2f}, it was {before:.2f}")
    return found


def main(report: Path) -> None:
    """Compare, and say what was lost."""
    rows = json.loads(report.read_text(encoding="utf-8"))["results"]
    lost = losses(rows, json.loads(BASELINE.read_text(encoding="utf-8")))
    print(*lost or [f"no ratio is worse by more than {LOSS:.0%}"], sep="\n")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
