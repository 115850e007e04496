"""What opens an account, and what its owner does about it: sessions, proof, address, codes."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pyotp
from factories import FakeClock
from postbox import Postbox, link_in, postbox, text_of
from sqlalchemy import select
from visitors import PASSWORD, Page, Site, Visitor, pages

from fedi.accounts.mailer import Mailer
from fedi.accounts.models import Account, Authenticator, Session

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANDROID = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
SECURITY = "/settings/security"


async def sign_in(visitor: Visitor, login: str = "elise", **fields: str) -> Page:
    return await visitor.send("/sign-in", login=login, password=PASSWORD, **fields)


def is_in(page: Page) -> bool:
    return "Sign out" in page.words


async def mailed(site: Site, box: Postbox, to: str, number: int = 1) -> str:
    while await Mailer(site.node).run_once():
        pass
    letter = await box.letter(to, number)
    return link_in(letter) + "\n" + text_of(letter)


async def test_a_member_sees_where_they_are_signed_in_and_ends_what_is_not_theirs(
    tmp_path: Path, clock: FakeClock
):
    async with pages(tmp_path, clock) as site:
        await site.account("elise")
        here, there = (
            site.visitor(**{"User-Agent": FIREFOX}),
            site.visitor(**{"User-Agent": ANDROID}),
        )
        other, nadia = site.visitor(), await site.member("nadia")
        for visitor in (here, there, other):
            await sign_in(visitor)
        page = await here.get(SECURITY)
        assert ("Firefox, Linux this one" in page.words, "Chrome, Android" in page.words) == (
            True,
            True,
        )
        one = set(re.findall(r'name="session" value="(\d+)"', page.text))
        assert len(one) == 2, "one does not sign out of this one here"
        for number in one:
            await nadia.send(f"{SECURITY}/sessions", session=number)
        assert is_in(await there.get("/")), "only their own"
        async with site.node.db.reading() as unit:
            session = await unit.session.scalar(
                select(Session.id).where(Session.device.contains("Android"))
            )
        await here.send(f"{SECURITY}/sessions", session=str(session))
        assert [is_in(await each.get("/")) for each in (here, there, other)] == [True, False, True]
        await here.send(f"{SECURITY}/sessions", others="1")
        assert [is_in(await each.get("/")) for each in (here, other)] == [True, False]
        page = await here.send(f"{SECURITY}/sessions", session="9" * 40)
        assert page.status == 200


async def test_what_is_dangerous_asks_who_one_is_and_changes_are_told(
    tmp_path: Path, clock: FakeClock
):
    async with postbox() as box, pages(tmp_path, clock, mail=box.settings) as site:
        elise, elsewhere = await site.member("elise"), site.visitor()
        await site.account("nadia")
        await sign_in(elsewhere)
        clock.advance(timedelta(minutes=16))
        assert "new password" not in (await elise.get(SECURITY)).words.partition("Your e-mail")[0]
        for path, fields in {
            f"{SECURITY}/password": {"password": "another four words"},
            f"{SECURITY}/address": {"email": "new@mail.example"},
            "/settings/codes": {},
            "/settings/codes/confirm": {"code": "000000"},
        }.items():
            page = await elise.send(
                path, headers={"Referer": f"{elise.origin}{SECURITY}"}, **fields
            )
            assert page.path == "/settings/proof?next=/settings/security", path
        for wrong in ("//evil.example", "/\\evil", "https:evil"):
            page = await elise.send("/settings/proof", password=PASSWORD, next=wrong)
            assert page.path == "/"
        clock.advance(timedelta(minutes=16))
        page = await elise.send("/settings/proof", password="wrong words", next=SECURITY)
        assert (page.status, "not your password" in page.words) == (422, True)
        page = await elise.send("/settings/proof", password=PASSWORD, next=SECURITY)
        assert (page.status, page.path) == (200, SECURITY)

        assert (await elise.send(f"{SECURITY}/password", password="short")).status == 422
        page = await elise.send(f"{SECURITY}/password", password="another four words")
        assert "password is changed" in page.words
        assert is_in(page), "this browser goes on, with another cookie"
        assert not is_in(await elsewhere.get("/")), "and no other does"
        assert "mot de passe" in await mailed(site, box, "elise@mail.example")

        for wrong in ("elise@mail.example", "nonsense"):
            assert (await elise.send(f"{SECURITY}/address", email=wrong)).status == 422
        page = await elise.send(f"{SECURITY}/address", email="NADIA@mail.example")
        assert "letter has left" in page.words, "nobody learns who has an account"
        assert "/enter/" in await mailed(site, box, "nadia@mail.example")
        await elise.send(f"{SECURITY}/address", email="Elise.B@mail.example")
        link = (await mailed(site, box, "elise.b@mail.example")).partition("\n")[0]
        await elsewhere.send("/sign-in/link", email="elise@mail.example")
        before = (await mailed(site, box, "elise@mail.example", 2)).partition("\n")[0]
        assert (await elsewhere.get(link)).status == 200
        async with site.node.db.reading() as unit:
            assert await unit.session.scalar(
                select(Account).where(Account.email == "elise@mail.example")
            )
        assert "From now on" in (await elsewhere.send(link)).words
        assert (await elsewhere.send(link)).status == 410
        assert "remplacée" in await mailed(site, box, "elise@mail.example", 3), (
            "the old one is told"
        )
        assert (await elsewhere.send(before)).status in (404, 410), "and lets nobody in"
        login, password = "elise.b@mail.example", "another four words"
        assert is_in(await elsewhere.send("/sign-in", login=login, password=password))


async def begin_codes(elise: Visitor, clock: FakeClock) -> tuple[pyotp.TOTP, list[str]]:
    """Have codes asked for from now on; what makes them, and those for later."""
    page = await elise.send("/settings/codes")
    assert '<svg viewBox="0 0' in page.text
    assert "style=" not in page.text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert found
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    assert (await elise.send("/settings/codes/confirm", code=wrong_for(totp, clock))).status == 422
    code = totp.at(clock())
    page = await elise.send("/settings/codes/confirm", code=f"{code[:3]} {code[3:]}")
    spares = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", page.text)
    assert len(set(spares)) == 10
    assert spares[0] not in (await elise.get(SECURITY)).text, "shown once"
    return totp, spares


def wrong_for(totp: pyotp.TOTP, clock: FakeClock) -> str:
    right = {totp.at(clock() + timedelta(seconds=late)) for late in range(-60, 90, 30)}
    return next(code for code in ("000000", "111111", "222222") if code not in right)


def step_in(page: Page) -> str:
    """The step that is missing."""
    assert not is_in(page)
    hidden = re.search(r'name="step" value="([\w-]+)"', page.text)
    assert hidden, page.words
    return hidden[1]


async def test_a_code_comes_second_is_good_once_and_may_be_lost(tmp_path: Path, clock: FakeClock):
    async with postbox() as box, pages(tmp_path, clock, mail=box.settings) as site:
        elise, visitor = await site.member("elise"), site.visitor()
        totp, spares = await begin_codes(elise, clock)
        async with site.node.db.reading() as unit:
            (row,) = (await unit.session.scalars(select(Authenticator))).all()
        assert totp.secret.encode() not in row.secret
        assert spares[0].replace("-", "") not in str(row.recovery)

        step, code = step_in(await sign_in(visitor, next="/groups")), totp.at(clock())
        page = await visitor.send("/sign-in/code", step=step, code=code)
        assert (page.status, is_in(page)) == (403, False), "the code that confirmed is spent"
        clock.advance(timedelta(seconds=30))
        page = await visitor.send("/sign-in/code", step=step, code=totp.at(clock()), next="/groups")
        assert (page.status, page.path, is_in(page)) == (200, "/groups", True)
        assert (await visitor.send("/sign-in/code", step=step, code=spares[1])).status == 404

        lost = site.visitor()
        await lost.send("/sign-in/link", email="elise@mail.example")
        link = (await mailed(site, box, "elise@mail.example", 2)).partition("\n")[0]
        step = step_in(await lost.send(link))
        assert is_in(await lost.send("/sign-in/code", step=step, code=spares[0].upper()))

        guessing, wrong = site.visitor(), wrong_for(totp, clock)
        step = step_in(await sign_in(guessing))
        statuses = [
            (await guessing.send("/sign-in/code", step=step, code=code)).status
            for code in (spares[0], wrong, wrong, wrong, wrong, spares[2])
        ]
        assert statuses == [403] * 5 + [410], "good once; five tries, then all over"
        step = step_in(await sign_in(guessing))
        statuses = [
            (await guessing.send("/sign-in/code", step=step, code=wrong)).status for _ in range(4)
        ]
        assert statuses[-1] == 429, "a new step does not give new tries for ever"


async def test_codes_are_renewed_and_stopped_by_who_proves_with_one(
    tmp_path: Path, clock: FakeClock
):
    async with pages(tmp_path, clock) as site:
        elise = await site.member("elise")
        totp, spares = await begin_codes(elise, clock)
        assert (await elise.send("/settings/codes")).status == 409, "one does not begin twice"
        clock.advance(timedelta(minutes=16))
        assert (await elise.send("/settings/codes", stop="1")).path.startswith("/settings/proof")
        proof = {"password": PASSWORD, "next": SECURITY}
        assert (await elise.send("/settings/proof", **proof)).status == 422, "a code is asked too"
        page = await elise.send("/settings/proof", **proof, code=totp.at(clock()))
        assert "spare codes" in page.words
        page = await elise.send("/settings/codes", renew="1")
        assert len(re.findall(r"<code>", page.text)) == 10
        assert spares[0] not in page.text
        await elise.send("/settings/codes", stop="1")
        assert is_in(await sign_in(site.visitor()))


NO_KEY = (
    '{"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"clientDataJSON": "e30", '
    '"authenticatorData": "AAAA", "signature": "AAAA", "attestationObject": "oA"}}'
)


async def test_what_is_no_passkey_opens_and_adds_nothing(tmp_path: Path, clock: FakeClock):
    async with pages(tmp_path, clock) as site:
        elise, nadia = await site.member("elise"), await site.member("nadia")
        visitor = site.visitor()
        asked = await visitor.send("/sign-in/passkey/challenge")
        options, challenge = json.loads(asked.text), asked.headers["Challenge"]
        assert (options["rpId"], options["userVerification"]) == ("127.0.0.1", "required")
        assert options["allowCredentials"] == [], "it does not say who has one"
        for sent in (NO_KEY, "", "[]", "null", '{"id": 5}'):
            fields = {"challenge": challenge, "credential": sent}
            page = await visitor.send("/sign-in/passkey", **fields)
            assert (page.status, "another way" in page.words) == (422, True), sent

        asked = await elise.send("/settings/passkeys/challenge")
        options, challenge = json.loads(asked.text), asked.headers["Challenge"]
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert "elise" not in options["user"]["id"]
        fields = {"challenge": challenge, "credential": NO_KEY}
        assert (await nadia.send("/settings/passkeys", **fields)).status == 403
        assert (await visitor.send("/sign-in/passkey", **fields)).status == 422
        assert (await elise.send("/settings/passkeys", **fields)).status == 422
        clock.advance(timedelta(minutes=6))
        assert (await elise.send("/settings/passkeys", **fields)).status == 410
        clock.advance(timedelta(minutes=16))
        for path in ("", "/challenge", "/remove"):
            page = await elise.send(f"/settings/passkeys{path}", passkey="1")
            assert page.path.startswith("/settings/proof")
