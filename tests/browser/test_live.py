"""A page of a debate that stays open learns of what is said meanwhile, in other processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from postgres import Server
from processes import NodeProcess, Nodes
from staffed import Staffed

BODY = "<p>Comment garder nos outils en commun ?</p>"


@pytest_asyncio.fixture(loop_scope="session")
async def staffed(
    request: pytest.FixtureRequest, tmp_path: Path, database_url: str
) -> AsyncIterator[Staffed]:
    """A node with two web processes and a worker."""
    async with aiohttp.ClientSession() as session:
        node = Staffed(tmp_path / "ours", "ateliers", session, database_url)
        await node.create("ana")
        try:
            await node.start()
            await node.hire()
            yield node
        finally:
            await node.dismiss()


@pytest_asyncio.fixture(params=["sqlite", "postgresql"], loop_scope="session")
async def database_url(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """Where the node keeps its rows."""
    if request.param == "sqlite":
        yield ""
        return
    server: Server = request.getfixturevalue("postgres")
    url = await server.create_database()
    yield url
    await server.drop_database(url)


@pytest_asyncio.fixture(loop_scope="session")
async def neighbour(tmp_path: Path) -> AsyncIterator[NodeProcess]:
    """Another node, of one process."""
    async with Nodes(tmp_path) as nodes:
        yield await nodes.add("voisins", "bea")


@pytest.mark.parametrize(
    ("locale", "one", "two"),
    [("fr-FR", "1 nouvelle réponse", "2 nouvelles réponses")],
)
async def test_an_open_page_tells_of_new_replies_and_shows_them_when_asked(
    staffed: Staffed, neighbour: NodeProcess, browser: Browser, locale: str, one: str, two: str
):
    root = await staffed.open_debate("ana", "Nos outils", BODY)
    complaints: list[str] = []
    async with await browser.new_context(locale=locale) as context:
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        async with page.expect_response(lambda answer: "/live/" in answer.url) as stream:
            await page.goto(root)
        assert (await stream.value).status == 200
        news = page.get_by_role("status")
        await expect(news).to_have_text("")

        await neighbour.reply("bea", root, "<p>En les prêtant.</p>")
        await expect(news).to_have_text(one)
        await staffed.reply("ana", root, "<p>Et en les réparant.</p>")
        await expect(news).to_have_text(two)
        assert await page.get_by_text("En les prêtant.").count() == 0

        await news.get_by_role("link").click()
        await expect(page.get_by_text("En les prêtant.")).to_be_visible()
        await expect(page.get_by_text("Et en les réparant.")).to_be_visible()
        await expect(news).to_have_text("")
    assert complaints == []


async def test_what_came_while_nobody_listened_is_told_at_once(staffed: Staffed):
    root = await staffed.open_debate("ana", "Nos outils", BODY)
    for text in ("Un.", "Deux."):
        await staffed.reply("ana", root, f"<p>{text}</p>")

    context = (await staffed.get(root))["context"].rpartition("/")[2]

    async with asyncio.timeout(30):
        url = f"{staffed.url}/live/{context}"
        async with staffed.session.get(
            f"{url}?seen=1", headers={"Accept-Language": "en"}
        ) as answer:
            assert answer.content_type == "text/event-stream"
            lines = [await answer.content.readline() for _ in range(3)]
            assert lines[2] == b"data: 2 new replies\n"

            await staffed.stop()  # with the reader still there
