"""Signing in and out, becoming the first administrator."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from factories import FakeClock
from sqlalchemy import func, select
from visitors import PASSWORD, Site, pages

from fedi.accounts.models import Account, Session
from fedi.accounts.sessions import IDLE, LASTS
from fedi.accounts.signup import SETUP_LASTS, create_setup_link
from fedi.web.sessions import session_cookie


def cookies_of(page_headers: object) -> str:
    return "; ".join(page_headers.getall("Set-Cookie", []))  # type: ignore[attr-defined]


async def count(site: Site, model: type) -> int:
    async with site.node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(model)) or 0


async def test_a_member_signs_in_by_name_or_address_and_out_again(tmp_path: Path):
    async with pages(tmp_path) as site:
        await site.account("elise")
        for login in ("elise", "@elise", "ELISE@mail.example", f"elise@{site.node.site.domain}"):
            visitor = site.visitor()
            page = await visitor.send("/sign-in", login=login, password=PASSWORD, next="/groups")
            assert (page.status, page.path) == (200, "/groups"), login
            assert "Sign out" in page.words
        assert await count(site, Session) == 4
        page = await visitor.send("/sign-out")
        assert "Sign out" not in page.words
        assert await count(site, Session) == 3


async def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(tmp_path: Path):
    async with pages(tmp_path) as site:
        await site.account("elise")
        visitor = site.visitor()
        wrong = await visitor.send("/sign-in", login="elise", password="not this one")
        unknown = await visitor.send("/sign-in", login="nadir", password="not this one")
        assert wrong.status == unknown.status == 403
        assert wrong.text.replace("elise", "nadir") == unknown.text
        assert "The name and the password do not go together." in wrong.words


async def test_the_session_cookie_says_little_and_is_stored_as_a_hash(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        jar = {cookie.key: cookie for cookie in elise.client.session.cookie_jar}
        cookie = jar[session_cookie(site.node.site)]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"] or cookie["domain"] == "127.0.0.1"
        async with site.node.db.reading() as unit:
            stored = await unit.session.scalars(select(Session.token_hash))
            assert cookie.value.encode() not in stored.all()


async def test_signing_in_makes_a_new_session_and_ends_the_one_before(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        before = {cookie.key: cookie.value for cookie in elise.client.session.cookie_jar}
        await elise.send("/sign-in", login="elise", password=PASSWORD)
        after = {cookie.key: cookie.value for cookie in elise.client.session.cookie_jar}
        name = session_cookie(site.node.site)
        assert before[name] != after[name]
        assert await count(site, Session) == 1


@pytest.mark.parametrize("wait", [IDLE + timedelta(minutes=1), LASTS])
async def test_a_session_ends_when_it_is_idle_or_old(
    tmp_path: Path, clock: FakeClock, wait: timedelta
):
    async with pages(tmp_path, clock) as site:
        elise = await site.member("elise")
        assert "Sign out" in (await elise.get("/")).words
        clock.advance(wait)
        assert "Sign out" not in (await elise.get("/")).words


async def test_a_session_in_use_lasts(tmp_path: Path, clock: FakeClock):
    async with pages(tmp_path, clock) as site:
        elise = await site.member("elise")
        for _ in range(2):
            clock.advance(IDLE - timedelta(days=1))
            assert "Sign out" in (await elise.get("/")).words


async def test_a_closed_account_is_signed_out_at_once(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        async with site.node.db.unit() as unit:
            account = (await unit.session.scalars(select(Account))).one()
            account.disabled_at = unit.now
        assert "Sign out" not in (await elise.get("/")).words
        page = await elise.send("/sign-in", login="elise", password=PASSWORD)
        assert page.status == 403


async def test_guessing_is_slowed_down_for_one_address_and_for_one_name(tmp_path: Path):
    async with pages(tmp_path, limits={"signins_per_minute": 1}) as site:
        await site.account("elise")
        visitor = site.visitor()
        statuses = [
            (await visitor.send("/sign-in", login=f"name{number}", password="x")).status
            for number in range(6)
        ]
        assert statuses == [403] * 5 + [429]
        page = await visitor.send("/sign-in", login="elise", password=PASSWORD)
        assert page.status == 429
        assert int(page.headers["Retry-After"]) > 0
        assert page.title == "A little slower, please"


async def test_another_address_in_a_header_does_not_help_guessing(tmp_path: Path):
    async with pages(tmp_path, limits={"signins_per_minute": 1}) as site:
        visitor = site.visitor()
        for number in range(6):
            page = await visitor.send(
                "/sign-in",
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
                login=f"name{number}",
                password="x",
            )
        assert page.status == 429


@pytest.mark.parametrize("target", ["//evil.example/", "/\\evil.example", "https://evil.example"])
async def test_signing_in_never_leads_to_another_site(tmp_path: Path, target: str):
    async with pages(tmp_path) as site:
        await site.account("elise")
        page = await site.visitor().send("/sign-in", login="elise", password=PASSWORD, next=target)
        assert page.path == "/"


# --- the first administrator -------------------------------------------------------------

NEW = {
    "handle": "camille",
    "email": "camille@mail.example",
    "password": PASSWORD,
    "name": "Camille",
}


async def make_link(site: Site) -> str:
    async with site.node.db.unit() as unit:
        return f"/setup/{await create_setup_link(unit)}"


async def test_a_setup_link_makes_one_administrator_and_no_second_one(tmp_path: Path):
    async with pages(tmp_path) as site:
        link = await make_link(site)
        camille, late = site.visitor(), site.visitor()
        assert (await camille.get(link)).title == "Welcome"
        page = await camille.send(link, **NEW)
        assert (page.status, page.path) == (200, "/admin/start/network")
        assert "Camille" in page.words
        assert "Sign out" in page.words
        async with site.node.db.reading() as unit:
            assert (await unit.session.scalars(select(Account.role))).all() == ["administrator"]
        page = await late.get(link)
        assert (page.status, page.title) == (410, "This link no longer works")
        assert "/sign-in" in page.links()
        assert (
            await late.send(link, **NEW | {"handle": "x2", "email": "x@y.example"})
        ).status == 410
        assert await count(site, Account) == 1


async def test_a_setup_link_that_failed_can_be_used_again(tmp_path: Path):
    async with pages(tmp_path) as site:
        link, visitor = await make_link(site), site.visitor()
        for wrong, sentence in (
            ({"password": "short"}, "The password must have at least 10 characters."),
            ({"handle": "admin"}, "This name is reserved: choose another."),
            ({"handle": "reseau"}, "This name is already taken."),
            ({"handle": "É!"}, "The name must have 2 to 30 characters among a-z, 0-9 and _."),
            ({"email": "nowhere"}, "This e-mail address cannot be right."),
        ):
            page = await visitor.send(link, **NEW | wrong)
            assert page.status == 422
            assert sentence in page.words
            assert 'value="Camille"' in page.text, "what was typed is kept"
            assert PASSWORD not in page.text, "but no password is sent back"
        assert await count(site, Account) == 0
        assert (await visitor.send(link, **NEW)).status == 200


async def test_a_setup_link_expires_and_cannot_be_guessed(tmp_path: Path, clock: FakeClock):
    async with pages(tmp_path, clock) as site:
        link = await make_link(site)
        assert len(re.sub("/setup/", "", link)) >= 43
        assert (await site.visitor().get("/setup/guess")).status == 404
        clock.advance(SETUP_LASTS)
        assert (await site.visitor().get(link)).status == 410


# --- where forms come from ---------------------------------------------------------------


async def test_a_form_of_another_site_changes_nothing(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ):
            page = await elise.send("/sign-out", headers=headers)
            assert page.status == 403, headers
        assert await count(site, Session) == 1


async def test_a_form_without_the_token_of_the_session_changes_nothing(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise, other = await site.member("elise"), await site.member("nadir")
        token = re.search(r'name="token" value="(\w+)"', (await other.get("/")).text)
        assert token
        for wrong in ("", "x", token[1]):
            assert (await elise.send("/sign-out", token=wrong)).status == 403
        assert await count(site, Session) == 2


async def test_a_visitor_is_refused_when_their_browser_says_nothing(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        response = await visitor.client.post("/sign-in", data={"login": "x", "password": "y"})
        assert response.status == 403
