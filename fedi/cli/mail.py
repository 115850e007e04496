"""`fedi mail`: letters that wait to be sent."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, new_group, opened_node, print_rows

app = new_group("Letters to members and to those who want to be.")


@app.command("list")
def list_letters(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the letters that were not sent, with the links in them: pass them on yourself."""
    asyncio.run(_list(config, as_json))


async def _list(config: Path, as_json: bool) -> None:
    from fedi.accounts.letters import list_waiting

    async with opened_node(config) as node, node.db.reading() as unit:
        letters = await list_waiting(unit)
    rows = [asdict(letter) for letter in letters]
    columns = ("created_at", "recipient", "subject", "link", "last_error")
    print_rows(rows, columns, as_json=as_json, none="no letter waits")
