"""A real browser for the tests of this folder, and axe-core to judge what it shows."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

HERE = Path(__file__).parent
CHROMIUM = Path("/usr/bin/chromium")
#: Milliseconds that a page may take to show what is expected of it, on a machine that is busy.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Where Debian puts it."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: apt install chromium")
    return CHROMIUM


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder on one loop: the one on which their browser lives."""
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A browser for all of them; each opens, and closes, a context of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, installed beside these tests when it is not yet."""
    source = HERE / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        if shutil.which("npm") is None:
            pytest.skip("axe-core is missing and so is npm: apt install npm")
        subprocess.run(["npm", "ci", "--silent", "--prefix", HERE], check=True)
    return source.read_text(encoding="utf-8")
