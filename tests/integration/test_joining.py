"""Becoming a member in each of the four ways, and coming back without a password."""

import re
from pathlib import Path

from factories import FakeClock
from postbox import Postbox, link_in, postbox, text_of
from sqlalchemy import func, select
from visitors import PASSWORD, Page, Site, Visitor, pages

from fedi.accounts.letters import list_waiting
from fedi.accounts.mailer import Mailer
from fedi.accounts.models import Account, Application, Letter, OneTimeLink, Session
from fedi.moderation.models import AuditEntry

ADDRESS = "ines@mail.example"


async def count(site: Site, model: type) -> int:
    async with site.node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(model)) or 0


async def ask(visitor: Visitor, path: str = "/join", **changed: str) -> Page:
    fields = {"handle": "ines", "email": ADDRESS, "password": PASSWORD, "name": "Inès"} | changed
    return await visitor.send(path, **fields)


async def mailed(site: Site, box: Postbox, to: str, number: int = 1) -> str:
    """The link of the last letter to an address, once the loop has sent what waits."""
    while await Mailer(site.node).run_once():
        pass
    return link_in(await box.letter(to, number))


async def test_joining_says_the_same_of_addresses_that_are_known_and_unknown(tmp_path: Path):
    async with (
        postbox() as box,
        pages(tmp_path, accounts={"registration": "open"}, mail=box.settings) as site,
    ):
        await site.account("elise")
        stranger, known = site.visitor(), site.visitor()
        first = await ask(stranger)
        second = await ask(known, handle="someone", email="ELISE@mail.example")
        assert (first.status, first.text) == (second.status, second.text)
        assert await count(site, Letter) == await count(site, OneTimeLink) == 2, "the same work"
        assert await count(site, Account) == 1

        for field, wrong in (("password", "short"), ("email", "ines"), ("handle", "É"),
                             ("handle", "elise"), ("handle", "admin")):  # fmt: skip
            page = await ask(stranger, **{field: wrong})
            assert page.status == 422, field
            assert re.search(rf'<input[^>]*id="{field}"[^>]*aria-invalid="true"', page.text), field
            assert 'value="Inès"' in page.text
            assert PASSWORD not in page.text

        link = await mailed(site, box, ADDRESS)
        assert "Confirm" in (await stranger.get(link)).words
        assert await count(site, Account) == 1, "programs that read mail open links"
        home = await stranger.send(link)
        assert (home.status, home.path) == (200, "/")
        assert "Sign out" in home.words
        assert (await stranger.get(link)).status == 410
        entered = await known.send(await mailed(site, box, "elise@mail.example"))
        assert "Elise" in entered.words, "who forgot that they have an account is let in"


async def test_invitations_let_in_as_many_as_they_say_and_administrators_answer_requests(
    tmp_path: Path, clock: FakeClock
):
    async with (
        postbox() as box,
        pages(tmp_path, clock, accounts={"registration": "approval"}, mail=box.settings) as site,
    ):
        camille = await site.member("camille", admin=True)
        page = await camille.send("/admin/invitations", uses="0", days="14")
        assert (page.status, "1 to 500" in page.words) == (422, True)
        page = await camille.send(
            "/admin/invitations", uses="1", days="14", email="ana@mail.example"
        )
        invitation = re.search(r"http://[^<\s]+(/join/[\w-]+)", page.text)
        assert invitation
        assert await mailed(site, box, "ana@mail.example") == invitation[1]
        invited = site.visitor()
        assert "reason" not in (await invited.get(invitation[1])).text
        for handle in ("ana", "eva"):
            fields = {"handle": handle, "email": f"{handle}@mail.example"}
            assert (await ask(invited, invitation[1], **fields)).status == 200
        page = await invited.send(await mailed(site, box, "ana@mail.example", 2))
        assert (page.status, page.path) == (200, "/")
        page = await site.visitor().send(await mailed(site, box, "eva@mail.example"))
        assert page.status == 410, "one use, one member"
        assert (await site.visitor().get("/join/nonsense")).status == 404

        for handle in ("ines", "paul"):
            page = await ask(site.visitor(), handle=handle, email=f"{handle}@mail.example")
            assert page.status == 422, "a reason is asked for"
            visitor = site.visitor()
            why = f"I am {handle}."
            await ask(visitor, handle=handle, email=f"{handle}@mail.example", reason=why)
            page = await visitor.send(await mailed(site, box, f"{handle}@mail.example"))
            assert "request is made" in page.words
            assert "Sign out" not in page.words
        page = await camille.get("/admin/invitations")
        assert "I am ines." in page.words
        before = await count(site, AuditEntry)
        first, second = re.findall(r'name="request" value="(\d+)"', page.text)
        await camille.send("/admin/invitations/requests", request=first, accept="yes", word="Hi!")
        await camille.send("/admin/invitations/requests", request=second, refuse="yes", word="No.")
        assert await count(site, AuditEntry) == before + 2
        assert await count(site, Application) == 0
        assert await mailed(site, box, "ines@mail.example", 2) == "/sign-in"
        assert "Hi!" in text_of(await box.letter("ines@mail.example", 2))
        assert "No." in text_of(await box.letter("paul@mail.example", 2))
        page = await site.visitor().send("/sign-in", login="ines", password=PASSWORD)
        assert (page.status, page.path) == (200, "/")

        page = await camille.get("/admin/members?q=INES@")
        assert ("@ines" in page.words, "@ana" in page.words) == (True, False)
        assert (await camille.send("/admin/members", handle="camille", close="yes")).status == 403
        await camille.send("/admin/members", handle="ines", close="yes")
        page = await site.visitor().send("/sign-in", login="ines", password=PASSWORD)
        assert page.status == 403
        elise = await site.member("elise")
        for path in ("/admin/members", "/admin/invitations", "/admin/mail"):
            assert (await elise.get(path)).status == 403


