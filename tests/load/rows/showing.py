"""Anonymous renderings of a debate of 100 posts, as HTML, not compressed."""

from client import call
from letters import get_all
from measuring import Match, Round, compete, measured
from rounds import Child, running
from stage import Serving, Stage

COUNT = 60


async def show(stage: Stage, runs: int) -> Match:
    """The web process, against one query and fragments that were rendered before."""
    async with (
        stage.serving("web") as node,
        running("references/showing.py", stage.world.directory / "showing.db") as reference,
    ):

        async def turn(server: Serving | Child, path: str) -> Round:
            requests = get_all(stage.host, path, COUNT)
            return await measured(server.pid, COUNT, call(server.port, requests, expect=200))

        return await compete(
            lambda: turn(node, stage.page), lambda: turn(reference, "/d/1/debat"), runs
        )
