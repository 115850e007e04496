"""A debate with software that shares no code with ours: a small server on Fedify."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from processes import NodeProcess, Nodes, eventually, tree
from waiting import free_port

PROGRAM = Path(__file__).parent / "peer"

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        shutil.which("npm") is None, reason="the foreign server needs Node.js and npm"
    ),
]


class Stranger:
    """The foreign server and what the tests ask of it."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session
        self.actor = f"{url}/people/zoe"

    async def ask(self, order: str, **wishes: str) -> dict[str, Any]:
        """Give an order; it must succeed."""
        async with self.session.post(f"{self.url}/test/{order}", json=wishes) as answer:
            said: dict[str, Any] = await answer.json()
            assert answer.status == 200, said
            return said

    async def heard(self, type: str, text: str = "") -> list[dict[str, Any]]:
        """Activities of a type that it took, those that mention `text`."""
        async with self.session.get(f"{self.url}/test/heard") as answer:
            entries: list[dict[str, Any]] = await answer.json()
        return [e for e in entries if e["activity"]["type"] == type and text in str(e["activity"])]

    async def answers(self) -> bool:
        """Whether it has started."""
        try:
            async with self.session.get(f"{self.url}/test/actor") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@pytest.fixture(scope="module")
def program() -> Path:
    """The foreign server, installed from the npm registry as its lock file says."""
    if not (PROGRAM / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=PROGRAM, check=True)
    return PROGRAM


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def meeting(
    tmp_path_factory: pytest.TempPathFactory, program: Path
) -> AsyncIterator[tuple[NodeProcess, Stranger]]:
    """One of our nodes, and a stranger that follows its network Group."""
    tmp_path = tmp_path_factory.mktemp("meeting")
    async with Nodes(tmp_path) as nodes:
        node = await nodes.add("tilleuls", "camille")
        url = f"http://localhost:{free_port()}"
        log = (tmp_path / "stranger.log").open("wb")
        process = subprocess.Popen(  # noqa: ASYNC220  it is not waited for
            [program / "node_modules/.bin/node", "peer.mjs"],
            cwd=program, env=os.environ | {"BASE": url}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            stranger = Stranger(url, nodes.session)
            await eventually(stranger.answers, bool)
            await stranger.ask("follow", actor=f"{node.url}/g/tilleuls")
            await eventually(lambda: stranger.heard("Accept"), bool)
            yield node, stranger
        finally:
            process.kill()
            process.wait()
            log.close()


async def test_a_stranger_follows_receives_replies_edits_and_deletes(
    meeting: tuple[NodeProcess, Stranger],
) -> None:
    node, stranger = meeting
    root = await node.open_debate("camille", "Ouvrir le dimanche ?", "<p>Qui tient le lieu ?</p>")
    (announce,) = await eventually(lambda: stranger.heard("Announce", root), bool)
    assert announce["proof"] == "valid"

    reply = (await stranger.ask("reply", to=root, content="<p>Nous le faisons.</p>"))["id"]

    async def texts() -> list[tuple[str, bool, str]]:
        return [(post[0], post[3], post[4]) for post in tree(await node.thread(root))]

    await eventually(texts, lambda posts: (reply, False, "<p>Nous le faisons.</p>") in posts)
    await stranger.ask("edit", id=reply, content="<p>Nous le faisons l'hiver.</p>")
    await eventually(texts, lambda posts: any("hiver" in post[2] for post in posts))
    await stranger.ask("remove", id=reply)
    await eventually(texts, lambda posts: (reply, True, "") in posts)


async def test_what_we_answer_a_stranger_is_theirs_to_verify(
    meeting: tuple[NodeProcess, Stranger],
) -> None:
    node, stranger = meeting
    root = await node.open_debate("camille", "Un outil commun ?", "<p>Lequel ?</p>")
    reply = (await stranger.ask("reply", to=root, content="<p>Un fichier suffit.</p>"))["id"]
    await eventually(lambda: node.thread(root), lambda shown: len(shown["posts"]) == 2)

    answer = await node.reply("camille", reply, "<p>Un fichier partagé, oui.</p>")
    (create,) = await eventually(lambda: stranger.heard("Create", answer), bool)
    assert create["proof"] == "valid"
    await node.edit("camille", answer, "<p>Un tableau partagé.</p>")
    (update,) = await eventually(lambda: stranger.heard("Update", answer), bool)
    assert update["proof"] == "valid"
    await node.act("camille", "Delete", answer)
    (delete,) = await eventually(lambda: stranger.heard("Delete", answer), bool)
    assert delete["proof"] == "valid"


async def test_a_stranger_likes_and_changes_their_mind(
    meeting: tuple[NodeProcess, Stranger],
) -> None:
    node, stranger = meeting
    root = await node.open_debate("camille", "Moins de réunions ?", "<p>Combien ?</p>")

    async def likes() -> int:
        total: int = (await node.get(f"{root}/likes"))["totalItems"]
        return total

    await stranger.ask("like", object=root)
    await eventually(likes, lambda total: total == 1)
    await stranger.ask("unlike", object=root)
    await eventually(likes, lambda total: total == 0)


async def test_our_member_follows_a_stranger(meeting: tuple[NodeProcess, Stranger]) -> None:
    node, stranger = meeting
    await node.act("camille", "Follow", stranger.actor)
    await eventually(lambda: stranger.heard("Follow", f"{node.url}/p/camille"), bool)

    async def following() -> int:
        total: int = (await node.get(f"{node.url}/p/camille/following"))["totalItems"]
        return total

    await eventually(following, lambda total: total == 1)


async def test_a_reply_that_the_group_passes_on_is_believed_for_its_proof(
    meeting: tuple[NodeProcess, Stranger],
) -> None:
    """Nobody there is named or answered: the request is signed by the Group, not by the author."""
    node, stranger = meeting
    root = await node.open_debate("camille", "Une caisse commune ?", "<p>Pour quoi faire ?</p>")
    reply = await node.reply("camille", root, "<p>Pour les outils.</p>")
    (create,) = await eventually(lambda: stranger.heard("Create", reply), bool)
    assert create["proof"] == "valid"
    assert stranger.actor not in str(create["activity"])
