"""`fedi demo`: networks on this machine, debating with each other."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def demo(
    nodes: Annotated[
        int, typer.Option("--nodes", metavar="N", min=2, max=6, help="How many networks.")
    ] = 3,
    port: Annotated[
        int,
        typer.Option(
            "--port", metavar="P", min=1, max=65530, help="Of the first; the others follow."
        ),
    ] = 8081,
    directory: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where they live.")
    ] = Path("demo"),
) -> None:
    """Run networks on this machine that debate with each other.

    They run until Ctrl-C.  The first run makes them, with members and a debate; the next
    one finds them again.
    """
    from fedi.cli.demo.stage import perform

    asyncio.run(perform(directory, nodes, port))
