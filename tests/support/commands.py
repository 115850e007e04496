"""The command line as a person meets it: a process, what it prints, how it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from databases import Databases
from waiting import wait_until


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


#: What runs a command without the right of root to read and write everything.
POWERLESS = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all") if os.geteuid() == 0 else ()


def fedi(
    *arguments: str | Path, stdin: str = "", through: Sequence[str] = (), **environment: str
) -> Ended:
    """Run `fedi` with these arguments to its end."""
    process = subprocess.run(
        [*through, sys.executable, "-m", "fedi", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environment,
        check=False,
    )
    return Ended(process.returncode, process.stdout, process.stderr)


def bare_database() -> tuple[str, ...]:
    """What tells `fedi init` where the nodes of this test keep their rows."""
    url = Databases.lend_bare()
    return ("--database", url) if url else ()


def init(directory: Path, *arguments: str, domain: str = "localhost:8080", stdin: str = "") -> Path:
    """Make a node in a directory; its settings file.  It must succeed."""
    config = directory / "config.toml"
    ended = fedi(
        "init", "--config", config, "--domain", domain, "--handle", "reseau", "--name", "Un réseau",
        *bare_database(), *arguments, stdin=stdin,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return config


class Serving:
    """`fedi serve` as a process: ready inside the block, ended with it."""

    def __init__(
        self, config: Path, *arguments: str, through: Sequence[str] = (), **environment: str
    ) -> None:
        self.log = config.parent / "serve.log"
        self.ready = "started"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*through, sys.executable, "-m", "fedi", "serve", "--config", config, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | environment,
            )

    @property
    def said(self) -> str:
        """What it wrote so far, on both outputs."""
        return self.log.read_text(encoding="utf-8")

    def __enter__(self) -> "Serving":
        wait_until(lambda: self.ready in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)


def get(port: int, path: str, **headers: str) -> tuple[int, str]:
    """Status and body of a GET on localhost."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": f"localhost:{port}", **headers})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
