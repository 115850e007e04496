"""For whom one writes, tags and images, in a real browser: with scripts, without, and with axe."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from photos import photo
from playwright.async_api import Browser, FilePayload, Page, expect
from visitors import PASSWORD, Site, pages

PHOTO = FilePayload(name="atelier.jpg", mimeType="image/jpeg", buffer=photo(size=(800, 500)))
LIE = FilePayload(name="atelier.jpg", mimeType="image/jpeg", buffer=b"<svg onload='alert(1)'/>")
FABRIQUE = "La Fabrique, Lille"


@asynccontextmanager
async def signed_in(browser: Browser, site: Site, **options: Any) -> AsyncIterator[Page]:
    """The window of a member; what the browser complains about fails the test.

    Without scripts a form that is wrong comes back as an answer of its own, with that status.
    """
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
    assert [words for words in complaints if "status of 422" not in words] == []


async def speak_for_a_place(page: Page) -> None:
    await page.goto("/settings")
    await page.locator("#hat-name").fill("La Fabrique")
    await page.locator("#hat-place").fill("Lille")
    await page.get_by_role("button", name="Ajouter").click()
    await expect(page.locator("#hats .hats")).to_contain_text(FABRIQUE)


async def open_debate(page: Page) -> None:
    await page.goto("/open")
    await page.locator("#title").fill("Un four pour six")
    await page.locator("#text").fill("Chaque été, **on ferme**. #été")
    await page.locator("#tags").fill("économie sociale, bois")
    await page.locator("select[name=hat]").select_option(FABRIQUE)
    await attach(page)
    await page.locator(".picture textarea").fill("Le four, vu de la cour")
    await page.get_by_role("button", name="Publier le débat").click()
    await expect(page.locator("h1")).to_have_text("Un four pour six")


async def attach(page: Page, file: FilePayload = PHOTO) -> None:
    await page.locator(".pictures > summary").click()
    await page.locator("input[name=photos]").set_input_files(file)
    await page.locator(".pictures").get_by_role("button", name="Ajouter").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_a_member_opens_a_debate_for_a_place_with_tags_and_an_image(
    tmp_path: Path, browser: Browser, scripts: bool
):
    async with pages(tmp_path) as site:
        await site.account("elise")
        async with signed_in(browser, site, java_script_enabled=scripts) as page:
            await speak_for_a_place(page)
            await open_debate(page)
            await expect(page.locator(".dossier .byline")).to_contain_text(f"pour {FABRIQUE}")
            image = page.locator(".dossier img.image")
            await expect(image).to_have_attribute("alt", "Le four, vu de la cour")
            assert await image.evaluate("image => image.complete && image.naturalWidth > 0")
            await page.locator(".dossier .tags a", has_text="bois").click()
            await expect(page.locator(".toc h2")).to_have_text("Un four pour six")
            await expect(page.locator(".chosen")).to_contain_text("#bois")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_an_image_that_is_none_is_told_of_and_nothing_is_lost(
    tmp_path: Path, browser: Browser, scripts: bool
):
    async with pages(tmp_path) as site:
        await site.account("elise")
        async with signed_in(browser, site, java_script_enabled=scripts) as page:
            await page.goto("/open")
            await page.locator("#text").fill("Chaque été.")
            await attach(page, LIE)
            await expect(page.locator(".pictures .err")).to_contain_text("image affichable")
            await expect(page.locator("#text")).to_have_value("Chaque été.")
            await page.locator("input[name=photos]").set_input_files(PHOTO)
            await page.locator(".pictures").get_by_role("button", name="Ajouter").click()
            await expect(page.locator(".picture img")).to_have_count(1)
            await page.get_by_role("button", name="Retirer cette image").click()
            await expect(page.locator(".picture")).to_have_count(0)


@pytest.mark.parametrize("dark", [False, True], ids=["by day", "by night"])
async def test_axe_finds_nothing_to_mend_where_one_writes(
    tmp_path: Path, browser: Browser, axe: str, dark: bool
):
    size = {"width": 320, "height": 640} if dark else {"width": 1280, "height": 900}
    options = {"bypass_csp": True, "viewport": size, "color_scheme": "dark" if dark else "light"}
    async with pages(tmp_path) as site:
        await site.account("elise")
        async with signed_in(browser, site, **options) as page:
            await speak_for_a_place(page)
            await open_debate(page)
            debate = page.url
            key = debate.split("/")[-2]
            await page.goto(f"/posts/{key}/edit")
            await page.locator("#text").fill("Chaque hiver, **on ferme**.")
            await page.get_by_role("button", name="Publier la modification").click()
            await page.locator(".dossier .acts button").first.click()
            found = {}
            for path in (
                debate, "/", "/?tag=bois", "/tags", "/settings", "/settings/data", "/left",
                "/p/elise", "/open",
                f"/posts/{key}/reply", f"/posts/{key}/edit", f"/posts/{key}/history",
                f"/posts/{key}/likes",
            ):  # fmt: skip
                await page.goto(path)
                if await page.locator(".pictures > summary").count():
                    await page.locator(".pictures > summary").first.click()
                if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found[path, "wide"] = []
                await page.evaluate(axe)
                report = await page.evaluate("axe.run()")
                assert len(report["passes"]) > 10, "axe looked at the page"
                for violation in report["violations"]:
                    nodes = [node["html"][:200] for node in violation["nodes"][:3]]
                    found[path, violation["id"]] = nodes
            assert found == {}
