"""`fedi demo`: three networks on one machine, one debate."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from commands import fedi, get
from waiting import free_port, wait_until

pytestmark = pytest.mark.sqlite  # a process for each command: once is enough

NETWORKS = ("fleuve", "lisiere", "boussole")


@contextmanager
def demo(directory: Path, port: int) -> Iterator[str]:
    """Run the demonstration; what it printed once it runs.  Ends by Ctrl-C, cleanly."""
    output = directory.parent / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "fedi", "demo", "--dir", directory, "--port", str(port)],
            stdout=file,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_until(
            lambda: "Ctrl-C" in output.read_text() or process.poll() is not None, seconds=150
        )
        assert process.poll() is None, output.read_text()
        yield output.read_text(encoding="utf-8")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in output.read_text(encoding="utf-8")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)


def test_three_networks_hold_one_debate_and_are_found_again(tmp_path: Path):
    directory, port = tmp_path / "demo", free_ports(3)
    with demo(directory, port) as said:
        assert "debug" not in said
        thread = re.search(r"fedi thread show (\S+)", said)
        assert thread is not None
        trees = [
            fedi(
                "thread", "show", thread[1], "--json",
                "--config", directory / name / "config.toml",
            ).json
            for name in NETWORKS
        ]  # fmt: skip
        pages = re.findall(r"http://localhost:(\d+)(/d/\S+)", said)
        shown = [get(int(number), path, Accept="text/html") for number, path in pages]
        logins = re.findall(r"localhost:(\d+)/sign-in +as (\w+), password (\S+)", said)
        answers = [sign_in(int(number), name, password) for number, name, password in logins]

    assert trees[0]["posts"] == trees[1]["posts"] == trees[2]["posts"]
    assert trees[0]["name"] == "Un fonds commun pour remplacer nos machines ?"
    authors = {post["author"].partition("/p/")[0] for post in trees[0]["posts"]}
    assert authors == {f"http://localhost:{port + number}" for number in range(3)}
    assert max(post["depth"] for post in trees[0]["posts"]) >= 3
    assert [status for status, _ in shown] == [200, 200, 200]
    assert all("tirées au sort" in body for _, body in shown)
    assert answers == [303, 303, 303]
    for number in range(3):
        assert not answers_at(port + number)

    with demo(directory, port) as again:
        assert thread[1] in again
        assert "Making" not in again


def sign_in(port: int, login: str, password: str) -> int:
    """Status of the answer to a sign-in form."""
    connection = HTTPConnection("localhost", port, timeout=10)
    form = urlencode({"login": login, "password": password})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"http://localhost:{port}",
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("POST", "/sign-in", form, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def answers_at(port: int) -> bool:
    try:
        return get(port, "/livez")[0] == 200
    except OSError:
        return False


def free_ports(count: int) -> int:
    """The first of several free ports in a row."""
    while True:
        first = free_port()
        if first + count < 65_000 and not any(answers_at(first + more) for more in range(count)):
            return first


def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")

    ended = fedi("demo", "--dir", tmp_path, "--port", str(free_port()))

    assert ended.code == 1
    assert "something else" in ended.err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_port_in_use_is_named(tmp_path: Path):
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ended = fedi("demo", "--dir", tmp_path / "demo", "--nodes", "2", "--port", str(port))

    assert ended.code == 1
    assert "another program listens there" in ended.err
