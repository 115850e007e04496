"""What moderators do to messages and people, and what those concerned may answer."""

from datetime import timedelta
from pathlib import Path

import pytest
from factories import FakeClock, make_group, make_node, make_person, make_remote_actor
from notes import receive, received
from postbox import link_in, postbox, text_of
from sqlalchemy import select

from actors.models import Actor, Policy
from actors.policies import set_policy
from fedi.accounts.mailer import Mailer
from fedi.accounts.models import Account, AccountRole
from fedi.accounts.signup import create_account
from fedi.core.errors import Conflict, FediError, Forbidden, Invalid, NotFound
from fedi.core.jsonld import parse_document
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.filtering import decide, waiting_posts
from fedi.debates.models.post import Post, Revision
from fedi.debates.models.thread import Thread
from fedi.debates.moderating import accept_remote_restore
from fedi.debates.posts import accept_remote_delete, write_reply
from fedi.debates.threads import open_thread
from fedi.moderation.acts import act_on_person, act_on_post, end_what_is_due
from fedi.moderation.appeals import answer_appeal, appeal, may_appeal, standing_suspension
from fedi.moderation.audit import verify
from fedi.moderation.models import Act, AuditEntry, Decision
from fedi.moderation.reports import close_report, list_reports, take_report, write_report
from outbox.models import Activity


async def member(unit: Unit, handle: str, role: AccountRole = AccountRole.MEMBER) -> Account:
    account = await create_account(
        unit, handle=handle, email=f"{handle}@mail.example", password="quatre mots choisis"
    )
    account.role = role
    await unit.flush()
    return account


async def person(unit: Unit, account: Account) -> Actor:
    found = await unit.find(Actor, id=account.actor_id)
    assert found is not None
    return found


async def root_of(unit: Unit, thread: Thread) -> Post:
    found = await unit.find(Post, id=thread.root_id)
    assert found is not None
    return found


async def acts(unit: Unit) -> list[str]:
    await unit.flush()
    return list(await unit.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number)))


async def test_a_message_is_hidden_brought_back_and_erased(unit: Unit):
    nadia = await member(unit, "nadia", AccountRole.MODERATOR)
    elise, group = await make_person(unit, "elise"), await make_group(unit, "climat")
    thread = await open_thread(unit, elise, group, title="Quel four ?", text="Le mien.")
    post = await root_of(unit, thread)
    proof = parse_document(post.document or b"")["proof"]

    with pytest.raises(Invalid):
        await act_on_post(unit, nadia, Act.HIDE, post, reason=" ")
    hidden = await act_on_post(unit, nadia, Act.HIDE, post, reason="Publicité")
    await unit.flush()
    assert (post.content, post.removal_reason, thread.title) == ("", "Publicité", "")
    with pytest.raises(Conflict):
        await act_on_post(unit, nadia, Act.HIDE, post, reason="Encore")

    await act_on_post(unit, nadia, Act.RESTORE, post, reason="Erreur")
    await unit.flush()
    assert (post.deleted_at, thread.title, thread.listed) == (None, "Quel four ?", True)
    assert "Le mien." in post.content
    assert parse_document(post.document or b"")["proof"]["proofPurpose"] == proof["proofPurpose"]
    await unit.session.refresh(hidden)
    assert hidden.ended_at == unit.now
    query = select(Activity).where(Activity.object_uri.is_not(None)).order_by(Activity.id)
    said = [row.type for row in await unit.session.scalars(query)]
    assert said[-1] == "Undo"

    await act_on_post(unit, nadia, Act.DELETE, post, reason="Illégal")
    await unit.flush()
    assert (post.content, post.removal_reason) == ("", "Illégal")
    assert (await unit.session.scalars(select(Revision.id))).all() == []
    with pytest.raises(Conflict):
        await act_on_post(unit, nadia, Act.RESTORE, post, reason="Non")
    other = await member(unit, "autre")
    with pytest.raises(Forbidden):
        await act_on_post(unit, other, Act.HIDE, post, reason="Vengeance")
    assert await acts(unit) == ["hide", "restore", "delete"]


