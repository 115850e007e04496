"""What is made once for everybody who asks the same, and what never is."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from factories import make_remote_actor, remote_key, signed_request
from opened import Opened, opened
from sqlalchemy import event
from visitors import Visitor

from fedi.core.node import Node
from fedi.core.vocab import ACTIVITY_JSON
from fedi.debates.models.post import Post, Visibility

MANY = 2000


@contextmanager
def statements(node: Node) -> Iterator[list[str]]:
    """Those that are read from the database within the block."""
    engine, heard = node.db.reader.sync_engine, list[str]()

    def note(*about: object) -> None:
        heard.append(str(about[2]))

    event.listen(engine, "before_cursor_execute", note)
    yield heard
    event.remove(engine, "before_cursor_execute", note)


async def fetch(it: Opened, path: str, **headers: str) -> tuple[int, bytes]:
    """A document, as a machine that keeps no cookies is given it."""
    asked = {"Accept": ACTIVITY_JSON, **headers}
    async with it.site.visitor().client.get(path, headers=asked) as response:
        return response.status, await response.read()


# --- documents ---------------------------------------------------------------------------


async def test_a_post_that_all_servers_fetch_at_once_is_read_once(tmp_path: Path):
    async with opened(tmp_path) as it:
        machine = it.site.visitor(Accept=ACTIVITY_JSON)
        busy = asyncio.Semaphore(40)

        async def ask() -> int:
            async with busy:
                return (await machine.get(f"/o/{it.root.key}", Accept=ACTIVITY_JSON)).status

        with statements(it.site.node) as heard:
            answers = await asyncio.gather(*(ask() for _ in range(MANY)))
        assert set(answers) == {200}
        assert len(heard) <= 5


async def test_an_edit_and_a_removal_are_served_at_once(tmp_path: Path):
    async with opened(tmp_path) as it:
        path = f"/o/{it.root.key}"
        assert b"on ferme" in (await fetch(it, path))[1]
        await it.elise.send(f"/posts/{it.root.key}/edit", title="Ouverts", text="On **ouvre**.")
        assert b"ouvre" in (await fetch(it, path))[1]
        await it.elise.send(f"/posts/{it.root.key}/delete")
        status, body = await fetch(it, path)
        assert status == 410
        assert b"Tombstone" in body


async def test_what_one_server_may_read_is_not_given_to_another(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
            post = await unit.session.get_one(Post, it.root.id)
            post.visibility, post.addressed = Visibility.DIRECT, [ana.uri]
        for path in (f"/o/{it.root.key}", f"/o/{it.root.key}/likes"):
            request = signed_request(it.site.node, remote_key(ana), b"", method="GET", target=path)
            signed = dict(request.headers)
            assert (await fetch(it, path, **signed))[0] == 200
            assert (await fetch(it, path))[0] == 404


# --- pages -------------------------------------------------------------------------------


async def test_visitors_are_given_one_page_and_told_when_they_have_it(tmp_path: Path):
    async with opened(tmp_path) as it:
        for path in (it.page.path, "/", "/groups", "/networks", "/g/communs", "/p/elise"):
            first = await it.site.visitor().get(path)
            with statements(it.site.node) as heard:
                second = await it.site.visitor().get(path)
                known = await it.site.visitor().get(
                    path, **{"If-None-Match": first.headers["ETag"]}
                )
            assert heard == []
            assert second.text == first.text
            assert (known.status, known.text) == (304, "")
            for page in (first, second, known):
                assert page.headers["Cache-Control"] == "public, max-age=0, s-maxage=5"
                assert {"Cookie", "Accept-Language"} <= set(
                    ", ".join(page.headers.getall("Vary")).split(", ")
                )


async def test_each_language_has_its_own(tmp_path: Path):
    async with opened(tmp_path) as it:
        english = await it.site.visitor().get(it.page.path)
        french = await it.site.visitor().get(it.page.path, **{"Accept-Language": "fr"})
        assert 'lang="en"' in english.text
        assert 'lang="fr"' in french.text


@pytest.mark.parametrize("member_first", [True, False])
async def test_nothing_of_a_member_is_ever_shared(tmp_path: Path, member_first: bool):
    async with opened(tmp_path) as it:
        for path in (it.page.path, "/", "/groups", "/g/communs", "/p/elise"):
            readers = [it.elise, it.site.visitor()]
            first, second = [
                await reader.get(path) for reader in (readers if member_first else readers[::-1])
            ]
            member, visitor = (first, second) if member_first else (second, first)
            assert member.headers["Cache-Control"] == "private, no-cache"
            assert 'name="token"' in member.text
            assert 'name="token"' not in visitor.text
            assert "Elise" in member.text
            assert "Sign out" not in visitor.text


async def test_members_see_their_own_marks_in_the_tree_they_share(tmp_path: Path):
    async with opened(tmp_path) as it:
        odile = await it.site.member("odile")
        for word in ("Un", "Deux"):
            await it.elise.send(f"/posts/{it.root.key}/reply", text=f"{word}.")
        _, first, second = await it.posts()
        like = re.compile(rf'formaction="/posts/{first.key}/((?:un)?like)"')

        async def sees(reader: Visitor) -> tuple[str, bool]:
            text = (await reader.get(it.page.path)).text
            assert f'formaction="/posts/{second.key}/like"' in text, "the other is as it was"
            (act,) = like.findall(text)
            return act, f'href="/posts/{first.key}/edit"' in text

        assert (await sees(odile), await sees(it.elise)) == (("like", False), ("like", True))
        await odile.send(f"/posts/{first.key}/like")
        assert (await sees(odile), await sees(it.elise)) == (("unlike", False), ("like", True))
        await odile.send(f"/posts/{first.key}/unlike")
        await it.elise.send(f"/posts/{first.key}/like")
        assert (await sees(odile), await sees(it.elise)) == (("like", False), ("unlike", True))


async def test_a_visitor_whose_server_is_remembered_gets_a_page_of_their_own(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.site.visitor().get(it.page.path, Cookie="handle=@ana@lisbon.example")
        assert "@ana@lisbon.example" in page.text
        assert page.headers["Cache-Control"] == "private, no-cache"
        assert "@ana@lisbon.example" not in (await it.site.visitor().get(it.page.path)).text


async def test_visitors_see_at_once_what_changes(tmp_path: Path):
    async with opened(tmp_path) as it:

        async def words(path: str) -> str:
            return (await it.site.visitor().get(path)).words

        assert "Fermés" in await words("/")
        await it.elise.send(f"/posts/{it.root.key}/reply", text="Chez nous aussi.")
        assert "Chez nous aussi." in await words(it.page.path)
        await it.elise.send(f"/posts/{it.root.key}/like")
        assert "Like 1" in await words(it.page.path)
        await it.elise.send(f"/posts/{it.root.key}/unlike")
        assert "Like 1" not in await words(it.page.path)
        await it.elise.send(f"/posts/{it.root.key}/edit", title="Ouverts", text="On **ouvre**.")
        assert "Ouverts" in await words("/")
