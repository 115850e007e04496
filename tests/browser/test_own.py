"""What is a reader's own, in a real browser, with scripts and without: new, quoted, kept."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from factories import make_person
from playwright.async_api import Browser, Page, expect
from reading import furnish
from sqlalchemy import select
from visitors import PASSWORD, Site, pages

from fedi.debates.models.post import Post
from fedi.debates.posts import write_reply

WAYS = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])


@asynccontextmanager
async def signed_in(browser: Browser, site: Site, **options: Any) -> AsyncIterator[Page]:
    """The window of a member; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    options = {"locale": "fr-FR", "base_url": site.node.site.url} | options
    async with await browser.new_context(**options) as context:
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto("/sign-in")
        await page.locator("#login").fill("elise")
        await page.locator("#password").fill(PASSWORD)
        await page.locator("#password").press("Enter")
        await page.wait_for_url("**/")
        yield page
    assert complaints == []


async def answer(site: Site, handle: str, *texts: str) -> None:
    """A new member answers the opening."""
    async with site.node.db.unit() as unit:
        author = await make_person(unit, handle)
        root = (await unit.session.scalars(select(Post).where(Post.depth == 0))).first()
        assert root is not None
        for text in texts:
            await write_reply(unit, author, root, text=text)


@WAYS
async def test_a_member_reads_goes_away_and_comes_back_to_the_first_new_message(
    tmp_path: Path, browser: Browser, scripts: bool
):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with signed_in(browser, site, java_script_enabled=scripts) as page:
            await page.goto(debate)
            await expect(page.locator(".since")).to_have_count(0)
            await answer(site, "bea", "Et moi alors ?", "Rien à ajouter.")
            await page.goto("/")
            await expect(page.locator(".toc .unread")).to_have_count(1)
            await page.get_by_role("link", name="2 nouvelles").click()
            await expect(page.locator(".since")).to_have_count(1)
            await expect(page.locator(".fresh")).to_have_count(2)
            first = page.locator(".since + li .post .prose").first
            await expect(first).to_be_in_viewport()
            await page.goto("/")
            await expect(page.locator(".toc .unread")).to_have_count(0)
            await page.get_by_role("link", name="Non lus").click()
            await expect(page.locator(".empty")).to_have_text("Tout est lu.")


@WAYS
async def test_what_was_written_is_there_after_a_reload(
    tmp_path: Path, browser: Browser, scripts: bool
):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with signed_in(browser, site, java_script_enabled=scripts) as page:
            await page.goto(debate)
            composer = page.locator("#reply")
            await composer.locator("textarea").first.press_sequentially("Une idée longue.")
            if not scripts:
                await composer.get_by_role("button", name="Aperçu").click()
                await page.goto(debate)
            await expect(composer.locator(".kept button")).to_be_visible()
            await page.reload()
            await expect(composer.locator("textarea").first).to_have_value("Une idée longue.")
            await page.goto("/drafts")
            await page.locator(".own h2 a").click()
            field = page.locator(".compose textarea").first
            await expect(field).to_have_value("Une idée longue.")
            await page.get_by_role("button", name="Publier").click()
            await expect(page.locator(".tree").get_by_text("Une idée longue.")).to_be_visible()
            await page.goto("/drafts")
            await expect(page.locator(".empty")).to_be_visible()


@WAYS
async def test_a_message_is_quoted_and_leads_back(tmp_path: Path, browser: Browser, scripts: bool):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        await answer(site, "bea", "Un mot, puis un autre.")
        async with signed_in(browser, site, java_script_enabled=scripts) as page:
            await page.goto(debate)
            post = page.locator(".tree > li > .post", has_text="Un mot").first
            if scripts:
                await post.locator(".prose p").evaluate(
                    "p => getSelection().setBaseAndExtent(p.firstChild, 0, p.firstChild, 6)"
                )
            await post.hover()
            await post.get_by_role("link", name="Citer").click()
            field = page.locator(".compose textarea").first
            passage = "Un mot" if scripts else "Un mot, puis un autre."
            begins = f"> {passage}\n>\n> — [Bea]("
            await expect(field).to_have_value(re.compile("^" + re.escape(begins)))
            await field.press("Control+End")
            await field.press_sequentially("Lequel ?")
            await page.locator(".compose").first.get_by_role("button", name="Publier").click()
            cited = page.locator(".cited")
            await expect(cited.locator("blockquote")).to_have_text(passage)
            await cited.get_by_role("link", name="Bea").click()
            await expect(post).to_be_in_viewport()


@WAYS
async def test_a_message_is_marked_and_found_again(tmp_path: Path, browser: Browser, scripts: bool):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with signed_in(browser, site, java_script_enabled=scripts) as page:
            await page.goto(debate)
            post = page.locator(".tree > li > .post").first
            await post.hover()
            await post.locator("summary").click()
            await post.get_by_role("button", name="Marque-page").click()
            marked = post.locator('button[aria-pressed="true"]')
            await expect(marked).to_have_count(1)
            await page.goto("/bookmarks")
            await expect(page.locator(".own li")).to_have_count(1)
            await page.locator(".own h2 a").click()
            await expect(post).to_be_in_viewport()
            await page.goto("/bookmarks")
            await page.get_by_role("button", name="Retirer le marque-page").click()
            await expect(page.locator(".empty")).to_be_visible()


async def test_names_are_completed_with_the_keyboard(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with signed_in(browser, site) as page:
            await page.goto(debate)
            field = page.locator("#reply textarea").first
            await field.press_sequentially("Merci @i")
            options = page.locator("#names [role=option]")
            await expect(options).to_have_count(1)
            await expect(field).to_have_attribute("aria-activedescendant", "name-0")
            await field.press("Enter")
            await expect(field).to_have_value("Merci @idriss@velo.example ")
            await expect(page.locator("#names")).to_have_count(0)
            await field.press_sequentially("et @")
            await expect(options.first).to_be_visible()
            await field.press("Escape")
            await expect(options).to_have_count(0)


@pytest.mark.parametrize("width", [320, 1280])
async def test_axe_finds_nothing_to_mend_in_what_is_ones_own(
    tmp_path: Path, browser: Browser, axe: str, width: int
):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        options = {"bypass_csp": True, "viewport": {"width": width, "height": 800}}
        async with signed_in(browser, site, **options) as page:
            await page.goto(debate)
            await answer(site, "bea", "Et moi alors ?")
            found = {}
            for path in ("/", debate, "/bookmarks", "/drafts", "/?show=unread"):
                await page.goto(path)
                if path == debate:
                    await page.locator("#reply textarea").first.press_sequentially("Merci @i")
                    await expect(page.locator("#names")).to_be_visible()
                    await expect(page.locator("#reply .kept button")).to_be_visible()
                await page.evaluate(axe)
                report = await page.evaluate("axe.run()")
                for violation in report["violations"]:
                    nodes = [node["html"][:200] for node in violation["nodes"][:3]]
                    found[path, violation["id"]] = nodes
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert found == {}
