"""A member's life in a real browser: invited, and back in each of the ways there are."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pyotp
from playwright.async_api import Browser, Page, expect
from postbox import Postbox, link_in, postbox
from visitors import PASSWORD, Site, pages
from windows import reader

from fedi.accounts.joining import invite
from fedi.accounts.mailer import Mailer


async def mailed(site: Site, box: Postbox, number: int) -> str:
    while await Mailer(site.node).run_once():
        pass
    return link_in(await box.letter("ines@mail.example", number))


async def press(page: Page, *selectors: str) -> None:
    """Reach each of these with the keyboard alone, and press Enter there."""
    for selector in selectors:
        target = page.locator(selector).first
        await expect(target).to_be_visible()
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await target.evaluate("element => element === document.activeElement"):
                break
        await expect(target).to_be_focused()
        await page.keyboard.press("Enter")


async def write(page: Page, **fields: str) -> None:
    """Reach each of these fields with the keyboard alone, and type."""
    for name, text in fields.items():
        target = page.locator(f"#{name}")
        await expect(target).to_be_visible()
        for _ in range(60):
            if await target.evaluate("element => element === document.activeElement"):
                break
            await page.keyboard.press("Tab")
        await page.keyboard.type(text)


async def join(site: Site, box: Postbox, page: Page) -> None:
    """With an invitation and a letter."""
    async with site.node.db.unit() as unit:
        path = invite(unit, None)
    await page.goto(path)
    await write(page, name="Inès", handle="ines", email="ines@mail.example", password=PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#handle")).to_have_count(0)
    await page.goto(await mailed(site, box, 1))
    await press(page, "main .btn.go")
    await expect(page.locator(".menu")).to_be_visible()


async def leave(page: Page) -> None:
    await page.goto("/sign-in/link")  # a short page
    await press(page, ".menu > summary", ".menu form button")
    await expect(page.locator(".menu")).to_have_count(0)
    await page.goto("/sign-in")


async def judge(page: Page, axe: str) -> None:
    """Pages that only come after a form: the walk of `test_pages` does not see them."""
    if axe:
        await page.evaluate(axe)
        report = await page.evaluate("axe.run()")
        assert report["violations"] == []


async def ask_for_codes(page: Page, axe: str = "") -> list[str]:
    await page.goto("/settings/security")
    await press(page, "form[action='/settings/codes'] button")
    secret = await page.locator(".raw code").inner_text()
    totp = pyotp.TOTP(secret.replace(" ", ""))
    await judge(page, axe)
    await write(page, code=totp.at(NOW))
    await page.keyboard.press("Enter")
    await expect(page.locator(".spares li")).to_have_count(10)
    await judge(page, axe)
    return await page.locator(".spares code").all_inner_texts()


NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)  # where the clock of the node stands


async def enter(site: Site, box: Postbox, page: Page, spares: list[str], axe: str = "") -> None:
    """By password and code, then by a letter and a code."""
    await write(page, login="ines", password=PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("#code")).to_be_focused()
    await judge(page, axe)
    await page.keyboard.type(spares[0])
    await page.keyboard.press("Enter")
    await expect(page.locator(".menu")).to_be_visible()
    await leave(page)
    await page.goto("/sign-in/link")
    await write(page, email="ines@mail.example")
    await page.keyboard.press("Enter")
    await expect(page.locator("#email")).to_have_count(0)
    await page.goto(await mailed(site, box, 3))  # the second one told of the codes
    await press(page, "main .btn.go")
    await write(page, code=spares[1])
    await page.keyboard.press("Enter")
    await expect(page.locator(".menu")).to_be_visible()


async def test_a_member_is_invited_and_signs_in_in_every_way_in_french_by_keyboard(
    tmp_path: Path, browser: Browser, axe: str
):
    async with (
        postbox() as box,
        pages(tmp_path, host="localhost", mail=box.settings) as site,
        reader(browser, site) as page,
    ):
        key = await page.context.new_cdp_session(page)
        await key.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }  # fmt: skip
        await key.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        await join(site, box, page)
        spares = await ask_for_codes(page, axe)
        await leave(page)
        await enter(site, box, page, spares, axe)

        await page.goto("/settings/security")
        await write(page, **{"passkey-name": "Mon ordinateur"})
        await page.keyboard.press("Enter")
        await expect(page.locator(".done")).to_have_text("La clé d’accès est ajoutée.")
        await expect(page.get_by_text("Mon ordinateur").first).to_be_visible()
        await leave(page)
        await press(page, "form[data-passkey] button")
        await expect(page.locator(".menu")).to_be_visible()
        await page.goto("/settings/security")
        assert await page.locator("[name=passkey]").count() == 1
        await expect(page.locator("section", has_text="Mon ordinateur")).not_to_contain_text(
            "jamais"
        )
        await press(page, "[name=passkey]")
        await expect(page.locator("[name=passkey]")).to_have_count(0)


async def test_a_member_signs_in_without_scripts_in_english(tmp_path: Path, browser: Browser):
    async with (
        postbox() as box,
        pages(tmp_path, host="localhost", mail=box.settings) as site,
        reader(browser, site, locale="en-GB", java_script_enabled=False) as page,
    ):
        await join(site, box, page)
        spares = await ask_for_codes(page)
        await expect(page.locator("h1")).to_have_text("Keep these codes")
        await leave(page)
        await expect(page.get_by_role("button", name=re.compile("passkey"))).to_have_count(0)
        await enter(site, box, page, spares)
        await page.goto("/settings/security")
        await expect(page.get_by_text("its scripts are turned off")).to_be_visible()