async def test_a_closed_node_lets_nobody_in_but_who_is_invited(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        assert "by invitation" in (await visitor.get("/join")).words
        assert (await ask(visitor)).status == 422
        camille = await site.member("camille", admin=True)
        page = await camille.send("/admin/invitations", uses="2", days="1")
        found = re.search(r"(/join/[\w-]+)", page.text)
        assert found
        page = await ask(visitor, found[1])
        assert "sends no mail" in page.words
        page = await camille.get("/admin/mail")
        link = re.search(r"(/confirm/[\w-]+)", page.text)
        assert link, "an administrator passes the link on"
        assert "Sign out" in (await visitor.send(link[1])).words


async def test_a_letter_signs_in_or_gives_another_password(tmp_path: Path, clock: FakeClock):
    async with postbox() as box, pages(tmp_path, clock, mail=box.settings) as site:
        elise = await site.member("elise")
        visitor = site.visitor()
        known = await visitor.send("/sign-in/link", email="elise@mail.example")
        unknown = await visitor.send("/sign-in/link", email="nadir@mail.example")
        assert (known.status, known.text) == (unknown.status, unknown.text)
        assert await count(site, Letter) == 2
        assert (await visitor.send("/sign-in/link", email="nadir")).status == 422
        link = await mailed(site, box, "elise@mail.example")
        planted = {cookie.key: cookie.value for cookie in elise.client.session.cookie_jar}
        assert "Sign out" in (await elise.send(link)).words
        now = {cookie.key: cookie.value for cookie in elise.client.session.cookie_jar}
        assert planted != now, "no cookie from before is worth anything"
        assert (await visitor.send(link)).status == 410

        await visitor.send("/sign-in/link", email="elise@mail.example", forgotten="yes")
        link = await mailed(site, box, "elise@mail.example", 2)
        assert (await visitor.send(link, password="short")).status == 422
        page = await visitor.send(link, password="another four words")
        assert page.path == "/sign-in"
        assert await count(site, Session) == 0, "every session ended"
        assert "Sign out" not in (await elise.get("/")).words
        await mailed(site, box, "elise@mail.example", 3)
        told = text_of(await box.letter("elise@mail.example", 3))
        assert "mot de passe" in told, "they are told"
        page = await visitor.send("/sign-in", login="elise", password="another four words")
        assert page.status == 200


async def test_each_way_in_has_a_limit_that_trips(tmp_path: Path):
    async with pages(tmp_path, accounts={"registration": "open"}) as site:
        visitor = site.visitor()
        statuses = [
            (await ask(visitor, handle=f"name{n}", email=f"name{n}@mail.example")).status
            for n in range(6)
        ]
        assert statuses == [200] * 5 + [429]
        statuses = [
            (await visitor.send("/sign-in/link", email="ana@mail.example")).status for _ in range(6)
        ]
        assert statuses == [200] * 5 + [429], "nobody's box is filled"
        statuses = [(await visitor.send(f"/enter/{n}")).status for n in range(20)]
        assert statuses == [404] * 19 + [429], "six of twenty-five were used to join"
        async with site.node.db.reading() as unit:
            assert len(await list_waiting(unit)) == 10
