"""`fedi audit`: what administrators and moderators did, and whether the log of it is whole."""

import asyncio
from pathlib import Path

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, new_group, opened_node, print_json

app = new_group("The log of what administrators and moderators did.")


@app.command("verify")
def verify(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Check the chain of the audit log; exit 1 when an entry was changed or is missing."""
    asyncio.run(_verify(config, as_json))


async def _verify(config: Path, as_json: bool) -> None:
    from fedi.moderation.audit import verify as verify_chain

    async with opened_node(config) as node, node.db.reading() as unit:
        count, digest = await verify_chain(unit)
    if as_json:
        print_json({"entries": count, "digest": digest.hex()})
    else:
        print(f"{count} entries, whole; the last is {digest.hex()}")
