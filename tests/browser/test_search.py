"""Searching from the field of every page, with and without scripts, by keyboard."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from reading import TITLE, furnish
from visitors import pages
from windows import reader

from fedi.core.i18n import space_french

WORDS = {"fr": ("Recherche", "Chercher dans les débats"), "en": ("Search", "Search the debates")}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("tag", ["fr", "en"])
async def test_a_visitor_finds_a_debate_and_the_message_that_says_it(
    tmp_path: Path, browser: Browser, tag: str, scripts: bool
):
    title, placeholder = WORDS[tag]
    async with pages(tmp_path) as site:
        debate = await furnish(site)
        options = {"locale": "fr-FR" if tag == "fr" else "en-GB", "java_script_enabled": scripts}
        async with reader(browser, site, **options) as page:
            await page.goto("/groups")
            field = page.get_by_placeholder(placeholder)
            await field.fill("machine gérer printemps")
            await field.press("Enter")
            await expect(page.locator("h1")).to_have_text(title)
            await expect(page.locator(".empty")).to_be_visible()
            await expect(field).to_have_value("machine gérer printemps")

            await field.fill("MACHINE fraiseuses")
            await field.press("Enter")
            await expect(page.locator(".found h3")).to_have_text(space_french(TITLE))
            await expect(page.locator(".found h3 mark")).to_have_text("machines")
            await expect(page.locator(".found .prose mark").first).to_have_text("fraiseuse")
            await page.locator(".found li li a").first.click()
            await page.wait_for_url(f"**{debate}*")


async def test_a_handle_in_the_field_leads_to_somebody(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        await furnish(site)
        async with reader(browser, site) as page:
            await page.goto("/")
            await page.locator("#q").fill("@perrine@social.example")
            await page.get_by_role("button", name="Recherche").click()
            await page.wait_for_url("**/p/perrine@social.example")
