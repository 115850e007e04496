"""Commands on a node that is not serving: what they print, how they end."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import fedi, init
from waiting import free_port

pytestmark = pytest.mark.sqlite  # a process for each command: once is enough

PASSWORD = "une phrase bien longue"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of a node with one member, for tests that only add to it."""
    return init(
        tmp_path_factory.mktemp("node"),
        "--admin", "camille", "--email", "camille@example.org", "--password-stdin",
        stdin=PASSWORD,
    )  # fmt: skip


def create(config: Path, name: str, *, password: str = PASSWORD, email: str = ""):
    return fedi(
        "account", "create", name, "--email", email or f"{name}@example.org", "--password-stdin",
        "--config", config, stdin=f"{password}\n",
    )  # fmt: skip


def test_a_member_is_made(config: Path):
    ended = create(config, "ines")

    assert (ended.code, ended.out, ended.err) == (0, "@ines@localhost:8080\n", "")


@pytest.mark.parametrize(
    ("name", "password", "email", "reason"),
    [
        ("camille", PASSWORD, "other@example.org", "taken"),
        ("autre", PASSWORD, "camille@example.org", "already has an account"),
        ("Nom Propre", PASSWORD, "", "a-z"),
        ("court", "secret", "", "at least 10"),
        ("adresse", PASSWORD, "nulle part", "e-mail"),
    ],
)
def test_a_member_that_cannot_be_is_refused_in_one_line(
    config: Path, name: str, password: str, email: str, reason: str
):
    ended = create(config, name, password=password, email=email or "x@example.org")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("fedi: ")
    assert len(ended.err.splitlines()) == 1
    assert reason in ended.err


def test_without_a_terminal_a_password_must_be_given(config: Path):
    ended = fedi("account", "create", "sans", "--email", "s@example.org", "--config", config)

    assert ended.code == 2
    assert "--password-stdin" in ended.err


def test_a_token_is_printed_alone_and_stored_as_a_hash(config: Path):
    ended = fedi("account", "token", "camille", "--scope", "read", "--config", config)

    assert ended.code == 0
    assert re.fullmatch(r"[A-Za-z0-9_-]{40,}\n", ended.out)
    with closing(sqlite3.connect(config.parent / "data" / "fedi.db")) as database:
        stored = database.execute("SELECT token_hash, scopes FROM access_tokens").fetchall()
    assert ended.out.strip().encode() not in {token_hash for token_hash, _ in stored}
    assert "read" in {scopes for _, scopes in stored}


def test_a_token_for_nobody_or_for_a_strange_scope_is_refused(config: Path):
    nobody = fedi("account", "token", "nobody", "--config", config)
    strange = fedi("account", "token", "camille", "--scope", "fly", "--config", config)

    assert (nobody.code, strange.code) == (1, 1)
    assert "no member nobody" in nobody.err
    assert "read and write" in strange.err


def test_a_group_is_made_once(config: Path):
    first = fedi("group", "create", "ateliers", "--name", "Ateliers", "--config", config)
    second = fedi("group", "create", "ateliers", "--name", "Ateliers", "--config", config)

    assert (first.code, first.out) == (0, "@ateliers@localhost:8080\n")
    assert (second.code, second.out) == (1, "")
    assert "taken" in second.err


def test_a_server_is_blocked_and_allowed(config: Path):
    blocked = fedi("peers", "block", "spam.example", "--reason", "publicité", "--config", config)
    assert (blocked.code, blocked.out) == (0, "spam.example is blocked\n")

    (shown,) = fedi("peers", "show", "spam.example", "--json", "--config", config).json
    assert (shown["policy"], shown["policy_reason"]) == ("blocked", "publicité")

    fedi("peers", "allow", "spam.example", "--config", config)
    listed = fedi("peers", "list", "--json", "--config", config).json
    assert [(peer["host"], peer["policy"]) for peer in listed] == [("spam.example", "allowed")]
    assert "spam.example" in fedi("peers", "list", "--config", config).out
    changed = fedi("account", "role", "camille", "moderator", "--config", config)
    assert (changed.code, changed.out) == (0, "@camille is moderator\n"), changed.err
    told = fedi("audit", "verify", "--json", "--config", config).json["entries"]
    assert told >= 3, "both decisions about the server and the role are in the audit log"


