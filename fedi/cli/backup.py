"""`fedi backup` and `fedi restore`: a node in one file, and back again."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, opened_node
from fedi.cli.refusals import Refused

if TYPE_CHECKING:
    from fedi.backup.restoring import Contents
    from fedi.core.config import Config

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]
Identity = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="The key file of age that opens an encrypted backup."),
]


def backup(
    file: File,
    recipient: Annotated[
        str | None, typer.Option(metavar="AGE1…", help="Encrypt it to this public key of age.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read a backup as restoring would, and keep nothing.")
    ] = False,
    keep: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="FILE is a folder: keep the last N in it."),
    ] = 0,
    identity: Identity = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Put settings, keys, images and every row into one file, while the node serves."""
    with _disk_errors():
        if verify:
            from fedi.backup.restoring import verify_backup

            return _tell("is whole", verify_backup(file, identity=identity))
        if not file.parent.is_dir():
            raise Refused(f"there is no folder {file.parent}")
        if keep:
            file = file / f"fedi-{datetime.now(UTC):%Y-%m-%d-%H%M%S}.backup"
        _make(file, recipient, config)
        for old in _older(file, keep):
            old.unlink()
    return None


def _make(file: Path, recipient: str | None, config: Path) -> None:
    from fedi.backup.making import make_backup

    about = make_backup(config, asyncio.run(_examine(config)), file, recipient=recipient)
    size = file.stat().st_size / 1_000_000
    print(f"{file}: {about.node} of {about.made_at}, {size:.1f} MB")
    if recipient is None:
        print("it holds the secret key: keep it where nobody else reads it", file=sys.stderr)


async def _examine(config: Path) -> "Config":
    """The settings of a node whose database this program can read; refused if it cannot."""
    async with opened_node(config) as node:
        return node.config


def restore(file: File, identity: Identity = None, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Put a node back from a backup, where there is none.

    The settings come from the backup, unless there is a settings file already: it then says
    where the rest goes, such as to another folder or to PostgreSQL.
    """
    from fedi.backup.restoring import restore_backup

    with _disk_errors():
        contents = restore_backup(file, config, identity=identity)
    _tell("is restored", contents)
    print(f"start it: fedi serve --config {config}")


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Say in one line which file could not be read or written, and why."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{error.filename or 'the backup'}: {error.strerror or error}") from error


def _tell(what: str, contents: "Contents") -> None:
    about = contents.about
    print(f"{about.node} of {about.made_at} {what}: {contents.posts} posts")


def _older(file: Path, keep: int) -> list[Path]:
    """The backups of a folder that are older than the last ones to keep."""
    return sorted(file.parent.glob("fedi-????-??-??-??????.backup"))[:-keep] if keep else []
