"""Activities fully processed: read, handled and stored, with what follows from them queued."""

from measuring import Match, Round, compete
from rounds import DATABASE_PID, running
from stage import Stage

COUNT = 1000


async def process(stage: Stage, runs: int) -> Match:
    """The node's processor on its own, against a batch unit that writes the same rows."""
    place = await stage.place("processing")
    environment = {DATABASE_PID: str(stage.database or 0)}
    async with (
        stage.serving("web") as node,
        running("drivers/process.py", node.config, **environment) as processor,
        running("references/processing.py", place, **environment) as reference,
    ):

        async def turn() -> Round:
            await stage.post(stage.replies(COUNT))
            return await processor.round(COUNT)

        return await compete(turn, lambda: reference.round(COUNT), runs)
