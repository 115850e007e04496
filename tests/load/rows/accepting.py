"""Signed Create(Note) accepted: POST to the shared inbox of `fedi serve`, 202 once durable."""

from client import call
from measuring import Match, Round, compete, measured
from rounds import Child, running
from stage import Serving, Stage

COUNT = 1500


async def accept(stage: Stage, runs: int) -> Match:
    """The web process, against aiohttp with one verified signature and a grouped commit."""
    world = stage.world
    key_ids = [sender.key_id for sender in world.senders]
    arguments = [await stage.place("accepting"), world.pem, *key_ids]
    async with (
        stage.serving("web") as node,
        running("references/accepting.py", *arguments) as reference,
    ):

        async def turn(server: Serving | Child) -> Round:
            requests = stage.sign(stage.replies(COUNT))
            work = call(server.port, requests, expect=202)
            return await measured(server.pid, COUNT, work, database=stage.database)

        return await compete(lambda: turn(node), lambda: turn(reference), runs)
