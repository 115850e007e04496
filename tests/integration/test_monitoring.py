"""The dashboard and the alerts ask for what a node really tells."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from visitors import pages

ROOT = Path(__file__).parents[2] / "docs/operator"
NAME = re.compile(r"\bfedi_[a-z_]+\b")


def dashboard() -> dict[str, Any]:
    model: dict[str, Any] = json.loads((ROOT / "grafana.json").read_text(encoding="utf-8"))
    return model


def expressions() -> list[str]:
    """Every question of the dashboard and of the alerts."""
    asked = [
        target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())
    ]
    text = (ROOT / "monitoring.md").read_text(encoding="utf-8")
    return asked + re.findall(r"^\s+expr: (.+)$", text, re.MULTILINE)


def explained() -> set[str]:
    """The metrics of the table."""
    text = (ROOT / "monitoring.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(fedi_\w+)`", text, re.MULTILINE))


async def told(tmp_path: Path) -> set[str]:
    """The names of metrics that a node tells of, from its first answer on."""
    async with pages(tmp_path) as site:
        text = (await site.visitor().get("/metrics")).text
    kinds = dict(re.findall(r"^# TYPE (fedi_\w+) (\w+)$", text, re.MULTILINE))
    return {name for name in kinds if not name.endswith("_created")}


async def test_the_dashboard_and_the_alerts_name_only_what_there_is(tmp_path: Path):
    there = await told(tmp_path)
    named = {name.removesuffix("_bucket") for text in expressions() for name in NAME.findall(text)}
    assert named - there == set()
    assert there - named == set(), "each metric has its panel"


async def test_every_metric_is_explained_to_operators(tmp_path: Path):
    assert explained() == await told(tmp_path)


def test_the_dashboard_can_be_imported():
    model = dashboard()
    identities = [panel["id"] for panel in model["panels"]]
    assert len(set(identities)) == len(identities)
    places = [tuple(panel["gridPos"][side] for side in "xy") for panel in model["panels"]]
    assert len(set(places)) == len(places)
    assert {"title", "uid", "schemaVersion", "templating", "time"} <= set(model)
    for panel in model["panels"]:
        assert panel["type"] == "row" or panel["targets"], panel["title"]


@pytest.mark.parametrize("expression", expressions())
def test_brackets_are_closed(expression: str):
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)
