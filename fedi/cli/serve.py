"""`fedi serve`: run the node."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath


def serve(
    role: Annotated[
        Literal["all", "web", "worker"], typer.Option("--role", help="What this process does.")
    ] = "all",
    host: Annotated[
        str | None, typer.Option("--host", metavar="H", help="Instead of listen.host.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="P", help="Instead of listen.port.")
    ] = None,
    socket: Annotated[
        Path | None, typer.Option("--socket", metavar="PATH", help="A Unix socket instead.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Run the node until Ctrl-C or SIGTERM."""
    if socket is not None and (host is not None or port is not None):
        raise typer.BadParameter("--socket replaces --host and --port")
    # structlog draws tracebacks with rich when it finds it: a log wants plain
    # lines, and the process the 3 MB.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None is how Python says absent
    from fedi.cli.serving import Listen, run

    run(config, role, Listen(host, port, socket))