async def test_what_another_network_removes_is_its_advice_and_what_we_hide_there_is_ours(
    unit: Unit,
):
    nadia = await member(unit, "nadia", AccountRole.MODERATOR)
    tilios = await make_remote_actor(unit, "tilios", "https://tilios.example", type="Group")
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    root = await received(unit, tilios, "root", name="Débat", audience=tilios.uri)
    reply = await received(unit, ana, "reply", inReplyTo=root.uri, content="<p>Oui</p>")

    assert await accept_remote_delete(unit, reply.uri, tilios, group=tilios, reason="Hors sujet")
    assert (reply.removed_by_id, reply.content) == (tilios.id, "")
    with pytest.raises(Conflict):
        await act_on_post(unit, nadia, Act.RESTORE, reply, reason="Ce n'est pas à nous")
    assert not await accept_remote_restore(unit, reply.uri, ana)
    assert await accept_remote_restore(unit, reply.uri, tilios)
    assert "Oui" in reply.content

    await unit.flush()
    before = len((await unit.session.scalars(select(Activity.id))).all())
    await act_on_post(unit, nadia, Act.HIDE, reply, reason="Insulte")
    await act_on_post(unit, nadia, Act.RESTORE, reply, reason="Pas si grave")
    await unit.flush()
    assert len((await unit.session.scalars(select(Activity.id))).all()) == before, "nobody is told"


