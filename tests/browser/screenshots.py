"""`make screenshots`: the main pages, in both languages, on a large screen and on a phone, by day
and by night, into docs/screenshots.

They are pages of `fedi demo`, as a visitor and a member see them in a real browser.
"""

import asyncio
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path
from subprocess import STDOUT, Popen

from conftest import ARGUMENTS, CHROMIUM
from PIL import Image
from playwright.async_api import Browser, ViewportSize, async_playwright
from rich.progress import track
from waiting import wait_until

FOLDER = Path("docs/screenshots")
SCREENS: dict[str, ViewportSize] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844},
}
LANGUAGES = {"fr": "fr-FR", "en": "en-GB"}
#: A page has few colours: a palette of them takes a third of the room.
COLOURS = 256


@dataclass(frozen=True)
class Demo:
    """Where the demonstration is, and who may sign in."""

    debate: str
    site: str
    handle: str
    password: str

    @property
    def pages(self) -> dict[str, str]:
        """What there is to see, by the name of its picture."""
        return {
            "home": "/",
            "debate": self.debate,
            "groups": "/groups",
            "networks": "/networks",
            "members": "/members",
            "search": "/search?q=machines",
            "person": f"/p/{self.handle}",
            "sign-in": "/sign-in",
            "moderation": "/moderation",
        }

    @property
    def members_pages(self) -> dict[str, str]:
        """What only members see."""
        return {
            "open": "/open",
            "security": "/settings/security",
            "data": "/settings/data",
            "set-up": "/admin/start/appearance",
            "first-steps": "/admin/start",
            "administration": "/admin",
            "reports": "/admin/reports",
            "decisions": "/admin/decisions",
            "servers": "/admin/servers",
            "audit": "/admin/audit",
        }


@contextmanager
def demo(directory: Path) -> Iterator[Demo]:
    """Run `fedi demo`, and say where it is."""
    output = directory / "output.txt"
    command = ["demo", "--dir", str(directory / "demo")]
    with output.open("wb") as file:
        process = Popen([sys.executable, "-m", "fedi", *command], stdout=file, stderr=STDOUT)
    try:
        wait_until(lambda: "Ctrl-C" in output.read_text() or process.poll() is not None, seconds=90)
        said = output.read_text()
        found = re.search(r"(http://\S+?)(/d/\S+)\n\s+\S+ +as (\w+), password (\S+)", said)
        assert found, said
        site, debate, handle, password = found.groups()
        yield Demo(debate, site, handle, password)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


async def portray(browser: Browser, demo: Demo, language: str, screen: str, scheme: str) -> None:
    """Take the pictures of one screen, in one language, by day or by night."""
    context = await browser.new_context(
        base_url=demo.site,
        locale=LANGUAGES[language],
        viewport=SCREENS[screen],
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = await context.new_page()

    async def shoot(pages: dict[str, str]) -> None:
        for name, path in pages.items():
            await page.goto(path)
            save(await page.screenshot(), f"{name}-{language}-{screen}-{scheme}")

    await shoot(demo.pages)
    await page.goto("/sign-in")
    await page.locator("#login").fill(demo.handle)
    await page.locator("#password").fill(demo.password)
    await page.locator("#password").press("Enter")
    await page.wait_for_url("**/")
    await shoot(demo.members_pages)
    await context.close()


def save(picture: bytes, name: str) -> None:
    """Keep a picture, small."""
    with Image.open(BytesIO(picture)) as image:
        small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(FOLDER / f"{name}.png", optimize=True)


async def portray_all(demo: Demo) -> None:
    """Take every picture."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        rounds = list(product(LANGUAGES, SCREENS, ("light", "dark")))
        for language, screen, scheme in track(rounds, "Pictures", transient=True):
            await portray(browser, demo, language, screen, scheme)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, demo(Path(directory)) as shown:
        asyncio.run(portray_all(shown))
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}")
