"""A PostgreSQL server of our own, for tests and for the bench.

    with private_postgres() as server:
        url = await server.create_database()

It lives in a temporary folder, answers on a free port of loopback and on a Unix socket, and is
gone with the block.  No other server is touched, unless FEDI_TEST_DATABASE_URL names one: then
databases are made and dropped there, by names that nobody else uses.
"""

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
from waiting import free_port, wait_until

ENVIRONMENT = "FEDI_TEST_DATABASE_URL"
#: Debian keeps the programs of each version in a folder of their own, out of PATH.
FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
#: Text is ordered as in French, not by its bytes: what depends on one order is seen in a test.
LOCALE = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=fr-FR")
#: What a test stores need not outlive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
#: Room for every node of a test run at once.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
}


class NoPostgres(Exception):
    """No server was named, and there are no programs to run one."""


@dataclass(frozen=True)
class Server:
    """A running server: the URL of a database from which others can be made."""

    url: str
    #: The process that holds all others; None for a server that is not ours.
    pid: int | None = None

    async def create_database(self, template: str = "") -> str:
        """Make a database, empty or a copy of another; its URL."""
        name = f"fedi_test_{secrets.token_hex(6)}"
        copied = f' TEMPLATE "{_name(template)}"' if template else ""
        await self._execute(f'CREATE DATABASE "{name}"{copied}')
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def drop_database(self, url: str) -> None:
        """Remove a database made here, whoever is connected to it."""
        await self._execute(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')

    async def _execute(self, statement: str) -> None:
        connection: Any = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def _name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def find_program(name: str) -> str:
    """The newest `initdb` or `postgres` of this machine; raises `NoPostgres`."""
    places = [*map(str, reversed(FOLDERS)), os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        raise NoPostgres(f"{name} is missing: apt install postgresql, or set {ENVIRONMENT}")
    return found


@contextmanager
def private_postgres(*, durable: bool = False) -> Iterator[Server]:
    """Run a server for the time of the block; with `durable` it writes to disk as in earnest.

    Raises `NoPostgres`.
    """
    if named := os.environ.get(ENVIRONMENT):
        yield Server(named)
        return
    with private_cluster() as cluster, cluster.running({} if durable else FORGETFUL) as server:
        yield server


@contextmanager
def private_cluster() -> Iterator["Cluster"]:
    """Databases in a temporary folder, for servers that come and go; raises `NoPostgres`."""
    folder = Path(tempfile.mkdtemp(prefix="fedi-postgres-"))
    try:
        cluster = Cluster(folder, secrets.token_hex(16), free_port(), _unprivileged(folder))
        cluster.make()
        yield cluster
    finally:
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """What `subprocess` needs: PostgreSQL refuses to run as root."""
    if os.geteuid():
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    other = names.get("postgres") or names["nobody"]
    os.chown(folder, other.pw_uid, other.pw_gid)
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


@dataclass(frozen=True)
class Cluster:
    """The files of a server that is always found at the same port."""

    folder: Path
    password: str
    port: int
    runner: dict[str, Any]

    @property
    def url(self) -> str:
        """The database from which others can be made."""
        return f"postgresql://fedi:{quote(self.password)}@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Write the files of a new cluster."""
        secret = self.folder / "password"
        secret.write_text(self.password)  # the folder is closed to others
        ended = subprocess.run(
            [
                find_program("initdb"), "--pgdata", self.folder / "data", "--username=fedi",
                *LOCALE, "--auth=password", "--pwfile", secret, "--no-sync", "--no-instructions",
            ],
            text=True, capture_output=True, check=False, cwd=self.folder, **self.runner,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr

    @contextmanager
    def running(self, settings: dict[str, str]) -> Iterator[Server]:
        """Run the server for the time of the block."""
        process = self._start(settings)
        try:
            ready = self.folder / "data" / "postmaster.pid"
            wait_until(lambda: process.poll() is not None or _is_ready(ready))
            assert process.poll() is None, (self.folder / "log").read_text()
            yield Server(self.url, process.pid)
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: clients are disconnected
            process.wait(timeout=30)

    def _start(self, settings: dict[str, str]) -> subprocess.Popen[bytes]:
        places = {"port": str(self.port), "unix_socket_directories": str(self.folder)}
        options = SETTINGS | settings | places
        # A run that is killed takes its server with it.
        leash = [program, "--pdeathsig=INT"] if (program := shutil.which("setpriv")) else []
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [
                    *leash, find_program("postgres"), "-D", self.folder / "data",
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                stdout=log, stderr=log, cwd=self.folder, **self.runner,
            )  # fmt: skip


def _is_ready(pidfile: Path) -> bool:
    """Whether the server has written, as the last line of that file, that it answers."""
    return pidfile.exists() and pidfile.read_text().rstrip().endswith("ready")


if __name__ == "__main__":  # `PYTHONPATH=tests/support python tests/support/postgres.py`
    with private_postgres() as running:
        print(asyncio.run(running.create_database()))
        signal.pause()