async def test_somebody_is_warned_silenced_suspended_and_appeals(node: Node, clock: FakeClock):
    async with node.db.unit() as unit:
        nadia = await member(unit, "nadia", AccountRole.MODERATOR)
        omar = await member(unit, "omar", AccountRole.ADMINISTRATOR)
        elise_account = await member(unit, "elise")
        elise, group = await person(unit, elise_account), await make_group(unit, "climat")
        thread = await open_thread(unit, elise, group, title="Quel four ?", text="Le mien.")
        for act, until in ((Act.WARN, None), (Act.SILENCE, None), (Act.HIDE, None)):
            if act is Act.HIDE:
                with pytest.raises(Invalid):
                    await act_on_person(unit, nadia, Act.SUSPEND, elise, reason="x", until=unit.now)
                continue
            await act_on_person(unit, nadia, act, elise, reason="Ton", until=until)
        await unit.flush()
        await unit.session.refresh(thread)
        assert not thread.listed
        later = await open_thread(unit, elise, group, title="Deux", text="Encore.")
        assert not later.listed
        await act_on_person(unit, nadia, Act.UNSILENCE, elise, reason="Calmée")
        for target, who in (
            (await person(unit, omar), nadia), (await person(unit, nadia), nadia), (group, omar),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                await act_on_person(unit, who, Act.SUSPEND, target, reason="Coup d'État")
        until = clock() + timedelta(days=3)
        await act_on_person(unit, nadia, Act.SUSPEND, elise, reason="Insultes", until=until)
        root = await root_of(unit, thread)
        for attempt in (
            write_reply(unit, elise, root, text="Moi"),
            open_thread(unit, elise, group, title="Trois", text="Trois"),
            act_on_person(unit, nadia, Act.SUSPEND, elise, reason="Encore"),
        ):
            with pytest.raises(FediError):
                await attempt

    async with node.db.unit() as unit:
        decision = await standing_suspension(unit, elise.id)
        assert decision is not None
        await appeal(unit, decision, "Je regrette.")
        twice = appeal(unit, decision, "Vraiment.")
        own = answer_appeal(unit, nadia, decision, granted=True, answer="D'accord")
        for again in (twice, own):
            with pytest.raises(FediError):
                await again
        assert not may_appeal(decision)
        await answer_appeal(unit, omar, decision, granted=True, answer="Les regrets comptent.")
        back = await unit.find(Actor, id=elise.id)
        assert back is not None
        assert back.suspended_at is None
        await act_on_person(unit, nadia, Act.SUSPEND, back, reason="Récidive", until=until)

    clock.advance(timedelta(days=4))
    async with node.db.unit() as unit:
        assert await end_what_is_due(unit) == 1
        assert await end_what_is_due(unit) == 0
        back = await unit.find(Actor, id=elise.id)
        assert back is not None
        assert back.suspended_at is None
        assert await standing_suspension(unit, back.id) is None
    async with node.db.reading() as unit:
        assert (await acts(unit))[-4:] == ["suspend", "reinstate", "suspend", "reinstate"]
        count, _ = await verify(unit)
        assert count == len(await acts(unit))


async def test_reports_are_taken_closed_and_answered(unit: Unit):
    nadia = await member(unit, "nadia", AccountRole.MODERATOR)
    tilios = await make_remote_actor(unit, "tilios", "https://tilios.example", type="Group")
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    root = await received(unit, tilios, "root", name="Débat", audience=tilios.uri)
    reply = await received(unit, ana, "reply", inReplyTo=root.uri, content="<p>Oui</p>")
    private = Post(**{c.key: getattr(reply, c.key) for c in Post.__table__.columns})
    private.visibility, private.addressed = "direct", []  # type: ignore[assignment]

    with pytest.raises(Invalid):
        await write_report(unit, reason="", post=reply)
    with pytest.raises(NotFound):
        await write_report(unit, reason="Je l'ai vu", post=private)
    report = await write_report(unit, reason="Insulte\nencore", post=reply, forward=True)
    await unit.flush()
    flag = await unit.session.scalar(select(Activity).where(Activity.type == "Flag"))
    assert flag is not None
    document = parse_document(flag.body)
    assert document["actor"] == unit.site.instance_actor
    assert document["object"] == [ana.uri, reply.uri]

    ((shown, *_),) = [(it.report, it.post) for it in await list_reports(unit, closed=False)]
    assert shown is report
    await take_report(unit, nadia, report)
    with pytest.raises(Invalid):
        await close_report(unit, nadia, report, "  ")
    await close_report(unit, nadia, report, "Le message est masqué.")
    with pytest.raises(Conflict):
        await take_report(unit, nadia, report)
    await unit.flush()
    assert await list_reports(unit, closed=False) == []
    assert len(await list_reports(unit, closed=True)) == 1
    assert await acts(unit) == ["take-report", "close-report"]


async def test_those_concerned_read_it_in_a_letter(tmp_path: Path, clock: FakeClock):
    async with postbox() as box:
        node = await make_node(tmp_path, clock=clock, mail=box.settings)
        async with node.db.unit() as unit:
            omar = await member(unit, "omar", AccountRole.ADMINISTRATOR)
            nadia = await member(unit, "nadia", AccountRole.MODERATOR)
            thread = await open_thread(
                unit, await person(unit, nadia), await make_group(unit, "climat"),
                title="Quel four ?", text="Le mien.",
            )  # fmt: skip
            root = await root_of(unit, thread)
            for language, until in (("en", clock() + timedelta(days=3)), ("fr", None)):
                asked = {"post": root, "answer_to": f"{language}@mail.example"}
                report = await write_report(unit, reason="Insulte", language=language, **asked)
                await close_report(unit, omar, report, "Le message\nest masqué.")
                assert report.answer_to is None, "it has served"
                account = await member(unit, f"elise_{language}")
                account.language, elise = language, await person(unit, account)
                decision = await act_on_person(
                    unit, omar, Act.SUSPEND, elise, reason="Ton", until=until
                )
                await appeal(unit, decision, "Je regrette.")
                await answer_appeal(unit, nadia, decision, granted=False, answer="Trop tard.")
            own = await write_report(
                unit, reason="Encore", post=root, reporter=await person(unit, nadia)
            )
            await close_report(unit, omar, own, "Non.")
            await act_on_post(unit, omar, Act.HIDE, root, reason="Publicité")
        mailer = Mailer(node)
        while await mailer.run_once():
            pass
        await node.close()
    french = (await box.letter("elise_fr@mail.example", 2), await box.letter("fr@mail.example"))
    english = (await box.letter("elise_en@mail.example", 2), await box.letter("en@mail.example"))
    for first, words in (
        (french, "Votre compte a été suspendu."),
        (english, "Your account is suspended until"),
    ):
        judged, reported = first
        decided = next(one for one in box.letters if one["To"] == judged["To"])
        assert words in text_of(decided)
        assert link_in(decided) == link_in(judged)
        assert link_in(decided).startswith("/decisions/")
        assert link_in(reported).startswith("/reports/")
        assert "Le message est masqué." in text_of(reported, "html")
        assert "Trop tard." in text_of(judged)
    told = [text_of(one) for one in box.letters if one["To"] == "nadia@mail.example"]
    assert len(told) == 2, "the answer to her report, and what became of her message"
    assert "Publicité" in told[1]


async def test_what_a_filtered_server_writes_waits_to_be_read(unit: Unit):
    camille, group = await make_person(unit, "camille"), await make_group(unit, "climat")
    thread = await open_thread(unit, camille, group, title="Quel four ?", text="Le mien.")
    root = await root_of(unit, thread)
    ana = await make_remote_actor(unit, "ana", "https://sub.lisbon.example")
    await set_policy(unit, "lisbon.example", Policy.FILTERED, "Beaucoup de publicité")

    for _ in range(2):
        assert await receive(unit, ana, "one", inReplyTo=root.uri, content="<p>Oui</p>") is None
    assert await receive(unit, ana, "two", inReplyTo=root.uri) is None
    await unit.flush()
    one, two = [held for held, _ in await waiting_posts(unit, 10)]
    assert (one.excerpt, one.parent_uri) == ("Oui", root.uri)
    await decide(unit, one.key, let_in=True)
    await decide(unit, two.key, let_in=False)
    await unit.flush()
    assert await waiting_posts(unit, 10) == []
    assert await receive(unit, ana, "one", inReplyTo=root.uri, content="<p>Oui</p>") is not None
    assert await receive(unit, ana, "two", inReplyTo=root.uri) is None
    assert (await unit.session.scalars(select(Decision))).all() == []
