"""The command line as a person meets it: a process, what it prints, how it ends."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


def fedi(*arguments: str | Path, stdin: str = "", **environment: str) -> Ended:
    """Run `fedi` with these arguments to its end."""
    process = subprocess.run(
        [sys.executable, "-m", "fedi", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
        check=False,
    )
    return Ended(process.returncode, process.stdout, process.stderr)


def init(directory: Path, *arguments: str, domain: str = "localhost:8080", stdin: str = "") -> Path:
    """Make a node in a directory; its settings file.  It must succeed."""
    config = directory / "config.toml"
    ended = fedi(
        "init", "--config", config, "--domain", domain, "--handle", "reseau", "--name", "Un réseau",
        *arguments, stdin=stdin,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return config
