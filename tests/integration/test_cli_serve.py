"""`fedi serve`: how it starts, refuses to, and stops."""

import json
import re
import signal
import socket
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from commands import POWERLESS, Serving, fedi, get, init
from waiting import free_port, wait_until

pytestmark = pytest.mark.sqlite  # a process for each command: once is enough

PASSWORD = "une phrase bien longue"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Path:
    return init(tmp_path, domain=f"localhost:{port}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_node_serves_until_it_is_told_to_stop(config: Path, port: int, number: int):
    with Serving(config) as node:
        assert get(port, "/livez")[0] == 200
        assert get(port, "/readyz")[0] == 200

        assert node.stop(number) == 0
        assert "Traceback" not in node.said


def test_the_first_start_prints_a_link_that_makes_the_first_administrator(config: Path, port: int):
    with Serving(config) as node:
        wait_until(lambda: "/setup/" in node.said)
        (path,) = re.findall(rf"http://localhost:{port}(/setup/\S+)", node.said)
        assert get(port, path)[0] == 200

    fedi(
        "account", "create", "camille", "--email", "c@example.org", "--password-stdin",
        "--config", config, stdin=PASSWORD,
    )  # fmt: skip
    with Serving(config) as node:
        assert get(port, "/readyz")[0] == 200
        assert node.stop() == 0
        assert "/setup/" not in node.said


def test_a_test_node_says_loudly_that_it_is_one(config: Path):
    with Serving(config) as node:
        said = node.said

    assert "federation.allow_http is on" in said
    assert "federation.allow_private_addresses is on" in said
    assert said.count("warning") >= 2


def test_the_log_can_be_json(config: Path):
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[log]\nformat = "json"\n')
    with Serving(config) as node:
        wait_until(lambda: "/setup/" in node.said)
        assert node.stop() == 0
        lines = [line for line in node.said.splitlines() if line.startswith("{")]

    events = [json.loads(line) for line in lines]
    assert {"started", "stopping"} <= {event["event"] for event in events}
    assert all(set(event) >= {"event", "level", "timestamp"} for event in events)


def test_the_name_of_the_network_follows_the_settings(config: Path, port: int):
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("Un réseau", "Un réseau d'ateliers"), encoding="utf-8")
    with Serving(config):
        wait_until(lambda: name_of_the_network(port) == "Un réseau d'ateliers")

    with closing(sqlite3.connect(config.parent / "data" / "fedi.db")) as database:
        assert database.execute("SELECT type FROM activities").fetchall() == [("Update",)]


def name_of_the_network(port: int) -> str:
    _, body = get(port, "/g/reseau", Accept="application/activity+json")
    name: str = json.loads(body)["name"]
    return name


@pytest.mark.parametrize("change", [('"reseau"', '"autre"'), ("localhost", "127.0.0.1")])
def test_what_ids_are_made_of_cannot_change(config: Path, change: tuple[str, str]):
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace(*change), encoding="utf-8")

    ended = fedi("serve", "--config", config)

    assert ended.code == 1
    assert "can never change" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_port_in_use_is_one_clear_line(config: Path, port: int):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        ended = fedi("serve", "--config", config)

    assert ended.code == 1
    assert ended.err.splitlines()[-1] == (
        f"fedi: cannot listen on 127.0.0.1:{port}: another program listens there"
    )
    assert "Traceback" not in ended.err


def test_the_command_line_says_where_to_listen(config: Path):
    other = free_port()
    with Serving(config, "--host", "127.0.0.1", "--port", str(other)):
        assert get(other, "/livez")[0] == 200


def test_a_socket_can_replace_the_port(config: Path, port: int):
    path = config.parent / "node.sock"
    with Serving(config, "--socket", str(path)) as node:
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        assert node.stop() == 0
    assert fedi("serve", "--socket", "a", "--port", "1", "--config", config).code == 2


def test_a_worker_works_without_listening(config: Path, port: int):
    with Serving(config, "--role", "worker") as node:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        assert "/setup/" not in node.said
        assert node.stop() == 0


def test_a_worker_that_is_told_where_answers_who_watches_it_and_nobody_else(
    config: Path, port: int
):
    with Serving(config, "--role", "worker", "--port", str(port)) as node:
        status, text = get(port, "/metrics")
        assert (status, "fedi_queue_depth" in text) == (200, True)
        assert get(port, "/readyz")[0] == 200
        assert get(port, "/")[0] == 404
        assert node.stop() == 0


def test_what_a_killed_process_had_in_hand_is_taken_up_at_once(config: Path):
    with Serving(config) as node:
        node.stop()
    database = config.parent / "data" / "fedi.db"
    later = "2036-01-01 00:00:00.000000"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "INSERT INTO inbox_items (id, fingerprint, activity_uri, type, signer_uri, origin,"
            " body, received_at, attempts, next_attempt_at, locked_until)"
            " VALUES (1, x'00', 'https://a.example/1', 'View', 'https://a.example/p/ana',"
            " 'https://a.example', x'7b7d', ?, 1, '2026-01-01 00:00:00.000000', ?)",
            (later, later),
        )
    with Serving(config):

        def is_finished() -> bool:
            with closing(sqlite3.connect(database)) as connection:
                query = "SELECT finished_at FROM inbox_items"
                return connection.execute(query).fetchone()[0] is not None

        wait_until(is_finished)


