"""Windows of a real browser on a node."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page
from visitors import PASSWORD, Site


def reader(browser: Browser, site: Site, **options: Any) -> AbstractAsyncContextManager[Page]:
    """Somebody's window on a site."""
    return window(browser, site.node.site.url, **options)


@asynccontextmanager
async def window(browser: Browser, url: str, **options: Any) -> AsyncIterator[Page]:
    """Somebody's window; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    options = {"locale": "fr-FR", "base_url": url} | options
    async with await browser.new_context(**options) as context:
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else 0)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert complaints == []


async def sign_in(page: Page, handle: str = "elise", password: str = PASSWORD) -> None:
    await page.goto("/sign-in")
    await page.locator("#login").fill(handle)
    await page.locator("#password").fill(password)
    await page.locator("#password").press("Enter")
    await page.wait_for_url("**/")
