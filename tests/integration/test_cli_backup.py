"""`fedi backup` and `fedi restore`: a node in one file, and back where there is none."""

import gzip
import io
import json
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Event, Thread

import pytest
from commands import Serving, fedi, get, init
from databases import Databases
from photos import photo
from waiting import free_port, wait_until

from fedi.backup.package import BadBackup
from fedi.backup.restoring import restore_backup, verify_backup
from fedi.migrations.state import NewerDatabase

PASSWORD = "une longue phrase"
ADMIN = ("--admin", "camille", "--email", "camille@example.org", "--password-stdin")


def make(tmp_path: Path, port: int) -> Path:
    """A node with a member; its settings."""
    tmp_path.mkdir(exist_ok=True)
    return init(tmp_path, *ADMIN, domain=f"localhost:{port}", stdin=PASSWORD)


class Writer(Thread):
    """A member's program that goes on writing until it is told to stop."""

    def __init__(self, config: Path, port: int) -> None:
        super().__init__()
        self._port, self._stopping = port, Event()
        self._token = fedi("account", "token", "camille", "--config", config).out.strip()
        self.written: list[str] = []

    def run(self) -> None:
        while not self._stopping.is_set():
            self.written.append(
                self.say({"type": "Note", "content": f"<p>{len(self.written)}</p>"})
            )

    def say(self, content: dict[str, object]) -> str:
        """Write a post in the debate, or open it; its id."""
        opens = {"type": "Article", "name": "Prêter ?", "content": "<p>Oui ?</p>"}
        audience = f"http://localhost:{self._port}/g/reseau"
        note = content | {"inReplyTo": self.written[0]} if self.written else opens
        body = json.dumps(note | {"audience": audience})
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {
            "Host": f"localhost:{self._port}",
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/activity+json",
        }
        with closing(connection):
            connection.request("POST", "/p/camille/outbox", body, headers)
            answer = connection.getresponse()
            assert answer.status == 201, answer.read()
            return answer.headers["Location"].partition("#")[0]

    def stop(self) -> None:
        self._stopping.set()
        self.join()


def elsewhere(folder: Path, config: Path) -> Path:
    """Where to restore: no file yet, or settings that name another, empty database."""
    folder.mkdir()
    there = folder / "config.toml"
    if url := Databases.lend_bare():
        lines = config.read_text(encoding="utf-8").splitlines()
        database = [
            f"database = {json.dumps(url)}" if "database" in line else line for line in lines
        ]
        there.write_text("\n".join(database), encoding="utf-8")
    return there


def documents(port: int, *paths: str) -> list[tuple[int, str]]:
    return [get(port, path, Accept="application/activity+json") for path in paths]


def test_a_node_is_saved_while_it_works_and_lives_on_elsewhere(tmp_path: Path, database: str):
    port = free_port()
    config, backup = make(tmp_path / "here", port), tmp_path / "backup"
    with Serving(config, FEDI_LIMITS__POSTS_PER_HOUR="100000"):
        writer = Writer(config, port)
        writer.start()
        wait_until(lambda: len(writer.written) > 5)
        sure = writer.written[:5]
        place = config.parent / "data" / "media" / "ab" / ("ab" * 32)
        place.parent.mkdir(parents=True)
        place.write_bytes(photo())

        made = fedi("backup", backup, "--config", config)

        writer.stop()
        assert made.code == 0, made.err
        assert "secret key" in made.err
        paths = ["/g/reseau", "/p/camille", *(uri.partition(str(port))[2] for uri in sure)]
        before = documents(port, *paths)
    assert backup.stat().st_mode & 0o077 == 0
    assert [name for name in backup.parent.iterdir() if "part" in name.name] == []

    told = fedi("backup", backup, "--verify")
    assert told.code == 0, told.err
    assert "is whole" in told.out

    there = elsewhere(tmp_path / "there", config)
    restored = fedi("restore", backup, "--config", there)
    assert restored.code == 0, restored.err
    assert not list(there.parent.glob("data/.*"))
    kept = there.parent / "data" / "media" / "ab" / ("ab" * 32)
    assert kept.read_bytes() == photo()
    with Serving(there):
        assert documents(port, *paths) == before  # keys, proofs and all
        again = Writer(there, port)
        again.written = sure[:1]
        assert again.say({"type": "Note", "content": "<p>Encore.</p>"}) not in writer.written
    again_told = fedi("doctor", "--config", there)
    assert "secret key opens them" in again_told.out

    over = fedi("restore", backup, "--config", there)
    assert over.code == 1
    assert over.err.count("\n") == 1


