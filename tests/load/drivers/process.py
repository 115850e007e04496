"""The node's own processor in a process of its own, so that nothing else is counted."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from measuring import Round
from rounds import answer, run, spent
from sqlalchemy import func, select

from actors.journal import Journal
from actors.policies import Policies
from fedi.app import sign_requests
from fedi.cli.serving import COLLECT_AFTER
from fedi.core.log import set_up_log
from fedi.core.node import Node, open_node
from fedi.core.settings import load_config
from inbox.models import InboxItem
from inbox.processor import Processor
from inbox.resolve import Resolver


async def main(config: Path) -> None:
    """Process as many of the accepted activities as asked."""
    settings = load_config(config)
    set_up_log(settings.log.level, settings.log.format)
    node = open_node(settings)
    await sign_requests(node)
    policies = Policies(node.db, node.config.federation.mode)
    processor = Processor(node, Resolver(node, policies), Journal(node.db))
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)

    async def turn(count: int) -> Round:
        before = await _done(node)
        started, claimed = spent(), 0
        while claimed < count:
            claimed += await processor.run_once()
        seconds = spent() - started
        if await _done(node) - before != count:
            raise RuntimeError(f"not everything had an effect: {await _outcomes(node)}")
        return Round(count, seconds)

    try:
        await answer(turn)
    finally:
        await node.close()


async def _done(node: Node) -> int:
    return dict(await _outcomes(node)).get(("done", None), 0)


async def _outcomes(node: Node) -> Sequence[tuple[tuple[str | None, str | None], int]]:
    columns = InboxItem.outcome, InboxItem.reason
    query = select(*columns, func.count()).group_by(*columns)
    async with node.db.reading() as unit:
        return [((outcome, reason), n) for outcome, reason, n in await unit.session.execute(query)]


if __name__ == "__main__":
    run(main(Path(sys.argv[1])))
