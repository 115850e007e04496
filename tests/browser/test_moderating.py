"""From a visitor's report to an appeal, in a real browser: by keyboard, and without scripts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect
from reading import furnish
from sqlalchemy import select
from visitors import PASSWORD, Site, pages
from windows import reader, sign_in

from actors.local import get_local
from fedi.accounts.models import Account, AccountRole
from fedi.accounts.sessions import find_account
from fedi.debates.models.post import Post
from fedi.debates.posts import write_reply
from fedi.moderation.acts import act_on_person
from fedi.moderation.models import Act
from fedi.moderation.reports import write_report

#: Further from the top of a page nothing is, by keyboard.
MANY = 250
WORDS = {
    "fr": (
        "Suspendre cette personne",
        "Une personne a été suspendue",
        "Vendre ses vélos n’est pas débattre",
    ),
    "en": ("Suspend this person?", "Somebody was suspended", "To sell bicycles is no debate"),
}


@dataclass
class Hand:
    """How somebody uses a page: with the keyboard alone, or with a mouse."""

    page: Page
    by_keyboard: bool

    async def press(self, what: Locator) -> None:
        """Follow a link, press a button, open what is folded."""
        if self.by_keyboard:
            await self._reach(what)
            await self.page.keyboard.press("Enter")
        else:
            await what.click()

    async def write(self, selector: str, text: str) -> None:
        """Fill a field in."""
        field = self.page.locator(selector)
        if self.by_keyboard:
            await self._reach(field)
            await self.page.keyboard.insert_text(text)
        else:
            await field.fill(text)

    async def _reach(self, what: Locator) -> None:
        await expect(what).to_have_count(1)
        for _ in range(MANY):
            if await what.evaluate("element => element === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by keyboard to {what}")


async def say(site: Site, handle: str, text: str) -> Post:
    """A new member answers the opening."""
    await site.account(handle)
    async with site.node.db.unit() as unit:
        author = await get_local(unit, handle)
        root = (await unit.session.scalars(select(Post).where(Post.depth == 0))).first()
        assert author is not None
        assert root is not None
        return await write_reply(unit, author, root, text=text)


async def report(hand: Hand, debate: str, post: Post, reason: str) -> str:
    """A visitor reports a message; the path at which they read the answer."""
    page = hand.page
    await page.goto(f"{debate}#p-{post.key}")
    shown = page.locator(f"#p-{post.key}")
    if await shown.locator(".acts summary").count():
        await hand.press(shown.locator(".acts summary"))
    await hand.press(shown.locator(f'a[href="/report/{post.key}"]'))
    await hand.write("#reason", reason)
    await hand.write("#answer-to", "voisine@mail.example")
    await hand.press(page.locator("main form .btn.go"))
    await page.wait_for_url("**/reports/*")
    return page.url


async def handle_report(hand: Hand, question: str, reason: str) -> None:
    """A moderator takes the report, hides the message, suspends its author, and answers."""
    page = hand.page
    await sign_in(page, "nadia")
    await page.goto("/admin")
    await hand.press(page.locator('main a[href="/admin/reports"]').first)
    await hand.press(page.locator(".log h2 a"))
    await hand.press(page.locator("[name=take]"))
    await expect(page.locator("[name=take]")).to_have_count(0)
    for act in ("hide", "suspend"):
        await hand.press(page.locator(f'main a[href*="/admin/acts/{act}"]'))
        await hand.write("#reason", reason)
        if act == "suspend":
            await expect(page.locator("h1")).to_contain_text(question)
        await hand.press(page.locator("main .btn.harm"))
        await page.wait_for_url("**/admin/reports/*")
    await hand.write("#answer", "C’est masqué.")
    await hand.press(page.locator("main .btn.go"))
    await page.wait_for_url("**/admin/reports?done=closed")


async def be_suspended(hand: Hand, handle: str, title: str, reason: str) -> None:
    """Who is suspended reads why where they sign in, and answers."""
    page = hand.page
    await page.goto("/sign-in")
    await hand.write("#login", handle)
    await hand.write("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/decisions/*")
    await expect(page.locator("h1")).to_have_text(title)
    await expect(page.locator("main")).to_contain_text(reason)
    await hand.write("#text", "Je ne savais pas.")
    await hand.press(page.locator("main .btn.go"))
    await expect(page.locator("#text")).to_have_count(0)


async def judge_appeal(hand: Hand) -> None:
    """Another moderator takes the decision back."""
    page = hand.page
    await sign_in(page, "elise")
    await page.goto("/admin/decisions")
    await hand.press(page.locator('main a[href*="/admin/decisions/"]').first)
    await hand.write("#answer", "C’est entendu.")
    await hand.press(page.locator("[name=grant]"))
    await expect(page.locator("[name=grant]")).to_have_count(0)


async def test_a_report_is_handled_and_the_suspended_are_heard(tmp_path: Path, browser: Browser):
    async with pages(tmp_path) as site:
        debate = await furnished(site)
        for tag, scripts in (("fr", True), ("en", False)):
            question, title, reason = WORDS[tag]
            options: dict[str, Any] = {
                "locale": {"fr": "fr-FR", "en": "en-GB"}[tag],
                "java_script_enabled": scripts,
            }
            post = await say(site, f"bea_{tag}", "Vélos neufs, pas chers.")
            async with reader(browser, site, **options) as page:
                visitor = Hand(page, scripts)
                asked = await report(visitor, debate, post, "C’est de la publicité.")
                async with reader(browser, site, **options) as window:
                    await handle_report(Hand(window, scripts), question, reason)
                await page.goto(asked)
                await expect(page.locator("main")).to_contain_text("C’est masqué.")
                await page.goto(debate)
                await expect(page.locator(f"#p-{post.key}")).to_contain_text(reason)
            async with reader(browser, site, **options) as page:
                await be_suspended(Hand(page, scripts), f"bea_{tag}", title, reason)
                async with reader(browser, site, **options) as window:
                    await judge_appeal(Hand(window, scripts))
                await page.reload()
                await expect(page.locator("main")).to_contain_text("C’est entendu.")
                await sign_in(page, f"bea_{tag}")


async def furnished(site: Site) -> str:
    """A debate, and two who moderate."""
    await site.account("elise", admin=True)
    await site.account("nadia")
    async with site.node.db.unit() as unit:
        nadia = await find_account(unit, "nadia")
        assert nadia is not None
        nadia.role = AccountRole.MODERATOR
    return await furnish(site)


async def addresses(site: Site) -> list[str]:
    """The pages of those who moderate, with something on each."""
    post = await say(site, "bea", "Vélos neufs, pas chers.")
    async with site.node.db.unit() as unit:
        elise, bea = await find_account(unit, "elise"), await get_local(unit, "bea")
        assert isinstance(elise, Account)
        assert bea is not None
        asked = await write_report(unit, reason="Publicité", post=post)
        made = await act_on_person(unit, elise, Act.WARN, bea, reason="Publicité")
    return [
        f"/report/{post.key}", f"/reports/{asked.key}", "/moderation", f"/decisions/{made.key}",
        "/decisions", "/admin", "/admin/reports", f"/admin/reports/{asked.key}",
        f"/admin/acts/hide?post={post.key}", "/admin/acts/suspend?person=bea",
        "/admin/acts/block?host=velo.example", "/admin/decisions", f"/admin/decisions/{made.key}",
        "/admin/people/bea", "/admin/held", "/admin/groups", "/admin/groups/communs",
        "/admin/servers", "/admin/servers/velo.example", "/admin/server-lists", "/admin/journal",
        "/admin/storage", "/admin/audit", "/admin/mail", "/admin/members", "/admin/invitations",
    ]  # fmt: skip


async def test_axe_finds_nothing_to_mend_where_people_moderate(
    tmp_path: Path, browser: Browser, axe: str
):
    async with pages(tmp_path) as site:
        await furnished(site)
        options = {"viewport": {"width": 320, "height": 800}, "color_scheme": "dark"}
        async with reader(browser, site, bypass_csp=True, **options) as page:
            await sign_in(page)
            found: dict[tuple[str, str], Any] = {}
            for path in await addresses(site):
                answer = await page.goto(path)
                assert answer is not None
                assert answer.status == 200, path
                await page.evaluate(axe)
                for violation in (await page.evaluate("axe.run()"))["violations"]:
                    nodes = [node["html"][:200] for node in violation["nodes"][:3]]
                    found[path, violation["id"]] = nodes
                if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found[path, "scrolls sideways"] = []
            assert found == {}
