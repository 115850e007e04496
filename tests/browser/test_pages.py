"""The main paths in a real browser: by keyboard, without scripts, on every screen; and axe."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hostile import HostilePeer, answer, document
from playwright.async_api import Browser, Locator, Page, expect
from reading import TITLE, furnish
from visitors import PASSWORD, Site, pages
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


async def reach(page: Page, field: Locator, key: str = "Tab") -> None:
    """Press a key until this has the focus, and see that one sees it."""
    for _ in range(90):
        await page.keyboard.press(key)
        if await field.evaluate("element => element === document.activeElement"):
            break
    await expect(field).to_be_focused()
    await expect(field).to_be_in_viewport()


async def test_everything_can_be_reached_and_done_by_keyboard(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        await site.account("elise")
        debate = await furnish(site)
        async with reader(browser, site) as page:
            await sign_in_by_keyboard(page)
            await open_by_keyboard(page)
            await page.goto(debate)
            await answer_by_keyboard(page)
            await change_by_keyboard(page)
            await remove_by_keyboard(page)
            await search_by_keyboard(page)


async def sign_in_by_keyboard(page: Page) -> None:
    keyboard = page.keyboard
    await page.goto("/sign-in")
    await reach(page, page.locator("#login"))
    await keyboard.type("elise")
    await keyboard.press("Tab")
    await keyboard.type(PASSWORD)
    await keyboard.press("Enter")
    await page.wait_for_url("**/")


async def open_by_keyboard(page: Page) -> None:
    keyboard = page.keyboard
    await reach(page, page.locator("main").get_by_role("link", name="Ouvrir un débat"))
    await keyboard.press("Enter")
    await page.wait_for_url("**/open")
    await reach(page, page.locator("#title"))
    await keyboard.type("Sans souris ?")
    await reach(page, page.locator("#text"))
    await keyboard.type("Tout au clavier.")
    await reach(page, page.get_by_role("button", name="Publier le débat"))
    await keyboard.press("Space")
    await expect(page.locator("h1")).to_have_text("Sans souris\u202f?")


async def answer_by_keyboard(page: Page) -> None:
    """Like the opening, and answer it with marks."""
    keyboard = page.keyboard
    await keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await keyboard.press("Enter")
    like = page.locator(".dossier .acts > button")
    await reach(page, like)
    await keyboard.press("Enter")
    await expect(like).to_have_attribute("aria-pressed", "true")
    await expect(like).to_be_focused()
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    field = page.locator(".dossier .compose textarea")
    await expect(field).to_be_focused()
    await keyboard.type("Au ")
    await keyboard.press("Control+b")
    await keyboard.type("clavier.")
    await keyboard.press("Shift+Tab")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        await keyboard.press(key)
    await expect(field).to_be_focused()
    await expect(field).to_have_value("> Au **clavier.**")
    await keyboard.press("Control+z")
    await expect(field).to_have_value("Au **clavier.**")
    await reach(page, page.locator(".dossier .compose .btn.go"))
    await keyboard.press("Enter")
    await expect(page.locator(".tree .post", has_text="Au clavier.")).to_be_visible()


async def change_by_keyboard(page: Page) -> None:
    keyboard = page.keyboard
    mine = page.locator(".tree .post", has_text="Au clavier.")
    await choose(page, mine, "Modifier")
    await reach(page, page.locator("#text"))
    await keyboard.press("Control+End")
    await keyboard.type(" Vraiment.")
    await reach(page, page.locator("main .btn.go"))
    await keyboard.press("Enter")
    mine = page.locator(".tree .post", has_text="Au clavier. Vraiment.")
    await expect(mine).to_be_visible()


async def remove_by_keyboard(page: Page) -> None:
    """Quote it, then take it back."""
    keyboard = page.keyboard
    mine = page.locator(".tree .post", has_text="Au clavier. Vraiment.")
    cite = mine.get_by_role("link", name="Citer")
    await reach(page, cite)
    await keyboard.press("Enter")
    await expect(page.locator(".tree .compose textarea")).to_have_value(re.compile("^> "))
    await page.reload()
    await choose(page, mine, "Supprimer")
    await reach(page, page.locator(".btn.harm"))
    await keyboard.press("Enter")
    await expect(page.get_by_text("Message supprimé")).to_have_count(2)


async def search_by_keyboard(page: Page) -> None:
    keyboard = page.keyboard
    await page.goto("/")
    await reach(page, page.locator("#q"))
    await keyboard.type("fraiseuse")
    await keyboard.press("Enter")
    await expect(page.locator("mark").first).to_have_text("fraiseuse")


async def choose(page: Page, post: Locator, action: str) -> None:
    """Open the menu of a message, and what it leads to."""
    await reach(page, post.locator("summary"))
    await page.keyboard.press("Enter")
    await reach(page, post.get_by_role("link", name=action))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/posts/**")


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
        f"/threads/{key}/arrange",
        f"/threads/{key}/merge?into={key}",
        f"/posts/{key}/reply?quote",
        f"/posts/{key}/delete",
        f"/threads/{key}/close",
        f"/report/{key}",
        "/report?person=perrine@social.example",
        "/bookmarks",
        "/drafts",
        "/notifications",
        "/decisions",
        "/moderation",
        "/join",
        "/sign-in/link",
        "/settings/security",
        "/settings/proof",
        "/admin",
        "/admin/reports",
        "/admin/decisions",
        "/admin/members",
        "/admin/invitations",
        "/admin/groups",
        "/admin/groups/communs",
        "/admin/servers",
        "/admin/servers/velo.example",
        "/admin/server-lists",
        "/admin/people/camille",
        "/admin/held",
        "/admin/journal",
        "/admin/mail",
        "/admin/storage",
        "/admin/audit",
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
                    if urlsplit(page.url).path != urlsplit(path).path and not signed_in:
                        continue  # it is for members
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
            await page.goto(debate)
            await page.emulate_media(media="print")
            for part in (".top", ".rail", ".acts >> nth=0", ".foot nav"):
                await expect(page.locator(part)).to_be_hidden()
            await expect(page.locator(".dossier .prose")).to_be_visible()


async def test_an_address_is_copied_by_a_button_that_only_scripts_show(
    tmp_path: Path, browser: Browser
):
    async with pages(tmp_path) as site:
        await furnish(site)
        copied = f"@communs@{site.node.site.domain}"
        async with reader(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
            await page.goto("/g/communs")
            await page.get_by_role("button", name="Copier l’adresse").click()
            await expect(page.get_by_text("Copiée")).to_be_visible()
            assert await page.evaluate("navigator.clipboard.readText()") == copied
            square = page.locator(".square")
            await square.scroll_into_view_if_needed()
            await page.wait_for_function("document.querySelector('.square').naturalWidth > 0")
        async with reader(browser, site, java_script_enabled=False) as page:
            await page.goto("/g/communs")
            await expect(page.locator("[data-copy]")).to_be_hidden()


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
