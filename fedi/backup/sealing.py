"""Files that only the holder of another key can open: age(1), if it is asked for.

Its format is public and small, and its program is packaged everywhere; a backup that only fedi
could open would be worth less.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from fedi.backup.package import BadBackup
from fedi.core.errors import FediError

_MAGIC = b"age-encryption.org/"


class NotSealed(FediError):
    """A backup could not be encrypted or opened; the message has what age says."""

    code = "age-failed"


@contextmanager
def written(path: Path, recipient: str | None) -> Iterator[IO[bytes]]:
    """Write a new file, readable by its owner only, encrypted to a recipient if there is one.

    Raises `FileExistsError` and `NotSealed`.
    """
    with path.open("xb") as file:
        path.chmod(0o600)
        if recipient is None:
            yield file
        else:
            pipes = {"stdin": subprocess.PIPE, "stdout": file}
            with _age(["--encrypt", "--recipient", recipient], **pipes) as age:
                yield cast(IO[bytes], age.stdin)


@contextmanager
def opened(path: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    """Read a file; the identity file is what opens an encrypted one.

    Raises `NotSealed` when it does not, or is missing.
    """
    with path.open("rb") as file:
        is_sealed = file.read(len(_MAGIC)) == _MAGIC
    with path.open("rb") as file:  # anew: age reads from where the system is, not Python
        if not is_sealed:
            yield file
        elif identity is None:
            raise NotSealed("this backup is encrypted: name its key with --identity PATH")
        else:
            pipes = {"stdin": file, "stdout": subprocess.PIPE}
            with _age(["--decrypt", "--identity", str(identity)], **pipes) as age:
                yield cast(IO[bytes], age.stdout)


@contextmanager
def _age(arguments: list[str], **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    program = shutil.which("age")
    if program is None:
        raise NotSealed("encryption needs the program age: apt install age")
    failure: Exception | None = None
    with subprocess.Popen([program, *arguments], stderr=subprocess.PIPE, **pipes) as age:  # noqa: S603  no shell, and a program of the system
        try:
            yield age
        except (BrokenPipeError, BadBackup) as error:  # which may be for what age has to say
            failure = error
        if age.stdout is not None:
            age.stdout.close()  # who only looks at the beginning leaves the rest
        _, complaint = age.communicate()
    if age.returncode > 0:
        words = complaint.decode(errors="replace").strip().splitlines()
        raise NotSealed(words[0] if words else "age failed") from failure
    if failure is not None:
        raise failure
