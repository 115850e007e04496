"""Letters: rows that wait, a loop that hands them over, a real server that takes them or not."""

from datetime import timedelta
from pathlib import Path

import pytest
from factories import FakeClock, make_node
from postbox import link_in, postbox, text_of
from sqlalchemy import select, update

from fedi.accounts.letters import list_waiting, write_letter
from fedi.accounts.links import LASTS, Purpose, find_link, make_link, read_payload, use_link
from fedi.accounts.mailer import DELAYS, Mailer
from fedi.accounts.models import Letter
from fedi.accounts.wording import LETTERS
from fedi.core.errors import Gone, Invalid, NotFound
from fedi.core.node import Node

HOSTILE = "Ana\r\nBcc: everybody@mail.example\r\n\r\n<script>alert(1)</script> {link} %(x)s"


async def last(node: Node) -> Letter:
    async with node.db.reading() as unit:
        letter = (await unit.session.scalars(select(Letter).order_by(Letter.id.desc()))).first()
    assert letter is not None
    return letter


async def test_letters_leave_in_both_languages_and_hold_no_header_of_anybody_else(
    tmp_path: Path, clock: FakeClock
):
    async with postbox() as box:
        node = await make_node(tmp_path, clock=clock, mail=box.settings)
        async with node.db.unit() as unit:
            for language in ("fr", "en"):
                for template in LETTERS:
                    await write_letter(
                        unit, f"{template}.{language}@mail.example", template, language,
                        link="https://node.test/x/secret", by=HOSTILE, word=HOSTILE, change="Oui",
                    )  # fmt: skip
        async with node.db.reading() as unit:
            stored = (await unit.session.scalars(select(Letter.body))).all()
        assert not any(b"secret" in body for body in stored if body), "links are sealed at rest"

        mailer = Mailer(node)
        while await mailer.run_once():
            pass
        assert len(box.letters) == 2 * len(LETTERS)
        assert not any("everybody" in recipient for recipient in box.recipients)
        for letter in box.letters:
            assert letter["Bcc"] is None
            assert letter["Auto-Submitted"] == "auto-generated"
            language = letter["Content-Language"]
            greeting = {"fr": "Bonjour,", "en": "Hello,"}[language]
            assert text_of(letter).startswith(greeting), text_of(letter)
            html = text_of(letter, "html")
            assert f'<html lang="{language}">' in html
            assert "<script>" not in html
            if letter["To"].startswith(("sign-in", "invitation")):
                assert link_in(letter) == "/x/secret"
                assert '<a href="https://node.test/x/secret">' in html
        assert (await last(node)).body is None, "what was sent is forgotten"
        async with node.db.unit() as unit:
            for address in ("ana@mail.example\r\nBcc: x@y.example", "ana@", "a b@c.example"):
                with pytest.raises(Invalid):
                    await write_letter(unit, address, "sign-in", link="")
        await node.close()


async def test_a_letter_is_tried_again_and_given_up_when_it_is_refused_for_good(
    tmp_path: Path, clock: FakeClock
):
    async with postbox() as box:
        node = await make_node(tmp_path, clock=clock, mail=box.settings)
        mailer = Mailer(node)
        box.answers = ["451 later", "550 never"]
        async with node.db.unit() as unit:
            await write_letter(unit, "ana@mail.example", "sign-in", link="https://node.test/x")
        await mailer.run_once()
        letter = await last(node)
        assert letter.next_attempt_at == clock() + DELAYS[0]
        assert "451" in (letter.last_error or "")
        assert await mailer.run_once() == 0
        clock.advance(timedelta(minutes=2))
        await mailer.run_once()
        letter = await last(node)
        assert (letter.next_attempt_at, letter.body, box.letters) == (None, None, [])

        async with node.db.unit() as unit:
            await write_letter(unit, "eva@mail.example", "sign-in", link="https://node.test/x")
            await unit.flush()
            await unit.session.execute(update(Letter).values(attempts=len(DELAYS)))
        box.answers = ["451 later"]
        await mailer.run_once()
        assert (await last(node)).finished_at == clock(), "it is not tried for ever"
        await node.close()


async def test_without_mail_letters_wait_and_administrators_read_their_links(node: Node):
    async with node.db.unit() as unit:
        await write_letter(unit, "ana@mail.example", "sign-in", "en", link="https://node.test/x")
    async with node.db.reading() as unit:
        (waiting,) = await list_waiting(unit)
    assert (waiting.recipient, waiting.link) == ("ana@mail.example", "https://node.test/x")


async def test_a_link_opens_what_it_was_made_for_and_as_often_as_it_says(
    node: Node, clock: FakeClock
):
    async with node.db.unit() as unit:
        token = make_link(unit, Purpose.INVITATION, payload={"email": "a@b.example"}, uses=2)
        await unit.flush()
        for _ in range(2):
            link = await use_link(unit, token, Purpose.INVITATION)
            assert read_payload(unit, link) == {"email": "a@b.example"}
            unit.session.expire(link)
        with pytest.raises(Gone):
            await use_link(unit, token, Purpose.INVITATION)
        with pytest.raises(NotFound):
            await find_link(unit, token, Purpose.SIGN_IN)
        late = make_link(unit, Purpose.SIGN_IN)
    clock.advance(LASTS[Purpose.SIGN_IN])
    async with node.db.unit() as unit:
        with pytest.raises(Gone):
            await find_link(unit, late, Purpose.SIGN_IN)
