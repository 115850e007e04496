"""`fedi search`: the index by which debates are found."""

import asyncio
from pathlib import Path

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, new_group, opened_node

app = new_group("The index by which debates are found.")


@app.callback()
def search() -> None:
    """The index by which debates are found."""


@app.command("rebuild")
def rebuild(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Make the index anew from all that was written; the node may serve meanwhile."""
    asyncio.run(_rebuild(config))


async def _rebuild(config: Path) -> None:
    from rich.console import Console
    from rich.progress import Progress

    from fedi.debates.search.keeping import rebuild

    async with opened_node(config) as node:
        console = Console(stderr=True)
        columns = ("{task.description}", "{task.completed}")
        with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("words of posts and names", total=None)
            rows = await rebuild(node.db, lambda count: progress.update(task, completed=count))
    print(f"{rows} posts, people and groups can be found")
