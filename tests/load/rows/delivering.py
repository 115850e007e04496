"""Signed deliveries: what is queued goes out over TLS to 32 origins, and is acknowledged."""

from measuring import Match, compete
from rounds import running
from stage import Stage

COUNT = 960


async def deliver_on_kept_connections(stage: Stage, runs: int) -> Match:
    """To servers that keep connections open."""
    return await _deliver(stage, runs, closing=False)


async def deliver_on_new_connections(stage: Stage, runs: int) -> Match:
    """To servers that close each connection, so that every delivery begins with a handshake."""
    return await _deliver(stage, runs, closing=True)


async def _deliver(stage: Stage, runs: int, *, closing: bool) -> Match:
    """The node's deliverer on its own, against an aiohttp client with a queue in SQLite."""
    world = stage.world
    inboxes = world.inboxes(closing=closing)
    database = world.directory / f"delivering-{closing}.db"
    async with (
        stage.copied() as node,
        running(
            "drivers/deliver.py", node.config, *inboxes, SSL_CERT_FILE=str(world.certificates)
        ) as deliverer,
        running("references/delivering.py", database, world.certificates, *inboxes) as reference,
    ):
        return await compete(lambda: deliverer.round(COUNT), lambda: reference.round(COUNT), runs)
