"""Moving a node to another database: everything is there, and nothing was changed."""

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Serving, fedi, get, init
from databases import in_thread
from factories import make_remote_actor
from postgres import Server
from sqlalchemy import select
from waiting import free_port

from actors.local import get_local, network_actor
from fedi.core.db import open_engine
from fedi.core.node import open_node
from fedi.core.settings import load_config
from fedi.debates.models.post import Post
from fedi.debates.posts import write_reply
from fedi.debates.search.finding import find_debates
from fedi.debates.search.keeping import Indexer
from fedi.debates.search.query import read_query
from fedi.debates.threads import open_thread
from fedi.migrations.tables import TABLES

pytestmark = pytest.mark.sqlite  # the other database is the matter of each test

ADMIN = ("--admin", "camille", "--email", "camille@example.org", "--password-stdin")


@pytest.fixture
def elsewhere(postgres: Server) -> Any:
    """An empty database of PostgreSQL."""
    url = in_thread(postgres.create_database())
    yield url
    in_thread(postgres.drop_database(url))


def make(tmp_path: Path) -> Path:
    """A node with a debate, which has a follower elsewhere; its settings."""
    domain = f"localhost:{free_port()}"
    config = init(
        tmp_path, "--data-dir", tmp_path / "data", *ADMIN, domain=domain, stdin="une longue phrase"
    )
    in_thread(_debate(config))
    return config


async def _debate(config: Path) -> None:
    node = open_node(load_config(config))
    async with node.db.unit() as unit:
        camille = await get_local(unit, "camille")
        group = await network_actor(unit)
        assert camille is not None
        ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
        thread = await open_thread(
            unit, camille, group, title="Août", text="Qui ouvre ?", mentions=[ana]
        )
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        await write_reply(unit, camille, root, text="Moi.", mentions=[ana])
    await Indexer(node.db).run_once()
    await node.close()


async def _found(config: Path, typed: str) -> int:
    """How many posts a search finds in the database of these settings."""
    node = open_node(load_config(config))
    async with node.db.reading() as unit:
        results = await find_debates(unit, read_query(typed))
    await node.close()
    return results.posts


async def _everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, in the order of their keys."""
    engine = open_engine(url, write=False)
    async with engine.connect() as connection:
        rows = {
            name: [tuple(row) for row in await connection.execute(select(table).order_by("id"))]
            for name, table in TABLES.tables.items()
        }
    await engine.dispose()
    return rows


def test_a_node_moves_to_postgresql_and_back_with_every_row(tmp_path: Path, elsewhere: str):
    config = make(tmp_path)
    before = in_thread(_everything(load_config(config).database_url))
    assert before["posts"]
    assert before["actor_keys"]
    assert before["deliveries"]

    ended = fedi("database", "copy", "--to", elsewhere, "--config", config)

    assert ended.code == 0, ended.err
    line = ended.out.splitlines()[-1]
    assert line == f"database = {json.dumps(elsewhere)}"
    assert in_thread(_everything(elsewhere)) == before

    config.write_text(config.read_text().replace("[node]", f"[node]\n{line}"))
    assert in_thread(_found(config, "ouvrir")) == 1
    back = tmp_path / "back.db"
    ended = fedi("database", "copy", "--to", f"sqlite:///{back}", "--config", config)
    assert ended.code == 0, ended.err
    assert in_thread(_everything(f"sqlite:///{back}")) == before


def test_a_node_that_was_moved_serves_the_same_documents(tmp_path: Path, elsewhere: str):
    config = make(tmp_path)
    settings = load_config(config)
    (root, *_) = in_thread(_everything(settings.database_url))["posts"]
    path = root[0].removeprefix(settings.site.url)
    accept = {"Accept": "application/activity+json"}
    with Serving(config):
        before = get(settings.listen.port, path, **accept)
    moved = fedi("database", "copy", "--to", elsewhere, "--config", config)
    text = config.read_text().replace("[node]", f"[node]\n{moved.out.splitlines()[-1]}")
    config.write_text(text)
    (tmp_path / "data" / "fedi.db").unlink()

    with Serving(config):
        after = get(settings.listen.port, path, **accept)

    assert before[0] == 200
    assert after == before
    assert fedi("doctor", "--config", config, "--json").json[1]["state"] == "ok"


def test_a_database_with_something_in_it_is_not_touched(tmp_path: Path, elsewhere: str):
    config = make(tmp_path)
    assert fedi("database", "copy", "--to", elsewhere, "--config", config).code == 0
    before = in_thread(_everything(elsewhere))

    again = fedi("database", "copy", "--to", elsewhere, "--config", config)

    assert (again.code, again.out) == (1, "")
    assert "it must be empty" in again.err
    assert in_thread(_everything(elsewhere)) == before


def test_a_node_that_serves_is_not_copied(tmp_path: Path, elsewhere: str):
    config = make(tmp_path)
    with Serving(config):
        ended = fedi("database", "copy", "--to", elsewhere, "--config", config)
    assert (ended.code, ended.out) == (1, "")
    assert "stop it" in ended.err


def test_a_database_that_cannot_be_reached_is_told_in_a_line(tmp_path: Path):
    config = make(tmp_path)
    nowhere = f"postgresql://fedi:secret@127.0.0.1:{free_port()}/fedi"

    ended = fedi("database", "copy", "--to", nowhere, "--config", config)

    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert "secret" not in ended.err
