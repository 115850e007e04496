"""What thirty other programs really write, said to a running node by an actor of a test peer.

The documents are test data of those programs and no part of this one: they are looked for in
a folder beside this checkout, or where FEDI_CORPUS says.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hostile import AS2
from inboxes import Voice
from siege import Siege, besiege, move_in

from fedi.core.html import plain
from fedi.core.vocab import POST_TYPES, PUBLIC

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHECKOUT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("FEDI_CORPUS", CHECKOUT.parent / "shared" / "corpus"))
#: The node lets eight requests of one server be under way.
AT_ONCE = 6

ADDRESS = re.compile(r"https?://([^/\s]+)(\S*)")
EVERYBODY = (PUBLIC, "as:Public", "Public")
#: These are words, not places.
VOCABULARIES = ("www.w3.org", "w3id.org", "schema.org", "purl.org", "joinmastodon.org")


@dataclass
class Said:
    """A document of the corpus, as Ana says it."""

    name: str
    activity: dict[str, Any]
    answer: str = ""

    @property
    def post(self) -> dict[str, Any] | None:
        """The public post in it, if it holds one of a kind that servers show each other."""
        value = self.activity.get("object")
        if self.activity["type"] != "Create" or not isinstance(value, dict) or not _is_post(value):
            return None
        readers = {str(entry) for name in ("to", "cc") for entry in _entries(value.get(name))}
        return None if readers.isdisjoint(EVERYBODY) else value


def _entries(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _is_post(value: dict[str, Any]) -> bool:
    kinds = [kind for kind in _entries(value.get("type")) if kind in POST_TYPES]
    return len(kinds) == 1


def say(name: str, document: Any, number: int, ana: Voice) -> Said:
    """Let Ana say what somebody else said: ids and owners become hers, the rest is as it was."""
    base = f"{ana.home.origin}/{number}"
    said = _move(document, base)
    if not isinstance(said, dict) or "actor" not in said or _is_post(said):
        said = {"type": "Create", "object": said}
    said = {"@context": AS2, "type": "Create"} | said | {"actor": ana.uri}
    said["id"] = _named(said, f"{base}/said")
    value = said.get("object")
    if isinstance(value, dict) and _is_post(value):
        owned = {"attributedTo": ana.uri, "id": _named(value, f"{base}/post")}
        said["object"] = value | owned
    elif isinstance(value, dict) and said["type"] == "Undo":
        said["object"] = value | {"actor": ana.uri}
    return Said(name, said)


def _named(value: dict[str, Any], otherwise: str) -> str:
    """The id of a document; another in place of none, or of a placeholder."""
    uri = value.get("id")
    return uri if isinstance(uri, str) and uri.startswith("http") else otherwise


def _move(value: Any, to: str) -> Any:
    """Give every id and link a place on Ana's server, where nothing is; contexts stay."""
    if isinstance(value, dict):
        return {
            key: entry if key == "@context" else _move(entry, to) for key, entry in value.items()
        }
    if isinstance(value, list):
        return [_move(entry, to) for entry in value]
    address = ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if address is None or address[1].startswith(VOCABULARIES):
        return value
    return f"{to}/{address[1]}{address[2]}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """A node with a member who follows Ana, so that whatever she says concerns it."""
    async with besiege(tmp_path_factory.mktemp("corpus")) as siege:
        siege.others["ana"] = move_in(siege.home, "ana")
        await siege.node.act("camille", "Follow", siege.others["ana"].uri)
        yield siege


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    """The documents of the corpus by their names in it."""
    if not CORPUS.is_dir():
        pytest.skip(f"there are no documents of other programs in {CORPUS}")
    files = [path for path in sorted(CORPUS.rglob("*.json")) if path.parent != CORPUS]
    return {str(path.relative_to(CORPUS)): json.loads(path.read_bytes()) for path in files}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everything(documents: dict[str, Any], siege: Siege) -> list[Said]:
    """Every document, said and read."""
    ana = siege.others["ana"]
    said = [say(name, documents[name], number, ana) for number, name in enumerate(documents)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(document: Said) -> None:
        async with gate:
            reply = await siege.send(siege.post(ana, document.activity))
            document.answer = f"{reply.status} {reply.code}".rstrip()

    await asyncio.gather(*map(send, said))
    await siege.settle()
    return said


async def test_nothing_that_programs_write_surprises_the_node(
    everything: list[Said], siege: Siege
) -> None:
    refused = {said.name: said.answer for said in everything if said.answer != "202"}
    assert set(refused.values()) <= {"400 context", "400 type"}, refused
    await siege.is_well()


async def test_the_posts_among_it_are_kept(everything: list[Said], siege: Siege) -> None:
    posts = {said.post["id"]: said.name for said in everything if said.post is not None}
    kept = {row["uri"] for row in siege.query("select uri from posts")}
    assert {name for uri, name in posts.items() if uri not in kept} == set()
    assert posts


async def test_the_posts_among_it_are_shown(everything: list[Said], siege: Siege) -> None:
    rows = siege.query(
        "select posts.uri, posts.content, posts.title, threads.key from posts"
        " join threads on threads.id = posts.thread_id where posts.uri like ?",
        f"{siege.home.origin}/%",
    )
    assert len(rows) > sum(said.post is not None for said in everything)  # and Updates bring some
    for row in rows:
        async with siege.node.session.get(f"{siege.node.url}/d/{row['key']}") as answer:
            assert answer.status == 200
            page = _letters(await answer.text())
        assert _letters(row["content"]) in page, row["uri"]
        assert _letters(row["title"]) in page, row["uri"]
    await siege.is_well()


def _letters(html: str) -> str:
    """What is read, whatever the typography of the page."""
    return re.sub(r"\W", "", plain(html))
