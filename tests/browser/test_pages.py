"""The main paths in a real browser: by keyboard, without scripts, on every screen; and axe."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hostile import HostilePeer, answer, document
from playwright.async_api import Browser, expect
from reading import TITLE, furnish
from visitors import Site, pages
from windows import reader, sign_in

from fedi.core.i18n import space_french
from fedi.core.vocab import JRD_JSON

#: Both layouts and both schemes; axe takes a second for each page.
SCREENS: dict[str, dict[str, Any]] = {
    "large, by day": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "a small phone, by night": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
}
WORDS = {
    "fr": {
        "sign in": "Se connecter",
        "open": "Ouvrir un débat",
        "publish": "Publier le débat",
        "reply": "Répondre",
        "send": "Publier",
        "preview": "Aperçu",
        "like": "J’aime",
    },
    "en": {
        "sign in": "Sign in",
        "open": "Open a debate",
        "publish": "Publish the debate",
        "reply": "Reply",
        "send": "Publish",
        "preview": "Preview",
        "like": "Like",
    },
}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("tag", ["fr", "en"])
async def test_a_member_opens_a_debate_and_takes_part_in_it(
    tmp_path: Path, browser: Browser, tag: str, scripts: bool
):
    words = WORDS[tag]
    async with pages(tmp_path) as site:
        await site.account("elise")
        options = {"locale": "fr-FR" if tag == "fr" else "en-GB", "java_script_enabled": scripts}
        async with reader(browser, site, **options) as page:
            await sign_in(page)
            await page.get_by_role("link", name=words["open"]).first.click()
            await page.locator("#title").fill("Fermés en août ?")
            await page.locator("#question").fill("Où envoyer qui frappe ?")
            await page.locator("#text").fill("Chaque été, **on ferme**.")
            await page.get_by_role("button", name=words["preview"]).click()
            await expect(page.locator("#preview .sheet strong")).to_have_text("on ferme")
            await expect(page.locator("#title")).to_have_value("Fermés en août ?")
            await page.get_by_role("button", name=words["publish"]).click()
            await expect(page.locator("h1")).to_have_text("Fermés en août\u202f?")

            await page.locator(".dossier .acts").get_by_role("link", name=words["reply"]).click()
            # The composer comes in its own time, and takes the focus.
            await expect(page.locator(".compose textarea").first).to_be_focused()
            await page.locator(".compose textarea").first.fill("Chez nous aussi.")
            await page.locator(".compose").first.get_by_role("button", name=words["send"]).click()
            await expect(page.locator(".tree .post .prose")).to_have_text("Chez nous aussi.")

            like = page.locator(".tree .acts > button")
            await like.click()
            await expect(like).to_have_attribute("aria-pressed", "true")
            await expect(like).to_have_text(re.compile(f"{words['like']}\\s*1"))
            await page.reload()
            await expect(like).to_have_attribute("aria-pressed", "true")


async def test_a_larger_writing_field_breaks_no_rule_of_the_page(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with reader(browser, site) as page:
            await sign_in(page)
            await page.goto(debate)
            await page.locator(".tree .acts").get_by_role("link", name="Répondre").first.click()
            field = page.locator(".tree .compose textarea")
            await field.fill("Plus de place.")
            await field.evaluate("element => { element.style.height = '30rem' }")
            await page.locator(".tree .compose").get_by_role("button", name="Aperçu").click()
            await expect(page.locator(".tree .preview .prose")).to_have_text("Plus de place.")


async def test_everything_can_be_reached_and_done_by_keyboard(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with reader(browser, site) as page:
            await sign_in(page)
            await page.goto(debate)
            await page.keyboard.press("Tab")
            await expect(page.locator(".skip")).to_be_focused()
            await expect(page.locator(".skip")).to_be_in_viewport()
            await page.keyboard.press("Enter")
            like = page.locator(".dossier .acts > button")
            for _ in range(30):
                await page.keyboard.press("Tab")
                if await like.evaluate("element => element === document.activeElement"):
                    break
            await page.keyboard.press("Enter")
            await expect(like).to_have_attribute("aria-pressed", "true")
            await expect(like).to_be_focused()
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(page.locator(".dossier .compose textarea")).to_be_focused()
            field = page.locator(".dossier .compose textarea")
            await page.keyboard.type("Au ")
            await page.keyboard.press("Control+b")
            await page.keyboard.type("clavier.")
            await page.keyboard.press("Shift+Tab")
            for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
                await page.keyboard.press(key)
            await expect(field).to_be_focused()
            await expect(field).to_have_value("> Au **clavier.**")
            await page.keyboard.press("Control+z")
            await expect(field).to_have_value("Au **clavier.**")
            publish = page.locator(".dossier .compose .btn.go")
            for _ in range(10):
                await page.keyboard.press("Tab")
                if await publish.evaluate("element => element === document.activeElement"):
                    break
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("Au clavier.")).to_be_visible()


async def addresses(site: Site, debate: str) -> list[str]:
    """Every kind of page; the last ones are for members."""
    key = debate.split("/")[2]
    return [
        "/",
        debate,
        f"{debate}?branch={key}",
        "/tags",
        "/?tag=outils",
        f"/posts/{key}/history",
        f"/posts/{key}/likes",
        f"/threads/{key}/evidence",
        "/groups",
        "/g/communs",
        "/g/debats@velo.example",
        "/networks",
        "/members",
        "/accessibility",
        "/p/camille",
        "/p/perrine@social.example",
        "/sign-in",
        f"/interact?uri={quote(f'{site.node.site.url}/o/{key}', safe='')}",
        "/search?q=machine+camille",
        "/search?q=fraiseuse",
        "/nowhere",
        "/open",
        "/settings",
        f"/posts/{key}/reply",
        "/bookmarks",
        "/drafts",
    ]


@pytest.mark.parametrize("screen", SCREENS)
async def test_axe_finds_nothing_to_mend_on_any_page(
    tmp_path: Path, browser: Browser, axe: str, screen: str
):
    async with pages(tmp_path) as site:
        await site.account("elise", admin=True)
        debate = await furnish(site)
        async with await browser.new_context(
            locale="fr-FR", base_url=site.node.site.url, bypass_csp=True, **SCREENS[screen]
        ) as context:
            page = await context.new_page()
            found = {}
            for signed_in in (False, True):
                if signed_in:
                    await sign_in(page)
                for path in await addresses(site, debate):
                    await page.goto(path)
                    await page.evaluate(axe)
                    report = await page.evaluate("axe.run()")
                    assert len(report["passes"]) > 10, "axe looked at the page"
                    for violation in report["violations"]:
                        nodes = [node["html"][:200] for node in violation["nodes"][:3]]
                        found[path, signed_in, violation["id"]] = nodes
            assert found == {}


@pytest.mark.parametrize("width", [320, 640, 1280])
async def test_no_page_scrolls_sideways(tmp_path: Path, browser: Browser, width: int):
    async with pages(tmp_path) as site:
        await site.account("elise", admin=True)
        debate = await furnish(site)
        async with await browser.new_context(
            base_url=site.node.site.url, viewport={"width": width, "height": 700}
        ) as context:
            page = await context.new_page()
            await sign_in(page)
            wide = []
            for path in await addresses(site, debate):
                await page.goto(path)
                if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wide.append(path)
            assert wide == []


async def test_what_strangers_write_runs_nothing_and_covers_nothing(
    tmp_path: Path, browser: Browser
):
    async with pages(tmp_path) as site:
        debate = await furnish(site)
        async with reader(browser, site) as page:
            await page.goto(debate)
            await expect(page.get_by_text("Texte honnête")).to_be_visible()
            assert (await page.title()).startswith("Prêter")
            await expect(page.locator(".prose img, .prose svg, .prose script")).to_have_count(0)
            await page.get_by_role("link", name="Réseaux").or_(page.locator(".brand")).first.click()
            await page.wait_for_url("**/")


async def test_a_visitor_is_led_to_their_own_server(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site, HostilePeer() as peer:
        debate = await furnish(site)
        host = peer.origin.partition("://")[2]
        resource = quote(f"acct:ana@{host}", safe="")
        template = {
            "rel": "http://ostatus.org/schema/1.0/subscribe",
            "template": peer.url("/interact?uri={uri}"),
        }
        peer.on(
            f"/.well-known/webfinger?resource={resource}",
            document({"subject": f"acct:ana@{host}", "links": [template]}, JRD_JSON),
        )
        uri = f"{site.node.site.url}/o/{debate.split('/')[2]}"
        home = f"/interact?uri={quote(uri, safe='')}"
        peer.on(home, answer(200, b"<title>Chez moi</title>", "text/html"))
        peer.on("/favicon.ico", answer(200, b"", "image/x-icon"))
        async with reader(browser, site) as page:
            await page.goto(debate)
            await page.locator("#handle").fill(f"@ana@{host}")
            await page.locator("#handle").press("Enter")
            await page.wait_for_url(peer.url(home))
            assert await page.title() == "Chez moi"


async def test_a_reader_changes_language_without_scripts(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        debate = await furnish(site)
        async with reader(browser, site, java_script_enabled=False) as page:
            await page.goto(debate)
            await expect(page.locator("#replies")).to_have_text("Dix réponses")
            await page.get_by_role("button", name="English").click()
            await expect(page.locator("#replies")).to_have_text("Ten replies")
            assert page.url.endswith(debate)
            await expect(page.locator("h1")).to_have_text(space_french(TITLE))
