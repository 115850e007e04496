"""`fedi serve --workers`: several processes at one address, and how they follow each other."""

import os
import signal
import socket
import sqlite3
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread

import pytest
from commands import Serving, fedi, get, init
from waiting import free_port, wait_until

pytestmark = pytest.mark.sqlite  # PostgreSQL: tests/interop/test_several_processes.py


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Path:
    return init(tmp_path, domain=f"localhost:{port}")


def children(node: Serving) -> set[int]:
    """The processes that a supervisor keeps at work."""
    pid = node.process.pid
    return {int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def memory(pid: int) -> int:
    """Kibibytes that a process keeps in RAM."""
    (line,) = (
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in line
    )
    return int(line.split()[1])


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Visitor(Thread):
    """Asks for a page again and again, and notes everything that was not an answer of 200."""

    def __init__(self, port: int, *, keeps: bool, pause: float) -> None:
        super().__init__()
        self.port, self.keeps, self.pause = port, keeps, pause
        self.answers, self.complaints = 0, list[str]()
        self.leaving = Event()

    def run(self) -> None:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        while not self.leaving.wait(self.pause):
            if not self.keeps:
                connection.close()
            try:
                connection.request("GET", "/", headers={"Host": f"localhost:{self.port}"})
                response = connection.getresponse()
                response.read()
            except (OSError, HTTPException) as error:
                self.complaints.append(repr(error))
                connection.close()
                continue
            self.answers += 1
            if response.status != 200:
                self.complaints.append(str(response.status))
        connection.close()


def test_an_upgrade_replaces_every_process_and_refuses_no_request(config: Path, port: int):
    visitors = [
        Visitor(port, keeps=keeps, pause=pause)
        for keeps in (True, False)
        for pause in (0.005, 0.05, 1.0)
    ]
    with Serving(config, "--workers", "2") as node:
        wait_until(lambda: node.said.count("started") == 2)
        before = children(node)
        for visitor in visitors:
            visitor.start()
        try:
            wait_until(lambda: all(visitor.answers for visitor in visitors))
            node.process.send_signal(signal.SIGHUP)
            wait_until(lambda: len(children(node) - before) == 2, seconds=60)
            wait_until(lambda: not before & children(node), seconds=60)
            answers = [visitor.answers for visitor in visitors]
            wait_until(
                lambda: all(v.answers > then for v, then in zip(visitors, answers, strict=True))
            )
        finally:
            for visitor in visitors:
                visitor.leaving.set()
            for visitor in visitors:
                visitor.join()

        assert [visitor.complaints for visitor in visitors] == [[]] * len(visitors)
        assert len(children(node)) == 2
        assert node.stop() == 0
        assert "Traceback" not in node.said


def test_an_upgrade_that_cannot_start_leaves_everything_as_it_was(config: Path, port: int):
    with Serving(config, "--workers", "2") as node:
        wait_until(lambda: node.said.count("started") == 2)
        before = children(node)
        text = config.read_text(encoding="utf-8")
        config.write_text(text + "\n[nonsense]\n", encoding="utf-8")
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "the upgrade is given up" in node.said)

        assert children(node) == before
        assert get(port, "/readyz")[0] == 200

        config.write_text(text.replace("Un réseau", "Un autre réseau"), encoding="utf-8")
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not before & children(node), seconds=60)
        assert "Un autre réseau" in get(port, "/")[1]


def test_all_processes_end_with_the_supervisor(config: Path):
    with Serving(config, "--workers", "2") as node:
        wait_until(lambda: node.said.count("started") == 2)
        pids = children(node)
        assert node.stop() == 0

    assert not any(map(is_alive, pids))


def test_a_process_that_dies_is_started_again(config: Path, port: int):
    with Serving(config, "--workers", "2") as node:
        wait_until(lambda: node.said.count("started") == 2)
        died = min(children(node))
        os.kill(died, signal.SIGKILL)
        wait_until(lambda: len(children(node) - {died}) == 2)
        assert get(port, "/livez")[0] == 200
        assert memory(node.process.pid) < 14 * 1024  # it is there for small machines too

        pids = children(node)
        node.stop(signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, pids)))


def test_what_keeps_a_node_from_starting_ends_the_supervisor_too(config: Path):
    (config.parent / "data" / "secret.key").unlink()

    ended = fedi("serve", "--workers", "2", "--config", config)

    assert ended.code == 1
    assert "cannot read the secret key" in ended.err
    assert "Traceback" not in ended.err


def test_several_processes_share_a_unix_socket(config: Path):
    path = config.parent / "node.sock"
    with Serving(config, "--workers", "2", "--socket", str(path)) as node:
        wait_until(lambda: node.said.count("started") == 2)
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: node.said.count("started") == 4, seconds=60)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert node.stop() == 0


def test_balancers_are_told_before_a_node_leaves(config: Path, port: int):
    with Serving(config) as node:
        node.process.send_signal(signal.SIGQUIT)
        wait_until(lambda: get(port, "/readyz")[0] == 503)
        assert get(port, "/livez")[0] == 200
        assert node.process.wait(timeout=30) == 0


def test_one_process_at_a_time_works_on_a_sqlite_file(config: Path):
    database = config.parent / "data" / "fedi.db"

    def is_finished(number: int) -> bool:
        with closing(sqlite3.connect(database)) as connection:
            query = "SELECT finished_at FROM inbox_items WHERE id = ?"
            return connection.execute(query, (number,)).fetchone()[0] is not None

    def receive(number: int) -> None:
        with closing(sqlite3.connect(database, timeout=10)) as connection, connection:
            connection.execute(
                "INSERT INTO inbox_items (id, fingerprint, activity_uri, type, signer_uri, origin,"
                " body, received_at, attempts, next_attempt_at) VALUES (?, ?, ?, 'View',"
                " 'https://a.example/p/ana', 'https://a.example', x'7b7d',"
                " '2026-01-01 00:00:00.000000', 0, '2026-01-01 00:00:00.000000')",
                (number, bytes([number]), f"https://a.example/{number}"),
            )

    with Serving(config, "--workers", "3") as node:
        wait_until(lambda: node.said.count("started") == 3)
        receive(1)
        wait_until(lambda: is_finished(1))
        assert node.said.count("leading") == 1
        leader = lock_holder(config.parent / "data" / "leader.lock")
        os.kill(leader, signal.SIGKILL)
        receive(2)
        wait_until(lambda: is_finished(2))
        assert lock_holder(config.parent / "data" / "leader.lock") != leader


def lock_holder(path: Path) -> int:
    """The process that has a file locked, as the kernel tells it."""
    inode = str(path.stat().st_ino)
    lines = (line.split() for line in Path("/proc/locks").read_text().splitlines())
    (pid,) = {int(line[4]) for line in lines if line[5].rpartition(":")[2] == inode}
    return pid