def test_a_missing_secret_key_is_one_clear_line(config: Path):
    (config.parent / "data" / "secret.key").unlink()

    ended = fedi("serve", "--config", config)

    assert ended.code == 1
    assert re.fullmatch(r"fedi: cannot read the secret key \S+: .*backup.*\n", ended.err)


def test_the_secret_key_of_another_node_is_refused(config: Path):
    (config.parent / "data" / "secret.key").write_bytes(bytes(32))

    ended = fedi("serve", "--config", config)

    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("fedi: the secret key is another node's")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("number", ["0", "65536", "many"])
def test_a_port_that_is_none_is_wrong_usage(config: Path, number: str):
    assert fedi("serve", "--port", number, "--config", config).code == 2


def test_a_directory_that_cannot_be_written_is_one_clear_line(config: Path):
    data = config.parent / "data"
    data.chmod(0o500)
    try:
        ended = fedi("serve", "--config", config, through=POWERLESS)
    finally:
        data.chmod(0o700)

    assert ended.code == 1
    assert f"{data} cannot be written" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_database_that_cannot_be_written_is_one_clear_line(config: Path):
    database = config.parent / "data" / "fedi.db"
    database.chmod(0o400)

    ended = fedi("serve", "--config", config, through=POWERLESS)

    assert ended.code == 1
    assert f"{database} cannot be written" in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_missing_directory_is_one_clear_line(config: Path):
    data = config.parent / "data"
    data.rename(config.parent / "elsewhere")
    (config.parent / "elsewhere" / "secret.key").chmod(0o600)

    ended = fedi("serve", "--config", config)

    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert str(data) in ended.err


def test_serving_loads_neither_alembic_nor_rich(config: Path):
    with Serving(config, PYTHONPROFILEIMPORTTIME="1") as node:
        assert node.stop() == 0
        modules = set(re.findall(r"^import time:.*\| +([\w.]+)$", node.said, re.MULTILINE))

    # A package that is tried and found missing is listed too, but none of its modules is.
    packages = {name.partition(".")[0] for name in modules if "." in name}
    assert {"aiohttp", "sqlalchemy"} <= packages
    assert packages.isdisjoint({"alembic", "mako", "rich", "pytest"})


def test_a_command_works_while_the_node_serves(config: Path, port: int):
    with Serving(config):
        ended = fedi(
            "group", "create", "ateliers", "--name", "Ateliers partagés", "--config", config
        )
        assert ended.code == 0, ended.err
        status, body = get(port, "/g/ateliers", Accept="application/activity+json")

    assert status == 200
    assert json.loads(body)["name"] == "Ateliers partagés"


def test_the_doctor_finds_a_serving_node_well(config: Path):
    with Serving(config):
        ended = fedi("doctor", "--json", "--config", config)

    states = {row["check"]: row["state"] for row in ended.json}
    assert ended.code == 0, ended.out
    assert states.pop("clock") in {"ok", "warning"}
    assert set(states) == {
        "settings", "database", "keys", "deliveries", "received activities", "disk", "name",
        "certificate", "discovery",
    }  # fmt: skip
    assert set(states.values()) <= {"ok", "warning"}
    assert states["discovery"] == "ok"


def test_the_doctor_says_what_to_do_when_nobody_serves(config: Path):
    ended = fedi("doctor", "--config", config)

    assert ended.code == 1
    assert "problem  discovery" in ended.out
    assert "→ is `fedi serve` running" in ended.out


def test_the_doctor_tells_a_lost_key_from_a_lost_database(config: Path):
    data = config.parent / "data"
    key = (data / "secret.key").read_bytes()
    (data / "secret.key").write_bytes(bytes(32))
    lost_key = fedi("doctor", "--json", "--config", config).json
    (data / "secret.key").write_bytes(key)
    (data / "fedi.db").unlink()
    lost_database = fedi("doctor", "--json", "--config", config).json

    problems = [
        {row["check"] for row in rows if row["state"] == "problem"}
        for rows in (lost_key, lost_database)
    ]
    assert problems == [{"keys", "discovery"}, {"database", "discovery"}]


def test_a_node_may_open_as_many_files_as_it_is_allowed_at_most(config: Path):
    allowed, most = 256, 4096
    with Serving(config, through=("prlimit", f"--nofile={allowed}:{most}")) as node:
        limits = Path(f"/proc/{node.process.pid}/limits").read_text()
        (line,) = (line for line in limits.splitlines() if line.startswith("Max open files"))
        assert line.split()[3:5] == [str(most), str(most)]
