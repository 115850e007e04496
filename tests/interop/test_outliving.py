"""A debate outlives the node where it began: four real nodes, one of which is destroyed."""

import asyncio
import json
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from postgres import Server
from processes import NodeProcess, Nodes, eventually, tree

#: Authors at the origin and at its two partners: twenty in all.
NAMES = (
    ("camille", "noe", "lea", "paul", "sara", "ines", "jean", "lou"),
    ("marc", "yaya", "rosa", "tom", "ana", "rui"),
    ("eva", "gil", "ada", "ben", "cleo", "dina"),
)
HANDLES = ("tilleuls", "velo", "nord")
POSTS, LATER = 300, 50
#: Posts that are written at the same time.
AT_ONCE = 12


async def verify(node: NodeProcess, root: str, *options: str) -> tuple[int, str, str]:
    """What `fedi thread verify` says: its exit code, what it prints, what it complains of."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fedi", "thread", "verify", root, "--json", *options,
        "--config", str(node.config),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def say(node: NodeProcess, name: str, parent: str, text: str) -> str:
    """Reply, again when the node asks to come back: on PostgreSQL, writers may wait in a circle."""
    for _ in range(5):
        try:
            return await node.reply(name, parent, text)
        except AssertionError as error:
            if "503" not in str(error):
                raise
    return await node.reply(name, parent, text)


async def debate(
    speakers: list[tuple[NodeProcess, str]], known: list[str], count: int
) -> list[str]:
    """Let these speakers write so many replies, in turn, each to one of the last dozen posts."""
    written: list[str] = []
    while len(written) < count:
        answers = []
        for number in range(len(written), min(count, len(written) + AT_ONCE)):
            node, name = speakers[number % len(speakers)]
            parent = (known + written)[-1 - number % min(12, len(known + written))]
            answers.append(say(node, name, parent, f"<p>Message {number} de {name}.</p>"))
        written += await asyncio.gather(*answers)
    return written


async def agree(
    nodes: list[NodeProcess], root: str, count: int, seconds: float = 150
) -> list[tuple[str, str | None, int, bool, str]]:
    """Wait until the digests of so many posts are the same on these nodes; the tree of the first.

    A digest costs a request, a tree a process.
    """
    copy = root.replace("http://", "m/").replace("/o/", "/c/")

    async def digests() -> list[str]:
        told = []
        for node in nodes:
            async with node.session.get(f"{node.url}/{copy}?digest=") as answer:
                found = await answer.json(content_type=None) if answer.status == 200 else {}
            told.append(f"{found.get('totalItems')} {found.get('below')}")
        return told

    await eventually(
        digests,
        lambda told: told[0].startswith(f"{count} ") and len(set(told)) == 1,
        seconds=seconds,
        pause=0.3,
    )
    shown = tree(await nodes[0].thread(root))
    assert len({post[0] for post in shown}) == len(shown) == count, "no post is there twice"
    return shown


def flip(node: NodeProcess, post: str) -> None:
    """Change one byte of a stored post, as a failing disk would."""
    with sqlite3.connect(node.home / "data" / "fedi.db") as database:
        (content,) = database.execute("SELECT content FROM posts WHERE uri = ?", [post]).fetchone()
        changed = content.replace("Message", "Massage")
        assert changed != content
        database.execute("UPDATE posts SET content = ? WHERE uri = ?", [changed, post])
    database.close()


@pytest_asyncio.fixture
async def database_of_velo(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """On PostgreSQL with `pytest --database postgresql`: two kinds of nodes have to agree."""
    if request.config.getoption("--database") != "postgresql":
        yield ""
        return
    server: Server = request.getfixturevalue("postgres")
    url = await server.create_database()
    yield url
    await server.drop_database(url)


async def test_a_debate_goes_on_without_its_origin(tmp_path: Path, database_of_velo: str) -> None:
    databases = ("", database_of_velo, "")
    async with Nodes(tmp_path) as nodes:
        origin, velo, nord = await asyncio.gather(
            *(
                nodes.add(handle, *names, database=database)
                for handle, names, database in zip(HANDLES, NAMES, databases, strict=True)
            )
        )
        for node in (velo, nord):
            await node.command("network", "follow", f"{origin.url}/g/tilleuls")

        async def followers() -> int:
            total: int = (await origin.get(f"{origin.url}/g/tilleuls/followers"))["totalItems"]
            return total

        await eventually(followers, lambda count: count == 2)
        root = await origin.open_debate("camille", "Clés communes ?", "<p>Qui décide ?</p>")
        speakers = [
            (node, names[number % len(names)])
            for number in range(24)
            for node, names in zip((origin, velo, nord), NAMES, strict=True)
        ]
        known = [root, *await debate(speakers, [root], POSTS - 1)]
        before = await agree([origin, velo, nord], root, POSTS)

        await origin.stop()
        backup = tmp_path / "backup"
        shutil.copytree(origin.home / "data", backup)
        await origin.start()
        await origin.stop(signal.SIGKILL)
        shutil.rmtree(origin.home / "data")

        rest = [speaker for speaker in speakers if speaker[0] is not origin]
        known += await debate(rest, known, LATER)
        after = await agree([velo, nord], root, POSTS + LATER)
        assert set(before) <= set(after)

        cafes = await nodes.add("cafes", "zoe")
        await cafes.command("network", "follow", f"{nord.url}/g/nord")
        assert await agree([cafes, nord], root, POSTS + LATER) == after
        code, out, complaint = await verify(cafes, root, "--offline")
        assert (code, complaint) == (0, "")
        assert {post["standing"] for post in json.loads(out)} == {"proof"}
        vouched = {post["vouched_by"] for post in json.loads(out) if origin.url in post["id"]}
        assert vouched == {f"{nord.url}/g/nord"}, "one knows on whose word the keys are taken"

        damaged = next(post for post in known if post.startswith(velo.url))
        flip(nord, damaged)
        code, _, complaint = await verify(nord, root, "--offline")
        assert code == 1
        assert damaged in complaint
        code, _, complaint = await verify(nord, root, "--repair")
        assert (code, complaint) == (0, f"repaired {damaged}\n")

        shutil.copytree(backup, origin.home / "data")
        await origin.start()
        async with origin.session.get(root, headers={"Accept": "text/html"}) as page:
            assert page.status == 200, "somebody opens the debate there"
        assert await agree([origin, velo], root, POSTS + LATER) == after
        assert (await verify(origin, root, "--offline"))[0] == 0
        answer = await origin.reply("lou", known[-1], "<p>Nous revoilà.</p>")
        shown = await agree([origin, velo, nord], root, POSTS + LATER + 1)
        assert answer in {post[0] for post in shown}
