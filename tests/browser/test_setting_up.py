"""An administrator in a real browser: from the link that works once to a network that is followed.

Two nodes of two people who write to each other: one sets hers up in French with the keyboard
alone, the other his in English without scripts.
"""

import re
from asyncio import gather
from pathlib import Path

from photos import flag
from playwright.async_api import Browser, Page, expect
from processes import NodeProcess, Nodes, eventually
from windows import window

PHRASE = "quatre mots bien choisis"


async def setup_link(node: NodeProcess) -> str:
    """The link that `fedi serve` prints."""

    async def said() -> str:
        return (node.home / "serve.log").read_text()

    text = await eventually(said, lambda text: "/setup/" in text)
    return re.findall(r"(/setup/\S+)", text)[0]


class Keys:
    """A keyboard, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def reach(self, place: str) -> None:
        """Tab until the focus is there; only what the keyboard reaches can be used."""
        for _ in range(60):
            if await self.page.evaluate("s => document.activeElement.matches(s)", place):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {place}")

    async def write(self, place: str, text: str) -> None:
        """Write in a field, in place of what is there."""
        await self.reach(place)
        await self.page.keyboard.press("Control+a")
        await self.page.keyboard.insert_text(text)

    async def press(self, place: str = "main .btn.go", key: str = "Enter") -> None:
        """Press a button, or a link, and wait for the page that it leads to."""
        await self.reach(place)
        async with self.page.expect_navigation():
            await self.page.keyboard.press(key)


async def set_up_with_keys(page: Page, link: str) -> None:
    """Camille's way, in French, up to the networks to follow."""
    keys = Keys(page)
    await page.goto(link)
    await expect(page.locator("h1")).to_have_text("Bienvenue")
    for field, text in (
        ("name", "Camille Durand"), ("handle", "camille"),
        ("email", "camille@a.example"), ("password", PHRASE),
    ):  # fmt: skip
        await keys.write(f"#{field}", text)
    await keys.press()
    await expect(page.locator("[aria-current=step]")).to_have_text("Le réseau")
    await keys.write("#name", "Les Tilleuls")
    await keys.write("#summary", "Des ateliers qui s’entraident")
    await keys.press()
    await expect(page.locator("[aria-current=step]")).to_have_text("Sa couleur et son logo")
    await keys.reach("input[name=theme]")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Bleu")).to_be_checked()
    await keys.press()
    await keys.reach("input[name=registration]")
    for _ in range(2):
        await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Qui le demande")).to_be_checked()
    await keys.press()
    await expect(page.locator("h1")).to_have_text("Les réseaux à suivre")


async def set_up_without_scripts(page: Page, link: str) -> None:
    """Sam's way, in English; he leaves in the middle, and takes it up again."""
    await page.goto(link)
    for field, text in (
        ("name", "Sam"), ("handle", "sam"), ("email", "sam@b.example"), ("password", PHRASE),
    ):  # fmt: skip
        await page.locator(f"#{field}").fill(text)
    await page.get_by_role("button", name="Begin").click()
    await page.locator("#name").fill("Bikes")
    await page.get_by_role("button", name="Save and go on").click()
    await page.goto("/admin")
    await page.get_by_role("link", name="First steps").click()
    await page.get_by_role("link", name="Go on").click()
    await page.get_by_label("Another one:").check()
    await page.get_by_label("Another colour").fill("#ffd54a")
    file = {"name": "logo.png", "mimeType": "image/png", "buffer": flag()}
    await page.locator("#logo").set_input_files(file)  # type: ignore[arg-type]  # a mapping
    await page.get_by_role("button", name="Save and go on").click()
    await expect(page.locator(".brand img")).to_be_visible()
    await page.get_by_role("link", name="Not now").click()
    await expect(page.locator("h1")).to_have_text("Networks to follow")


async def test_two_administrators_set_their_networks_up_and_follow_each_other(
    tmp_path: Path, browser: Browser
):
    async with Nodes(tmp_path) as nodes:
        tilleuls, bikes = await gather(nodes.add("tilleuls"), nodes.add("bikes"))
        async with (
            window(browser, tilleuls.url, locale="fr-FR") as camille,
            window(browser, bikes.url, locale="en-GB", java_script_enabled=False) as sam,
        ):
            await gather(
                set_up_with_keys(camille, await setup_link(tilleuls)),
                set_up_without_scripts(sam, await setup_link(bikes)),
            )
            keys = Keys(camille)
            lost = f"http://localhost:{bikes.port}/g/nobody"
            await keys.write("#addresses", f"@bikes@localhost:{bikes.port}\n{lost}")
            await keys.press()
            found = camille.locator(".found li")
            await expect(found.first).to_contain_text("Bikes")
            await expect(found.first).to_contain_text("Trouvé")
            await expect(found.last).to_contain_text("aucun réseau")
            await expect(camille.locator("#addresses")).to_have_value(lost)
            await keys.press("main .after a")
            await expect(camille.locator("h1")).to_have_text("Votre réseau est prêt")

            await sam.locator("#addresses").fill(f"{tilleuls.url}/g/tilleuls")
            await sam.get_by_role("button", name="Follow these networks").click()
            await expect(sam.locator(".found li")).to_contain_text("Les Tilleuls")
            for node, other in ((tilleuls, bikes), (bikes, tilleuls)):
                followers = f"{other.url}/g/{other.handle}/followers"
                await eventually(
                    lambda address=followers, node=node: node.get(address),  # type: ignore[misc]
                    lambda known: known["totalItems"] == 1,
                )
            seen = await tilleuls.get(f"{bikes.url}/g/bikes")
            assert (seen["name"], seen["icon"]["type"]) == ("Bikes", "Image")

            async def networks() -> str:
                await camille.goto("/networks")
                return await camille.locator("main").inner_text()

            text = await eventually(networks, lambda text: "réciproque" in text)
            assert "Bikes" in text