def repacked(backup: Path, name: str, data: bytes, *, extra: bool = False) -> bytes:
    """A backup with something else in the place of a file, or with one more."""
    out = io.BytesIO()
    with tarfile.open(backup) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        for member in old:
            source = old.extractfile(member)
            assert source is not None
            content = source.read()
            if extra and member.name == "SHA256SUMS":
                added = tarfile.TarInfo(name)
                added.size = len(data)
                new.addfile(added, io.BytesIO(data))
            if member.name == name:
                content = data
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.sqlite
def test_what_is_no_whole_backup_changes_nothing(tmp_path: Path):
    config, backup = make(tmp_path / "here", free_port()), tmp_path / "backup"
    assert fedi("backup", backup, "--config", config).code == 0
    good = backup.read_bytes()
    about = json.loads(gzip.decompress(good)[512:].partition(b"\0")[0])
    newer = json.dumps(about | {"revision": "9999"}).encode()
    bad = {
        "nothing": b"",
        "something else": b"SQLite format 3\0" * 100,
        "cut": good[: len(good) // 2],
        "changed rows": repacked(backup, "fedi.db", b"SQLite format 3\0"),
        "another key": repacked(backup, "secret.key", b"k" * 32),
        "a newer program": repacked(backup, "backup.json", newer),
        "a way out": repacked(backup, "../stray", b"x", extra=True),
        "an image that is none": repacked(backup, "media/ab/../../stray", b"x", extra=True),
    }
    for what, data in bad.items():
        backup.write_bytes(data)
        there = tmp_path / "there" / "config.toml"
        with pytest.raises((BadBackup, NewerDatabase)) as refusal:
            verify_backup(backup)
        with pytest.raises(refusal.type):
            restore_backup(backup, there)

        assert "\n" not in str(refusal.value), what
        assert not there.exists(), what
        assert not list((tmp_path / "there").glob("data/*")), what
        assert not list(tmp_path.glob("**/stray")), what


@pytest.mark.sqlite
@pytest.mark.skipif(shutil.which("age") is None, reason="age is missing: apt install age")
def test_a_backup_can_be_for_somebody_elses_eyes_only(tmp_path: Path):
    config, backup = make(tmp_path / "here", free_port()), tmp_path / "backup"
    key, other = tmp_path / "key", tmp_path / "other"
    for path in (key, other):
        subprocess.run(["age-keygen", "-o", path], check=True, capture_output=True)
    recipient = key.read_text().partition("public key: ")[2].split()[0]

    assert fedi("backup", backup, "--recipient", recipient, "--config", config).code == 0

    assert backup.read_bytes().startswith(b"age-encryption.org/")
    there = tmp_path / "there" / "config.toml"
    for arguments in ((), ("--identity", other)):
        ended = fedi("restore", backup, *arguments, "--config", there)
        assert ended.code == 1
        assert ended.err.count("\n") == 1, ended.err
        assert not there.exists()
    assert fedi("backup", backup, "--verify", "--identity", key).code == 0
    restored = fedi("restore", backup, "--identity", key, "--config", there)
    assert restored.code == 0, restored.err
    wrong = fedi("backup", tmp_path / "wrong", "--recipient", "age1nobody", "--config", config)
    assert wrong.code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "backup", "here", "key", "other", "there",
    ]  # fmt: skip


@pytest.mark.sqlite
def test_the_last_backups_of_a_folder_are_kept(tmp_path: Path):
    config, folder = make(tmp_path / "here", free_port()), tmp_path / "backups"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"fedi-2026-01-0{day}-120000.backup").touch()
    (folder / "notes.txt").touch()

    ended = fedi("backup", folder, "--keep", "3", "--config", config)

    assert ended.code == 0, ended.err
    assert len(names := sorted(path.name for path in folder.iterdir())) == 4
    assert names[:2] == ["fedi-2026-01-03-120000.backup", "fedi-2026-01-04-120000.backup"]
    missing = fedi("backup", tmp_path / "nowhere" / "backup", "--config", config)
    assert missing.code == 1
    assert missing.err.count("\n") == 1


@pytest.mark.sqlite
def test_a_damaged_database_is_neither_served_nor_saved_as_a_backup(tmp_path: Path):
    config, backup = make(tmp_path / "here", free_port()), tmp_path / "backup"
    rows = config.parent / "data" / "fedi.db"
    with closing(sqlite3.connect(rows)) as database:
        database.execute("PRAGMA wal_checkpoint(truncate)")
        database.execute("PRAGMA journal_mode=delete")
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_journal_last_at'"
        ).fetchone()
    with rows.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)

    serving, saving = (
        fedi("serve", "--config", config),
        fedi("backup", backup, "--config", config),
    )

    assert serving.code == saving.code == 1
    assert "damaged" in saving.err
    assert "fedi restore" in serving.err
    assert not backup.exists()
