"""Putting a node back from its backup, on a machine where there is none."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fedi.backup import package
from fedi.backup.package import About
from fedi.backup.sealing import opened
from fedi.core.config import Config
from fedi.core.errors import Conflict
from fedi.core.seal import Vault, read_secret
from fedi.core.settings import load_config
from fedi.core.soundness import check_whole
from fedi.migrations.copy import copy_rows
from fedi.migrations.state import REVISIONS, NewerDatabase
from fedi.migrations.upgrade import upgrade


@dataclass(frozen=True)
class Contents:
    """A backup that was read through and found whole."""

    about: About
    folder: Path  # where its files are now
    posts: int


def verify_backup(source: Path, *, identity: Path | None = None) -> Contents:
    """Read a backup as restoring would, and leave nothing behind.

    Raises what `unpacked` raises.
    """
    with unpacked(source, beside=source, identity=identity) as contents:
        return contents


def restore_backup(source: Path, settings: Path, *, identity: Path | None = None) -> Contents:
    """Put a node back: its settings, its secret key, its images and its rows.

    Settings that are there already stay, and say where the rest goes, such as to another
    database.  Raises `Conflict` when a node is there, and changes nothing then; and what
    `unpacked` raises.  Stopped half-way, it may be run again.
    """
    with opened(source, identity) as file:
        _, text = package.look(file)
    is_new = not settings.exists()
    if is_new:
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.touch(mode=0o600)
        settings.write_text(text, encoding="utf-8")
    try:
        config = load_config(settings)
        config.node.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with unpacked(source, beside=config.secret_path, identity=identity) as contents:
            _require_same(contents.about, config, settings)
            _require_empty(contents.folder, config)
            _put_back(contents.folder, config)
    except BaseException:
        if is_new:
            settings.unlink()
        raise
    return contents


@contextmanager
def unpacked(source: Path, *, beside: Path, identity: Path | None = None) -> Iterator[Contents]:
    """The files of a backup, in a folder of the block, beside where they will go.

    They are whole, the database holds together and is at our revision, and the secret key
    opens the keys in it.  Raises `BadBackup`, `NotSealed`, `DamagedDatabase`, `NewerDatabase`
    and `BadSecret`.
    """
    with tempfile.TemporaryDirectory(prefix=".fedi-restore-", dir=beside.parent) as name:
        folder = Path(name)
        with opened(source, identity) as file:
            about = package.unpack(file, folder)
        if about.revision not in REVISIONS:
            raise NewerDatabase(
                f"fedi {about.program} made this backup: restore it with that version, or a later"
            )
        check_whole(folder / package.ROWS)
        asyncio.run(upgrade(f"sqlite:///{folder / package.ROWS}"))
        yield Contents(about, folder, _try_out(folder))


def _try_out(folder: Path) -> int:
    """Open a private key as the node will, and count its posts."""
    vault = Vault(read_secret(folder / package.SECRET))
    with closing(sqlite3.connect(folder / package.ROWS)) as database:
        for (sealed,) in database.execute(
            "SELECT private_sealed FROM actor_keys WHERE private_sealed IS NOT NULL LIMIT 1"
        ):
            vault.open(sealed)
        (count,) = database.execute("SELECT count(*) FROM posts").fetchone()
    return int(count)


def _require_same(about: About, config: Config, settings: Path) -> None:
    if config.site.url != about.node:
        raise Conflict(
            f"this is a backup of {about.node}, and {settings} is of {config.site.url}: "
            "a node cannot change its address"
        )


def _require_empty(folder: Path, config: Config) -> None:
    """Return when no node is where the settings say that this one goes."""
    secret = config.secret_path
    if secret.exists() and secret.read_bytes() != (folder / package.SECRET).read_bytes():
        raise Conflict(f"there is another node in {config.node.data_dir}: restore elsewhere")
    for place in config.database_files:
        if place.exists():
            raise Conflict(f"there is a database already: {place}")


def _put_back(folder: Path, config: Config) -> None:
    """Move every file to its place; the rows last, for they say that a node is there."""
    if (folder / "media").exists():
        shutil.copytree(folder / "media", config.media_dir, dirs_exist_ok=True)
    (folder / package.SECRET).replace(config.secret_path)
    rows = folder / package.ROWS
    if config.database_files:
        check_whole(rows)  # which leaves no log of it beside the file
        shutil.move(rows, config.database_files[0])
    else:
        asyncio.run(copy_rows(f"sqlite:///{rows}", config.database_url, lambda *_: None))
