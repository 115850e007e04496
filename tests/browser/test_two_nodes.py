"""Two nodes in a real browser: a member of one takes part in a debate of the other."""

from pathlib import Path

from playwright.async_api import Browser, expect
from processes import PASSWORD, NodeProcess, Nodes, eventually
from windows import sign_in, window

TITLE = "Mutualiser nos ateliers bois ?"


async def _has_debate(node: NodeProcess) -> str:
    async with node.session.get(f"{node.url}/", headers={"Accept": "text/html"}) as answer:
        return await answer.text()


async def test_a_member_of_one_network_answers_a_debate_of_another(
    tmp_path: Path, browser: Browser
):
    async with Nodes(tmp_path) as nodes:
        tilleuls = await nodes.add("tilleuls", "camille")
        velo = await nodes.add("velo", "ines")
        await velo.command("network", "follow", f"{tilleuls.url}/g/tilleuls")
        followers = f"{tilleuls.url}/g/tilleuls/followers"
        await eventually(lambda: tilleuls.get(followers), lambda found: found["totalItems"] == 1)
        await tilleuls.open_debate("camille", TITLE, "<p>Qui décide, qui paie ?</p>")
        await eventually(lambda: _has_debate(velo), lambda text: TITLE[:20] in text)

        async with (
            window(browser, velo.url, locale="fr-FR") as ines,
            window(browser, tilleuls.url, locale="en-GB", java_script_enabled=False) as visitor,
        ):
            await sign_in(ines, "ines", PASSWORD)
            await ines.get_by_role("link", name=TITLE[:20]).click()
            await expect(ines.get_by_role("article").first).to_contain_text("Qui décide")
            await ines.locator("#reply textarea").fill("Chez nous, **une SCIC** porte l’atelier.")
            await ines.locator("#reply").get_by_role("button", name="Publier").click()
            await expect(ines.locator(".tree article")).to_contain_text("une SCIC")

            await visitor.goto("/")
            await visitor.get_by_role("link", name=TITLE[:20]).click()

            async def shown() -> str:
                await visitor.reload()
                return await visitor.locator("main").inner_text()

            text = await eventually(shown, lambda text: "une SCIC" in text)
            assert "ines" in text.lower()
            assert "velo" in text.lower()
