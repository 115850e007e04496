"""`fedi serve`: run the node."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath
from fedi.cli.lean import hand_over
from fedi.cli.refusals import Refused

if TYPE_CHECKING:
    from fedi.core.config import Config

#: How glibc is asked to give memory back instead of keeping a share of it for every thread.  It
#: may keep as much as one page of a long debate takes, or it would ask for it anew each time.
FRUGAL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": "524288",
    "MALLOC_MMAP_THRESHOLD_": "524288",
}

#: Tells processes the directory in which they count together (`fedi.web.metrics`).
COUNTED = "PROMETHEUS_MULTIPROC_DIR"


def serve(
    role: Annotated[
        Literal["all", "web", "worker"], typer.Option("--role", help="What this process does.")
    ] = "all",
    workers: Annotated[
        int,
        typer.Option(
            "--workers", metavar="N", min=0, max=64,
            help="Keep N such processes at work, at one address; SIGHUP renews them one by one.",
        ),
    ] = 0,
    host: Annotated[
        str | None, typer.Option("--host", metavar="H", help="Instead of listen.host.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="P", min=1, max=65535, help="Instead of listen.port."),
    ] = None,
    socket: Annotated[
        Path | None, typer.Option("--socket", metavar="PATH", help="A Unix socket instead.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:  # fmt: skip
    """Run the node until Ctrl-C or SIGTERM."""
    from fedi.cli.listening import Listen, bind, hand_on, is_given
    from fedi.core.settings import load_config

    if socket is not None and (host is not None or port is not None):
        raise typer.BadParameter("--socket replaces --host and --port")
    settings = load_config(config)
    _require_sound(settings)
    listen = Listen(host, port, socket)
    if not is_given() and (role != "worker" or listen != Listen()):
        hand_on(bind(settings.listen, listen))
    python = [sys.executable, "-OO"]
    if workers:
        os.environ[COUNTED] = str(_empty(settings.node.data_dir / f"counted-{role}"))
        again = [sys.executable, "-m", "fedi", "serve", "--role", role, "--config", str(config)]
        program = [*python, "-m", "fedi.cli.supervisor", str(workers), *again]
    else:
        hand_over(settings)
        program = [*python, "-X", "no_debug_ranges", "-m", "fedi.cli.lean", role]
    os.execve(program[0], program, os.environ | FRUGAL)  # noqa: S606  no shell: good


def _require_sound(settings: "Config") -> None:
    """Refuse to serve what a disk has damaged: every write would make it worse."""
    from fedi.core.soundness import DamagedDatabase, check_pages

    try:
        for file in settings.database_files[:1]:
            if file.exists():
                check_pages(file)
    except DamagedDatabase as error:
        raise Refused(
            f"{error}\nmove the data directory away, then put the node back from its last backup: "
            "fedi restore FILE"
        ) from error


def _empty(directory: Path) -> Path:
    """Make a directory, without what was in it before."""
    import shutil

    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise Refused(f"{directory} cannot be made: {error.strerror}") from error
    return directory
