"""One post to many followers: what the member's request costs, with its deliveries queued, and
what it costs to send them."""

from letters import write_text
from measuring import Figures, Match, compete, processor_seconds
from rounds import running
from seeding import gather_followers, opened
from sqlalchemy import func, select
from stage import MEMBER, Stage

from outbox.models import Delivery

FOLLOWERS, HOSTS = 10_000, 2_000
#: Deliveries of the reference.
USUAL = 960
LENGTH = 1500


async def fan_out(stage: Stage, runs: int) -> Figures:
    """Milliseconds of the web process from request to answer; nothing is delivered meanwhile."""
    hosts = [f"https://place{number}.test" for number in range(HOSTS)]
    async with stage.copied() as node:
        await gather_followers(node.config, hosts, FOLLOWERS)
        await node.start("--role", "web")
        assert node.process is not None
        values = []
        for number in range(runs + 1):
            before = processor_seconds(node.process.pid)
            await node.open_debate(MEMBER, f"À tous {number}", write_text(LENGTH))
            values.append(1000 * (processor_seconds(node.process.pid) - before))
        async with opened(node.config) as looked, looked.db.reading() as unit:
            queued = await unit.session.scalar(select(func.count()).select_from(Delivery))
        if (queued or 0) < (runs + 1) * HOSTS:
            raise RuntimeError(f"only {queued} deliveries were queued")
        return Figures(values[1:], "ms of CPU")


async def drain(stage: Stage, runs: int) -> Match:
    """Deliveries of one post to as many hosts, beside the reference of all deliveries.

    It writes to a few hosts, again and again; both begin each delivery with a handshake.
    """
    world = stage.world
    database = world.directory / "draining.db"
    async with (
        stage.copied() as node,
        running(
            "drivers/deliver.py",
            node.config,
            *world.inboxes(closing=True, count=HOSTS),
            SSL_CERT_FILE=str(world.certificates),
        ) as deliverer,
        running(
            "references/delivering.py", database, world.certificates, *world.inboxes(closing=True)
        ) as reference,
    ):
        return await compete(lambda: deliverer.round(HOSTS), lambda: reference.round(USUAL), runs)
