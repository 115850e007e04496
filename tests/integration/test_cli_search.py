"""A node that serves indexes what is written; one command makes the index anew."""

from pathlib import Path

import pytest
from commands import Serving, fedi, get, init
from databases import in_thread
from sqlalchemy import text
from waiting import free_port, wait_until

from actors.local import get_local, network_actor
from fedi.core.db import open_engine
from fedi.core.node import open_node
from fedi.core.settings import load_config
from fedi.debates.threads import open_thread
from fedi.migrations.upgrade import upgrade

ADMIN = ("--admin", "camille", "--email", "camille@example.org", "--password-stdin")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    domain = f"localhost:{free_port()}"
    return init(tmp_path, *ADMIN, domain=domain, stdin="une longue phrase")


async def write(config: Path, title: str) -> None:
    """Open a debate, as another process."""
    node = open_node(load_config(config))
    async with node.db.unit() as unit:
        camille = await get_local(unit, "camille")
        assert camille is not None
        group = await network_actor(unit)
        await open_thread(unit, camille, group, title=title, text="Qui vient ?", language="fr")
    await node.close()


def found(config: Path, typed: str) -> bool:
    status, page = get(load_config(config).listen.port, f"/search?q={typed}")
    assert status == 200
    return "<mark>" in page


def test_what_is_written_is_found_soon_while_the_node_serves(config: Path):
    in_thread(write(config, "Un marteau"))
    with Serving(config) as serving:
        wait_until(lambda: found(config, "marteaux"))
        in_thread(write(config, "Une enclume"))
        wait_until(lambda: found(config, "enclumes"), seconds=60)
        assert serving.stop() == 0


async def _lose_the_words(url: str) -> None:
    engine = open_engine(url, write=True)
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM post_words"))
    await engine.dispose()


def test_the_index_is_made_anew_by_a_command(config: Path):
    in_thread(write(config, "Un marteau"))

    ended = fedi("search", "rebuild", "--config", config)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "4 posts, people and groups can be found\n"
    in_thread(_lose_the_words(load_config(config).database_url))
    again = fedi("search", "rebuild", "--config", config)
    assert again.out == ended.out


@pytest.mark.sqlite
async def test_an_index_that_is_missing_is_made_by_migrating(config: Path):
    await write(config, "Un marteau")
    assert fedi("search", "rebuild", "--config", config).code == 0
    url = load_config(config).database_url
    engine = open_engine(url, write=True)
    async with engine.begin() as connection:
        for moment in ("insert", "update", "delete"):
            await connection.execute(text(f"DROP TRIGGER post_words_index_{moment}"))
        await connection.execute(text("DROP TABLE post_words_index"))

    await upgrade(url)

    async with engine.begin() as connection:
        ask = "SELECT count(*) FROM post_words_index WHERE post_words_index MATCH 'marteau'"
        assert await connection.scalar(text(ask)) == 1
    await engine.dispose()
