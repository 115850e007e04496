"""The file of a backup: a compressed tar that other programs can open, and check, as well.

`backup.json` says what it is, then come the settings, the secret key, the images and the rows;
`SHA256SUMS` ends it, as sha256sum(1) writes it.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from fedi.core.errors import FediError

ABOUT, SETTINGS, SECRET, ROWS, SUMS = (
    "backup.json",
    "config.toml",
    "secret.key",
    "fedi.db",
    "SHA256SUMS",
)
FORMAT = 1
#: Bytes that a part which is read into memory may have.
SMALL = 1024 * 1024
#: What a backup may hold: nothing else is ever written to a disk.
_KNOWN = re.compile(r"config\.toml|secret\.key|fedi\.db|media/[0-9a-f]{2}/[0-9A-Za-z_.-]+")


class BadBackup(FediError):
    """A file is no backup of a node, or it was cut or changed since it was made."""

    code = "bad-backup"


@dataclass(frozen=True)
class About:
    """What a backup says of itself: of which node, by which program, of when."""

    node: str  # its address
    made_at: str  # RFC 3339
    program: str  # version
    revision: str  # of the database
    format: int = FORMAT


class _Summing:
    """A file that is read through, and what it sums up to."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._sum.update(data)
        return data

    @property
    def sum(self) -> str:
        return self._sum.hexdigest()


def pack(out: IO[bytes], about: About, parts: Iterable[tuple[str, Path]]) -> None:
    """Write a backup of these files, each under its name, to something that only moves on.

    An image that was taken down meanwhile is left out: no row shows it any more.
    """
    sums = ""
    with tarfile.open(fileobj=out, mode="w|gz", format=tarfile.PAX_FORMAT) as tar:
        _add_text(tar, ABOUT, json.dumps(asdict(about), indent=2))
        for name, path in parts:
            try:
                file = path.open("rb")
            except FileNotFoundError:
                if name.startswith("media/"):
                    continue
                raise
            with file:
                info = tar.gettarinfo(arcname=name, fileobj=file)
                info.mode, info.uid, info.gid, info.uname, info.gname = 0o600, 0, 0, "", ""
                summing = _Summing(file)
                tar.addfile(info, summing)
                sums += f"{summing.sum}  {name}\n"
        _add_text(tar, SUMS, sums)


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text.encode()), 0o600
    tar.addfile(info, io.BytesIO(text.encode()))


def look(source: IO[bytes]) -> tuple[About, str]:
    """What a backup is of, and the settings in it, from its beginning alone.

    Raises `BadBackup`.
    """
    try:
        with tarfile.open(fileobj=source, mode="r|gz") as tar:
            about = _read_about(_read_text(tar, tar.next(), ABOUT))
            return about, _read_text(tar, tar.next(), SETTINGS)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadBackup(f"this is no backup of a node: {error}") from error


def unpack(source: IO[bytes], folder: Path) -> About:
    """Write the files of a backup to an empty folder; each is as it was packed.

    Raises `BadBackup`; what was written by then has to be thrown away.
    """
    found: dict[str, str] = {}
    about, sums = None, None
    try:
        with tarfile.open(fileobj=source, mode="r|gz") as tar:
            for member in tar:
                if member.name == ABOUT:
                    about = _read_about(_read_text(tar, member, ABOUT))
                elif member.name == SUMS:
                    sums = _read_text(tar, member, SUMS)
                else:
                    found[member.name] = _write(tar, member, folder)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise BadBackup(f"this backup is cut or damaged: {error}") from error
    if about is None or sums is None:
        raise BadBackup("this backup is cut: its beginning or its end is missing")
    lines = (line.partition("  ") for line in sums.splitlines())
    _compare(found, {name: digest for digest, _, name in lines})
    return about


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Write one file; what it sums up to.  Names choose nothing outside of the folder."""
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or not _KNOWN.fullmatch(member.name):
        raise BadBackup(f"this backup holds what no node puts there: {member.name[:80]!r}")
    summing, place = _Summing(source), folder / member.name
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with place.open("xb") as file:
        place.chmod(0o600)
        while chunk := summing.read(SMALL):
            file.write(chunk)
    return summing.sum


def _compare(found: dict[str, str], told: dict[str, str]) -> None:
    for name in (SETTINGS, SECRET, ROWS, *told):
        if name not in found:
            raise BadBackup(f"{name} is missing in this backup")
    for name, digest in found.items():
        if told.get(name) != digest:
            raise BadBackup(f"{name} is not as it was put into this backup")


def _read_text(tar: tarfile.TarFile, member: tarfile.TarInfo | None, name: str) -> str:
    file = tar.extractfile(member) if member is not None and member.name == name else None
    if file is None or member is None or member.size > 64 * SMALL:
        raise BadBackup(f"this is no backup of a node: {name} is not where it should be")
    try:
        return file.read().decode()
    except UnicodeDecodeError as error:
        raise BadBackup(f"{name} of this backup is not text") from error


def _read_about(text: str) -> About:
    try:
        about = About(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise BadBackup(f"{ABOUT} of this backup cannot be read: {error}") from error
    if about.format != FORMAT:
        raise BadBackup("a newer version of fedi made this backup: restore it with that one")
    return about
