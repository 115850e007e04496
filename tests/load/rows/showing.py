"""Renderings of a debate of 100 posts, as HTML, not compressed."""

from itertools import count

from client import call
from letters import get_page
from measuring import Match, Round, compete, measured
from rounds import running
from stage import Stage

COUNT, MANY = 60, 600
#: Pages of the reference: put together from fragments, and ready in memory.
FRAGMENTS, READY = "/d/1/debat", "/ready"


async def show(stage: Stage, runs: int) -> Match:
    """For visitors, each at an address of its own, so that no copy of the page is ready."""
    return await _show(stage, runs, COUNT, FRAGMENTS, anew=True)


async def show_member(stage: Stage, runs: int) -> Match:
    """For somebody who is signed in."""
    return await _show(stage, runs, COUNT, FRAGMENTS, signed_in=True)


async def show_cached(stage: Stage, runs: int) -> Match:
    """For visitors who read the same page, against aiohttp that has it in memory."""
    return await _show(stage, runs, MANY, READY)


async def _show(
    stage: Stage,
    runs: int,
    number: int,
    beside: str,
    *,
    anew: bool = False,
    signed_in: bool = False,
) -> Match:
    """The web process, against that page of the reference."""
    visits = count()
    place = stage.world.directory / f"showing-{number}-{anew}-{signed_in}.db"
    async with stage.copied() as node, running("references/showing.py", place) as reference:
        cookie = await stage.sign_in(node) if signed_in else ""
        await node.start("--role", "web")
        assert node.process is not None
        pid, port = node.process.pid, node.listening

        async def turn(pid: int, port: int, path: str) -> Round:
            paths = [f"{path}?visit={next(visits)}" if anew else path for _ in range(number)]
            requests = [get_page(stage.host, one, cookie) for one in paths]
            return await measured(pid, number, call(port, requests, expect=200))

        return await compete(
            lambda: turn(pid, port, stage.page),
            lambda: turn(reference.pid, reference.port, beside),
            runs,
        )
