"""`fedi init`: all of a node, or nothing."""

import sqlite3
import stat
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from commands import fedi, init

pytestmark = pytest.mark.sqlite  # a process for each command: once is enough

PASSWORD = "une phrase bien longue"
ADMIN = ("--admin", "camille", "--email", "camille@example.org", "--password-stdin")


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_a_node_is_made_with_one_command(tmp_path: Path):
    config = init(tmp_path, *ADMIN, stdin=PASSWORD)

    data = tmp_path / "data"
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "fedi.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert rows(data / "fedi.db", "SELECT handle, type FROM actors ORDER BY id") == [
        ("localhost", "Application"),
        ("reseau", "Group"),
        ("camille", "Person"),
    ]
    assert rows(data / "fedi.db", "SELECT email, role FROM accounts") == [
        ("camille@example.org", "administrator")
    ]
    assert fedi("config", "check", "--config", config).code == 0


def test_the_private_keys_are_not_readable_in_the_database(tmp_path: Path):
    init(tmp_path)

    database = (tmp_path / "data" / "fedi.db").read_bytes()
    keys = rows(tmp_path / "data" / "fedi.db", "SELECT private_sealed FROM actor_keys")
    assert len(keys) == 4  # two actors, two keys each
    assert b"PRIVATE" not in database
    assert not any(sealed.startswith(b"\x30") for (sealed,) in keys)  # DER would


def test_a_reserved_domain_makes_a_node_for_this_machine(tmp_path: Path):
    config = init(tmp_path, domain="localhost:8099")

    settings = tomllib.loads(config.read_text(encoding="utf-8"))
    assert settings["node"]["url"] == "http://localhost:8099"
    assert settings["listen"]["port"] == 8099
    assert settings["federation"] == {"allow_private_addresses": True, "allow_http": True}


def test_a_public_domain_makes_a_node_that_speaks_https_only(tmp_path: Path):
    config = init(tmp_path, domain="tilios.example")

    settings = tomllib.loads(config.read_text(encoding="utf-8"))
    assert settings["node"]["url"] == "https://tilios.example"
    assert "federation" not in settings


def test_names_are_kept_as_they_were_written(tmp_path: Path):
    name = 'Réseau « Le Fil », dit "\\le fil\\"'
    config = tmp_path / "config.toml"
    ended = fedi(
        "init", "--config", config, "--domain", "node.test", "--handle", "le_fil", "--name", name
    )

    assert ended.code == 0, ended.err
    assert tomllib.loads(config.read_text(encoding="utf-8"))["network"]["name"] == name
    database = tmp_path / "data" / "fedi.db"
    assert rows(database, "SELECT name FROM actors WHERE handle = 'le_fil'") == [(name,)]


def test_an_existing_node_is_not_replaced(tmp_path: Path):
    config = init(tmp_path)
    before = config.read_bytes(), (tmp_path / "data" / "secret.key").read_bytes()

    again = fedi("init", "--config", config, "--domain", "a.test", "--handle", "aa", "--name", "A")
    elsewhere = fedi(
        "init", "--config", tmp_path / "other.toml", "--domain", "a.test", "--handle", "aa",
        "--name", "A",
    )  # fmt: skip

    assert (again.code, elsewhere.code) == (1, 1)
    assert "exists already" in again.err
    assert "there is a node here" in elsewhere.err
    assert not (tmp_path / "other.toml").exists()
    assert before == (config.read_bytes(), (tmp_path / "data" / "secret.key").read_bytes())


@pytest.mark.parametrize(
    ("arguments", "stdin", "reason"),
    [
        (("--handle", "Le Réseau", "--name", "A"), "", "network.handle"),
        (("--handle", "admin", "--name", "A"), "", "reserved"),
        (("--handle", "reseau", "--name", "A", *ADMIN), "court", "password"),
        (("--handle", "reseau", "--name", "A", "--url", "https://b.test"), "", "node.url"),
    ],
)
def test_a_node_that_cannot_be_leaves_nothing_behind(
    tmp_path: Path, arguments: tuple[str, ...], stdin: str, reason: str
):
    ended = fedi(
        "init", "--config", tmp_path / "n.toml", "--domain", "a.test", *arguments, stdin=stdin
    )

    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert reason in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--domain", "a.test"),
        ("--domain", "a.test", "--handle", "aa", "--name", "A", "--admin", "camille"),
        ("--domain", "a.test", "--handle", "aa", "--name", "A", "--nonsense"),
    ],
)
def test_wrong_usage_is_told_apart_from_failure(tmp_path: Path, arguments: tuple[str, ...]):
    ended = fedi("init", "--config", tmp_path / "config.toml", *arguments)

    assert ended.code == 2
    assert "Usage: fedi init" in ended.err
    assert list(tmp_path.iterdir()) == []
