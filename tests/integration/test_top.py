"""`fedi top`: a node in a terminal, whether it answers or not."""

import asyncio
import json
import os
import pty
import re
import sys
from pathlib import Path

import pytest
from commands import fedi, init
from processes import NodeProcess, Nodes, eventually
from rich.console import Console

from fedi.cli.top.board import Board, figures
from fedi.cli.top.readings import Change, Reading, parse

NUMBERS = """
fedi_inbox_accepted_total {n}
fedi_inbox_lag_seconds_bucket{{le="0.1"}} {n}
fedi_inbox_lag_seconds_bucket{{le="2.0"}} {m}
fedi_inbox_lag_seconds_bucket{{le="+Inf"}} {m}
fedi_inbox_refused_total{{reason="digest"}} {n}
fedi_deliveries_total{{peer="forum",result="delivered"}} {m}
fedi_queue_depth{{queue="deliveries"}} 3
fedi_queue_overdue_seconds{{queue="deliveries"}} 7200
fedi_requests_total{{method="GET",route="/g/{{name}}",status="2xx"}} {m}
"""


def change() -> Change:
    """Two readings, ten seconds apart."""
    before, now = (parse(NUMBERS.format(n=n, m=2 * n)) for n in (10, 30))
    return Change(Reading(before.samples, 0.0), Reading(now.samples, 10.0))


def test_figures_are_of_the_time_between_two_readings():
    shown = figures(change())
    assert shown["inbox"]["accepted"] == 2.0
    assert shown["inbox"]["refused"] == {"digest": 2.0}
    assert shown["inbox"]["lag"] == 2.0, "nine in ten waited less"
    assert shown["deliveries"]["peers"]["forum"]["delivered"] == 4.0
    assert shown["queues"]["deliveries"]["overdue"] == 7200
    assert shown["requests"]["routes"] == {"/g/{name}": 4.0}
    assert shown["inside"]["commit"] is None, "nothing was committed"


def test_a_node_that_counts_anew_is_not_slower_than_nothing():
    later = Change(change().now, Reading(change().before.samples, 20.0))
    assert figures(later)["inbox"]["accepted"] == 0.0


@pytest.mark.parametrize(
    ("language", "words"), [("en", ("deliveries", "2 h")), ("fr", ("envois", "en retard", "2 h"))]
)
def test_it_fits_eighty_columns_in_both_languages(language: str, words: tuple[str, ...]):
    console = Console(width=80, record=True, file=Path(os.devnull).open("w"))  # noqa: SIM115
    console.print(Board(language).draw("node.test", figures(change())))
    console.file.close()
    text = console.export_text()
    assert "…" not in text
    for word in words:
        assert word in text


async def test_it_asks_the_node_and_then_its_database(tmp_path: Path):
    async with Nodes(tmp_path) as nodes:
        node = await nodes.add("climat")
        shown = json.loads(await _top(node, "--once", "--json"))
        assert shown["live"] is True
        assert shown["requests"]["routes"]["/metrics"] > 0
        assert shown["inside"]["memory"] > 1e7
        await eventually(lambda: _screen(node), lambda text: "Ctrl-C pour finir" in text)
        await node.stop()
        shown = json.loads(await _top(node, "--once", "--json"))
        assert shown["live"] is False
        assert shown["queues"]["deliveries"]["waiting"] == 0


async def _top(node: NodeProcess, *options: str) -> str:
    address = f"127.0.0.1:{node.listening}"
    return await node.command("top", "--address", address, *options)


async def _screen(node: NodeProcess) -> str:
    """What a person sees in a terminal, in French, until they press Ctrl-C."""
    master, terminal = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fedi", "top", "--address", f"127.0.0.1:{node.listening}",
        "--language", "fr", "--config", str(node.config),
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "80", "LINES": "40"},
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    while b"meneur" not in seen:
        seen += await asyncio.to_thread(os.read, master, 65536)
    process.send_signal(2)
    assert await process.wait() == 0
    os.close(master)
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode(errors="replace"))


def test_it_says_what_is_missing(tmp_path: Path):
    ended = fedi("top", "--once", "--config", tmp_path / "nowhere.toml")
    assert ended.code == 1
    assert "nowhere.toml" in ended.err
    assert fedi("top", "--once", "--config", init(tmp_path)).code == 0
