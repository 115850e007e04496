"""Making a backup: one moment of the node, in one file, while it goes on serving."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fedi.backup import package
from fedi.backup.package import About
from fedi.backup.sealing import written
from fedi.backup.snapshot import take_snapshot
from fedi.core.config import Config
from fedi.core.errors import Conflict
from fedi.core.node import utc_now
from fedi.core.version import VERSION
from fedi.migrations.state import HEAD

#: How the file of an image is called; others are not finished.
_IMAGE = re.compile(r"[0-9a-f]{64}")


def make_backup(
    settings: Path, config: Config, target: Path, *, recipient: str | None = None
) -> About:
    """Write a backup of the node of a settings file, whose database is at our revision; blocks.

    The rows are those of one moment, and the images are read after it, so none that they
    show is missing.  `recipient` is a public key of age.  The file is there when it is whole;
    nothing is left of one that could not be finished.  Raises `Conflict` when there is such a
    file, `DamagedDatabase`, `NotSealed`, and `OSError` when the disk does not hold it.
    """
    if target.exists():
        raise Conflict(f"{target} is there already")
    about = About(config.site.url, f"{utc_now():%Y-%m-%dT%H:%M:%SZ}", VERSION, HEAD)
    draft = target.with_name(f".{target.name}.part")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=config.node.data_dir) as folder:
        rows = Path(folder, package.ROWS)
        take_snapshot(config.database_url, rows)
        try:
            with written(draft, recipient) as out:
                package.pack(out, about, _parts(settings, config, rows))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    return about


def _parts(settings: Path, config: Config, rows: Path) -> Iterator[tuple[str, Path]]:
    yield package.SETTINGS, settings
    yield package.SECRET, config.secret_path
    yield package.ROWS, rows
    for place in sorted(config.media_dir.glob("*/*")):
        if _IMAGE.fullmatch(place.name):
            yield f"media/{place.parent.name}/{place.name}", place
