"""`fedi demo`: networks on this machine, debating with each other."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def demo(
    nodes: Annotated[int, typer.Option("--nodes", min=2, max=6, help="How many networks.")] = 3,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65530, help="Of the first; the others follow.")
    ] = 8081,
    directory: Annotated[Path, typer.Option("--dir", help="Where they live.")] = Path("demo"),
) -> None:
    """Run networks on this machine that debate with each other, until Ctrl-C.

    Makes them at the first run, with members and a debate, and finds them again at the next.
    """
    from fedi.cli.demo.stage import perform

    asyncio.run(perform(directory, nodes, port))
