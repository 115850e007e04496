"""Windows of a real browser on a node."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page
from visitors import PASSWORD, Site


@asynccontextmanager
async def reader(browser: Browser, site: Site, **options: Any) -> AsyncIterator[Page]:
    """Somebody's window; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    options = {"locale": "fr-FR", "base_url": site.node.site.url} | options
    async with await browser.new_context(**options) as context:
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert complaints == []


async def sign_in(page: Page, handle: str = "elise") -> None:
    await page.goto("/sign-in")
    await page.locator("#login").fill(handle)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#password").press("Enter")
    await page.wait_for_url("**/")