@pytest.mark.parametrize(
    "arguments",
    [
        ("peers", "show", "unknown.example"),
        ("peers", "block", "localhost:8080"),
        ("network", "unfollow", "@x@unknown.example"),
        ("network", "follow", "@x@localhost:1"),
        ("queue", "retry", "unknown.example"),
        ("thread", "show", "http://localhost:8080/c/nothing"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(config: Path, arguments: tuple[str, ...]):
    ended = fedi(*arguments, "--config", config)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("fedi: ")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("network", "list"), ("queue", "list")])
def test_an_empty_list_is_empty_for_programs_and_said_to_people(
    config: Path, arguments: tuple[str, ...]
):
    people = fedi(*arguments, "--config", config)
    programs = fedi(*arguments, "--json", "--config", config)

    assert (people.code, people.out) == (0, "")
    assert people.err
    assert (programs.code, programs.json, programs.err) == (0, [], "")


def test_the_settings_file_can_be_named_by_the_environment(config: Path):
    assert fedi("network", "list", FEDI_CONFIG=str(config)).code == 0


def test_wrong_settings_are_named_key_by_key(tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text('[node]\ndomain = "a.test"\n[listen]\nport = 0\n[log]\nlevel = "loud"\n')

    ended = fedi("config", "check", "--config", config)

    assert ended.code == 1
    assert [key in ended.err for key in ("listen.port", "log.level")] == [True, True]


def test_a_missing_settings_file_is_one_line(tmp_path: Path):
    ended = fedi("queue", "list", "--config", tmp_path / "nowhere.toml")

    assert ended.code == 1
    assert len(ended.err.splitlines()) == 1
    assert "nowhere.toml" in ended.err


def test_a_database_server_that_does_not_answer_is_one_line(config: Path):
    elsewhere = f"postgresql://fedi@127.0.0.1:{free_port()}/fedi"

    ended = fedi("queue", "list", "--config", config, FEDI_NODE__DATABASE=elsewhere)

    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert re.search("PostgreSQL|cannot be reached", ended.err)


def test_a_damaged_database_is_one_line(tmp_path: Path):
    config = init(tmp_path)
    (tmp_path / "data" / "fedi.db").write_bytes(b"not a database, whatever its name says" * 100)

    ended = fedi("queue", "list", "--config", config)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "fedi: the database cannot be used: file is not a database\n"


def test_every_command_explains_itself():
    listed = re.findall(r"^  (\w+) ", fedi("--help").out.split("Commands:")[1], re.MULTILINE)
    assert "serve" in listed
    for name in listed:
        ended = fedi(name, "--help")
        assert ended.code == 0
        assert ended.out.startswith(f"Usage: fedi {name}")


def test_members_are_helped_from_the_command_line_and_the_log_tells(tmp_path: Path):
    config = init(
        tmp_path, "--admin", "camille", "--email", "camille@example.org", "--password-stdin",
        stdin=PASSWORD,
    )  # fmt: skip

    def run(*arguments: str, stdin: str = "") -> str:
        ended = fedi(*arguments, "--config", config, stdin=stdin)
        assert (ended.code, ended.err) == (0, ""), ended.err
        return ended.out

    site = "http://localhost:8080"
    link = run("account", "link", "camille@example.org", "--reset")
    assert re.fullmatch(rf"{site}/password/[\w-]{{43}}\n", link)
    invitation = run("invitation", "create", "--uses", "3", "--days", "5")
    assert re.fullmatch(rf"{site}/join/[\w-]{{43}}\n", invitation)
    run("account", "password", "camille", "--password-stdin", stdin="une autre phrase")
    letters = fedi("mail", "list", "--json", "--config", config).json
    assert [letter["recipient"] for letter in letters] == ["camille@example.org"]
    assert letters[0]["link"] == f"{site}/sign-in/link"

    with closing(sqlite3.connect(tmp_path / "data" / "fedi.db")) as rows, rows:
        rows.execute(
            "INSERT INTO authenticators "
            "(id, account_id, secret, last_step, recovery, created_at, confirmed_at) "
            "SELECT 1, id, x'00', 0, '[]', created_at, created_at FROM accounts"
        )
    assert "without codes" in run("account", "codes", "camille", "--remove")
    with closing(sqlite3.connect(tmp_path / "data" / "fedi.db")) as rows:
        told = rows.execute("SELECT who, act, target, after FROM audit_log ORDER BY number")
        assert told.fetchall() == [
            ("", "link-password", "@camille", ""),
            ("", "invite", "invitation", "3 uses, 5 days"),
            ("", "set-password", "@camille", ""),
            ("", "remove-codes", "@camille", ""),
        ]
