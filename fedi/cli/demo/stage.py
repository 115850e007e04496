"""The stage: one directory, its networks, and the order of events."""

import asyncio
import json
import shutil
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

from fedi.cli.demo.cast import NETWORKS, PASSWORD
from fedi.cli.demo.debate import follow_each_other, hold_debate, same_tree_everywhere
from fedi.cli.demo.stand import Stand, build, opened, until_ready
from fedi.cli.refusals import Refused
from fedi.cli.thread import require_thread
from fedi.debates.addresses import page_path

#: Says that the directory is ours to remake, what it holds, and which debate once there is one.
MARKER = "demo.json"


async def perform(directory: Path, nodes: int, port: int) -> None:
    """Make the networks or find them again, and run them until interrupted.

    Raises `Refused` when the directory holds something else, or a node does not start.
    """
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await _perform(directory, {"nodes": nodes, "port": port})


async def _perform(directory: Path, plan: dict[str, Any]) -> None:
    networks = NETWORKS[: plan["nodes"]]
    thread = _find_debate(directory, plan)
    if thread is None:
        _clear(directory)
        _note(directory, plan)
        _say(f"Making {len(networks)} networks in {directory} …")
        for port, network in enumerate(networks, start=plan["port"]):
            await build(directory / network.handle, network, port)
    async with AsyncExitStack() as stack:
        stands = [
            await stack.enter_async_context(opened(directory / network.handle, network))
            for network in networks
        ]
        await asyncio.gather(*map(until_ready, stands))
        if thread is None:
            _say("They follow each other …")
            await follow_each_other(stands)
            _say("Their members debate, each from home …")
            thread = await hold_debate(stands)
        await same_tree_everywhere(stands, thread)
        _note(directory, {**plan, "debate": thread})
        await _tell(stands, thread)
        await _until_one_stops(stands)


def _find_debate(directory: Path, plan: dict[str, Any]) -> str | None:
    """The debate of an earlier run of the same plan, if it came to its end."""
    try:
        noted = json.loads((directory / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    debate: str | None = noted.pop("debate", None)
    return debate if noted == plan else None


def _clear(directory: Path) -> None:
    """Empty a directory of an earlier run, and nothing else."""
    if (directory / MARKER).is_file():
        shutil.rmtree(directory)
    if directory.exists() and any(directory.iterdir()):
        raise Refused(f"{directory} holds something else: choose another with --dir")


def _note(directory: Path, plan: dict[str, Any]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARKER).write_text(json.dumps(plan) + "\n", encoding="utf-8")


async def _tell(stands: Sequence[Stand], thread: str) -> None:
    lines = ["", "All of them keep the same debate.  Read it from each, and sign in to answer:", ""]
    for stand in stands:
        async with stand.node.db.reading() as unit:
            page = page_path(await require_thread(unit, thread))
        url = stand.node.site.url
        lines += [
            f"  {stand.network.name}",
            f"    {url}{page}",
            f"    {url}/sign-in  as {stand.network.member.handle}, password {PASSWORD}",
            "",
        ]
    first = stands[0].directory / "config.toml"
    lines += [f"The same in a terminal: fedi thread show {thread} --config {first}", ""]
    _say("\n".join([*lines, "Ctrl-C stops them; the next run finds them again."]))


def _say(text: str) -> None:
    print(text, flush=True)


async def _until_one_stops(stands: Sequence[Stand]) -> None:
    waiting = [asyncio.create_task(stand.process.wait()) for stand in stands]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    stopped = [stand.network.name for stand in stands if stand.process.returncode is not None]
    raise Refused(f"{', '.join(stopped)} has stopped: read log.txt in its directory")
