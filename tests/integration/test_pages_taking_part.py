"""Taking part from here: opening, replying, changing, removing, liking."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from factories import remote_document
from hostile import HostilePeer, document
from opened import opened
from sqlalchemy import select
from visitors import pages

from fedi.accounts.models import Session
from fedi.core.vocab import JRD_JSON
from fedi.debates.models.post import Post, Reaction
from fedi.debates.models.thread import Thread
from fedi.moderation.models import AuditEntry
from outbox.models import Activity, Delivery

# --- opening -----------------------------------------------------------------------------


async def test_a_member_opens_a_debate_that_everybody_reads(tmp_path: Path):
    async with opened(tmp_path) as it:
        assert it.page.path == f"/d/{it.root.key}/fermes-en-aout"
        assert it.page.title == "Fermés en août"
        assert "Biens communs" in it.page.words
        assert "<strong>Chaque</strong>" in it.page.text
        assert it.root.source == "**Chaque** été.\n\n> on ferme"
        assert it.root.language == "en"
        page = await it.site.visitor().get("/")
        assert "Fermés en août" in page.words
        async with it.site.node.db.reading() as unit:
            kinds = (await unit.session.scalars(select(Activity.type))).all()
        assert "Create" in kinds


async def test_a_preview_shows_both_looks_and_publishes_nothing(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        page = await elise.send(
            "/open", title="Un titre", question="Une question ?", text="Un *texte*.", preview="1"
        )
        assert page.status == 200
        assert "As it will be here" in page.words
        assert "As on Mastodon" in page.words
        assert "<em>texte</em>" in page.text
        assert 'value="Un titre"' in page.text, "what was typed is kept"
        async with site.node.db.reading() as unit:
            assert (await unit.session.scalars(select(Post))).all() == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": "", "text": "x"}, "A debate needs a title."),
        ({"title": "x", "text": " \n"}, "There is nothing to publish: write a text."),
        ({"title": "x" * 201, "text": "x"}, "This title is too long for a list."),
        (
            {"title": "x", "text": "x", "question": "x" * 501},
            "This question is too long: one sentence is enough.",
        ),
        ({"title": "x", "text": "x" * 70_000}, "The text is too long."),
    ],
)
async def test_what_cannot_be_published_is_given_back_with_what_to_change(
    tmp_path: Path, fields: dict[str, str], sentence: str
):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        page = await elise.send("/open", **fields)
        assert page.status == 422
        assert sentence in page.words
        assert f">{fields['text']}</textarea>" in page.text, "what was typed is kept"


async def test_a_visitor_is_sent_to_sign_in_and_comes_back(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        page = await visitor.get("/open?group=communs")
        assert page.path.startswith("/sign-in?next=")
        assert 'value="/open?group=communs"' in page.text


async def test_what_was_written_survives_the_end_of_a_session(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            for session in await unit.session.scalars(select(Session)):
                await unit.session.delete(session)
        page = await it.elise.send(f"/posts/{it.root.key}/reply", text="Une <longue> réponse")
        assert page.status == 401
        assert "Your session is over" in page.words
        assert "Une &lt;longue&gt; réponse</textarea>" in page.text
        assert len(await it.posts()) == 1


async def test_too_many_messages_in_a_row_have_to_wait(tmp_path: Path):
    async with pages(tmp_path, limits={"posts_per_hour": 1}) as site:
        elise = await site.member("elise")
        statuses = [
            (await elise.send("/open", title=f"Titre {number}", text="Texte")).status
            for number in range(11)
        ]
        assert statuses == [200] * 10 + [429]


# --- replying ----------------------------------------------------------------------------


async def test_a_reply_stands_under_what_it_answers(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.get(f"/posts/{it.root.key}/reply")
        assert page.title == "Reply to Elise"
        assert "Chaque été." in page.words
        page = await it.elise.send(f"/posts/{it.root.key}/reply", text="Première.")
        _, first = await it.posts()
        assert first.parent_uri == it.root.uri
        assert "One reply" in page.words
        await it.elise.send(f"/posts/{first.key}/reply", text="Seconde.")
        *_, second = await it.posts()
        assert (second.parent_uri, second.depth) == (first.uri, 2)
        page = await it.refreshed()
        assert page.text.index("Première.") < page.text.index("Seconde.")


async def test_a_reply_can_be_seen_before_it_is_published(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.send(f"/posts/{it.root.key}/reply", text="Une _idée_.", preview="1")
        assert "<em>idée</em>" in page.text
        assert ">Une _idée_.</textarea>" in page.text
        assert len(await it.posts()) == 1


async def test_an_empty_reply_is_refused_in_words(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.send(f"/posts/{it.root.key}/reply", text="  ")
        assert page.status == 422
        assert "There is nothing to publish: write a text." in page.words


async def test_a_closed_debate_takes_no_more_replies(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            thread = (await unit.session.scalars(select(Thread))).one()
            thread.locked_at = unit.now
        page = await it.refreshed()
        assert "This debate is closed" in page.words
        assert "/reply" not in page.text
        page = await it.elise.send(f"/posts/{it.root.key}/reply", text="Encore un mot")
        assert page.status == 403
        assert "This debate is closed." in page.words
        assert "Encore un mot</textarea>" in page.text


async def test_somebody_named_in_a_text_is_looked_up_and_told(tmp_path: Path):
    async with opened(tmp_path) as it, HostilePeer() as peer:
        host = peer.origin.partition("://")[2]
        ana = peer.serve("/users/ana", **remote_document("ana", peer.origin))
        resource = quote(f"acct:ana@{host}", safe="")
        peer.on(
            f"/.well-known/webfinger?resource={resource}",
            document(
                {
                    "subject": f"acct:ana@{host}",
                    "links": [{"rel": "self", "type": "application/activity+json", "href": ana}],
                },
                JRD_JSON,
            ),
        )
        await it.elise.send(
            f"/posts/{it.root.key}/reply", text=f"@ana@{host} et @nobody@127.0.0.1:1, venez"
        )
        *_, reply = await it.posts()
        assert reply.mentions == [ana]
        assert f'href="{ana}"' in reply.content
        async with it.site.node.db.reading() as unit:
            inboxes = (await unit.session.scalars(select(Delivery.inbox))).all()
        assert f"{peer.origin}/inbox" in inboxes


# --- changing and removing ---------------------------------------------------------------


async def test_an_author_changes_a_message_and_its_title(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.get(f"/posts/{it.root.key}/edit")
        assert 'value="Fermés en août"' in page.text
        assert "**Chaque** été." in page.text
        page = await it.elise.send(
            f"/posts/{it.root.key}/edit", title="Fermés l’été", question="", text="Mieux dit."
        )
        assert page.title == "Fermés l’été"
        assert "Mieux dit." in page.words
        assert "edited" in page.words


async def test_nobody_changes_or_removes_the_message_of_another(tmp_path: Path):
    async with opened(tmp_path) as it:
        nadir = await it.site.member("nadir")
        for action in ("edit", "delete"):
            assert (await nadir.get(f"/posts/{it.root.key}/{action}")).status == 403
            page = await nadir.send(f"/posts/{it.root.key}/{action}", text="Pris !", title="Pris !")
            assert page.status == 403
        page = await it.refreshed()
        assert "Chaque été." in page.words
        links = (await nadir.get(it.page.path)).links()
        assert not [link for link in links if link.endswith(("/edit", "/delete"))]


async def test_an_author_removes_a_message_after_being_told_what_it_does(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send(f"/posts/{it.root.key}/reply", text="Un mot de trop.")
        *_, reply = await it.posts()
        page = await it.elise.get(f"/posts/{reply.key}/delete")
        assert page.title == "Remove this message?"
        assert "It cannot be undone." in page.words
        page = await it.elise.send(f"/posts/{reply.key}/delete")
        assert "Message removed by its author" in page.words
        assert "Un mot de trop." not in page.text
        for action in ("reply", "edit", "delete"):
            assert (await it.elise.get(f"/posts/{reply.key}/{action}")).status == 410


async def test_an_administrator_removes_a_message_and_says_why(tmp_path: Path):
    async with opened(tmp_path) as it:
        odile = await it.site.member("odile", admin=True)
        assert 'name="reason"' in (await odile.get(f"/posts/{it.root.key}/delete")).text
        page = await odile.send(f"/posts/{it.root.key}/delete", reason="Hors sujet")
        assert "by the moderation of Reseau: Hors sujet." in page.words
        assert page.title == "A debate whose opening was removed"


async def test_who_looks_after_a_group_closes_a_debate_and_opens_it_again(tmp_path: Path):
    async with opened(tmp_path) as it:
        odile, path = await it.site.member("odile", admin=True), f"/threads/{it.root.key}"
        assert f"{path}/close" not in (await it.elise.get(it.page.path)).text
        assert (await it.elise.get(f"{path}/close")).status == 403
        assert (await it.elise.send(f"{path}/close")).status == 403
        assert f"{path}/close" in (await odile.get(it.page.path)).text
        page = await odile.send(f"{path}/close", reason="Trop vif")
        assert "Odile closed this debate: Trop vif" in page.words
        assert "Your reply to the debate" in page.words, "who looks after the group still answers"
        page = await it.elise.get(it.page.path)
        assert "This debate is closed" in page.words
        assert "Odile closed this debate: Trop vif" in page.words
        page = await odile.send(f"{path}/reopen")
        assert "closed this debate" not in page.words
        async with it.site.node.db.reading() as unit:
            said = await unit.session.scalars(select(AuditEntry.act).order_by(AuditEntry.number))
            assert list(said)[-2:] == ["lock", "unlock"]


# --- liking ------------------------------------------------------------------------------


async def test_a_like_is_given_and_taken_back(tmp_path: Path):
    async with opened(tmp_path) as it:
        path = f"/posts/{it.root.key}"
        page = await it.elise.send(f"{path}/like")
        assert page.path.startswith(it.page.path)
        assert 'aria-pressed="true">Like <span class="num">1</span>' in page.text
        await it.elise.send(f"{path}/like")
        async with it.site.node.db.reading() as unit:
            assert len((await unit.session.scalars(select(Reaction))).all()) == 1
        page = await it.elise.send(f"{path}/unlike")
        assert 'aria-pressed="false">Like<' in page.text


async def test_htmx_gets_the_button_alone(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.send(f"/posts/{it.root.key}/like", headers={"HX-Request": "true"})
        assert page.text.strip().startswith("<button")
        assert "<html" not in page.text
        assert "/unlike" in page.text


async def test_no_get_changes_anything(tmp_path: Path):
    async with opened(tmp_path) as it:
        for action in ("like", "unlike"):
            assert (await it.elise.get(f"/posts/{it.root.key}/{action}")).status == 405
        assert (await it.elise.get("/sign-out")).status == 405


async def test_who_looks_after_a_group_rearranges_its_debates_and_takes_it_back(tmp_path: Path):
    async with opened(tmp_path) as it:
        odile, path = await it.site.member("odile", admin=True), f"/threads/{it.root.key}"
        for text in ("Le pain", "Le bois"):
            await it.elise.send(f"/posts/{it.root.key}/reply", text=text)
        _, reply, _ = await it.posts()
        assert f"{path}/arrange" not in (await it.elise.get(it.page.path)).text
        for refused in (f"{path}/arrange", f"{path}/split?post={reply.key}"):
            assert (await it.elise.get(refused)).status == 403
        assert f"{path}/arrange" in (await odile.get(it.page.path)).text
        choice = await odile.get(f"{path}/arrange")
        assert f'name="post" value="{reply.key}"' in choice.text
        assert it.root.key not in choice.text.partition("<fieldset")[2].partition("</fieldset")[0]
        assert (await odile.get(f"{path}/split")).status == 422
        asked = await odile.get(f"{path}/split?post={reply.key}&title=Pains")
        assert "Le pain" in asked.words
        assert 'value="Pains"' in asked.text
        it.site.node.clock.advance(timedelta(minutes=1))
        part = await odile.send(f"{path}/split", posts=reply.key, title="Pains", reason="À part")
        assert part.title == "Pains"
        assert "Odile took this out of the debate" in part.words
        page = await odile.get(it.page.path)
        assert "Odile made a debate of its own of what was here: Pains . Reason:" in page.words
        assert "Le pain" not in page.words
        assert (await odile.get(f"{it.page.path}?post={reply.key}")).path.startswith(part.path)
        assert "/undo" not in (await it.elise.get(it.page.path)).text

        key = part.path.split("/")[2]
        assert (
            "Every link to this debate"
            in (await odile.get(f"/threads/{key}/merge?into={it.page.path}")).words
        )
        it.site.node.clock.advance(timedelta(minutes=1))
        page = await odile.send(f"/threads/{key}/merge", into=it.page.path)
        assert "Odile brought the debate “Pains” in here." in page.words
        assert page.path == it.page.path == (await odile.get(part.path)).path
        act = re.findall(r'formaction="(/acts/\w+/undo)"', page.text)[-1]
        assert (await it.elise.send(act)).status == 403
        assert (await odile.send(act)).title == "Pains"
        assert (await odile.send(act)).status == 409
        async with it.site.node.db.reading() as unit:
            query = select(AuditEntry.act).order_by(AuditEntry.number)
            acts = list(await unit.session.scalars(query))
        assert acts[-3:] == ["split", "merge", "undo"]
