"""What members find again on pages: drafts, bookmarks, quotations, names."""

import json
import re
from html import unescape
from pathlib import Path

from factories import make_person, make_remote_actor
from notes import received
from opened import Opened, opened
from sqlalchemy import select
from visitors import PASSWORD, Page, pages

from actors.local import find_local
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Reading
from fedi.debates.posts import write_reply
from fedi.web.seen import SEEN


def written(page: Page) -> str:
    """What stands in the field of a composer."""
    (text,) = re.findall(r"<textarea id=\"text[^>]*>(.*?)</textarea>", page.text, re.DOTALL)
    return unescape(text)


# --- drafts ------------------------------------------------------------------------------


async def test_a_reply_is_kept_while_it_is_written_and_until_it_is_published(tmp_path: Path):
    async with opened(tmp_path) as it:
        reply = f"/posts/{it.root.key}/reply"
        assert written(await it.elise.get(reply)) == ""
        await it.elise.send(reply, text="Un <début>", preview="1")
        assert written(await it.elise.get(reply)) == "Un <début>"

        said = await it.elise.send(f"/drafts/{it.root.key}", text="Un début\r\n\r\net plus")
        assert re.fullmatch(r"Draft kept at .* Throw it away", said.words)
        page = await it.elise.get(reply)
        assert written(page) == "Un début\n\net plus"
        assert "Your draft is kept here." in page.words

        await it.elise.send(reply, text="Un début et une fin.")
        assert written(await it.elise.get(reply)) == ""


async def test_a_debate_to_be_opened_is_kept_with_all_its_fields(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send("/open", title="Un four", group="communs", text="")
        page = await it.elise.get("/open")
        assert 'value="Un four"' in page.text
        assert 'value="communs" selected' in page.text
        await it.elise.send("/open", title="Un four", group="communs", text="Qui cuit ?")
        page = await it.elise.get("/open")
        assert 'value="Un four"' not in page.text
        assert 'value="communs" selected' not in page.text


async def test_drafts_are_listed_taken_up_and_thrown_away(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.get("/drafts")
        assert "Nothing is waiting to be finished." in page.words
        await it.elise.send(f"/drafts/{it.root.key}", text="Une réponse")
        await it.elise.send("/drafts/debate", title="Un four", text="Qui cuit ?")

        page = await it.elise.get("/drafts")
        assert page.title == "Your drafts"
        assert [path for path in page.links() if path == "/open"]
        assert page.links(f"/posts/{it.root.key}/reply")
        assert "Une réponse Reply to Elise" in page.words
        assert "Un four Qui cuit ?" in page.words

        page = await it.elise.send("/drafts/debate/discard", next="/drafts")
        assert page.path == "/drafts"
        assert "Un four" not in page.words
        page = await it.elise.send(f"/drafts/{it.root.key}/discard")
        assert page.path.startswith("/d/"), "back at the debate"
        assert "Nothing is waiting" in (await it.elise.get("/drafts")).words


async def test_drafts_are_for_their_author_alone(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send(f"/drafts/{it.root.key}", text="Une réponse")
        bea = await it.site.member("bea")
        assert "Une réponse" not in (await bea.get("/drafts")).text
        assert written(await bea.get(f"/posts/{it.root.key}/reply")) == ""
        assert (await it.site.visitor().get("/drafts")).path.startswith("/sign-in")
        assert (await it.site.visitor().send("/drafts/debate", text="x")).status == 401
        assert (await bea.send("/drafts/nowhere", text="x")).status == 404


async def test_drafts_are_not_kept_more_often_than_somebody_writes(tmp_path: Path):
    async with opened(tmp_path) as it:
        statuses = [
            (await it.elise.send("/drafts/debate", text=str(number))).status for number in range(45)
        ]
        assert statuses[:30] == [200] * 30
        assert 429 in statuses, "however slow the machine is"


# --- quotations --------------------------------------------------------------------------


async def test_a_passage_is_quoted_with_its_author_and_leads_back(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send(f"/posts/{it.root.key}/reply", text="Un *début*.\n\nUne idée : oui !")
        _, first = await it.posts()
        asked = f"/posts/{first.key}/reply?quote&passage=Une+id%C3%A9e%C2%A0:+oui%E2%80%AF!"
        text = written(await it.elise.get(asked))
        assert text == f"> Une idée : oui !\n>\n> — [Elise](<{first.url}>)\n\n"

        page = await it.elise.send(f"/posts/{first.key}/reply", text=f"{text}D’accord.")
        figure = re.search(r'<figure class="cited">(.*?)</figure>', page.text, re.DOTALL)
        assert figure is not None
        assert f'<figcaption><a href="#p-{first.key}">Elise</a>, ' in figure[1]
        assert "<blockquote><p>Une idée\u00a0: oui\u202f!</p></blockquote>" in figure[1]
        *_, second = await it.posts()
        assert "<blockquote>" in second.content, "it travels as what everybody understands"
        assert f'<a href="{first.url}"' in second.content


async def test_a_message_is_quoted_whole_when_nobody_says_which_passage(tmp_path: Path):
    async with opened(tmp_path) as it:
        text = written(await it.elise.get(f"/posts/{it.root.key}/reply?quote"))
        assert text.startswith("> Chaque été.\n>\n> — [Elise]("), "without what it quotes itself"
        forged = f"/posts/{it.root.key}/reply?quote&passage=Jamais+dit"
        assert "Jamais dit" not in written(await it.elise.get(forged))


async def test_a_quotation_is_added_to_what_was_begun(tmp_path: Path):
    async with opened(tmp_path) as it:
        reply = f"/posts/{it.root.key}/reply"
        await it.elise.send(f"/drafts/{it.root.key}", text="Je commence.\n")
        text = written(await it.elise.get(f"{reply}?quote"))
        assert text.startswith("Je commence.\n\n> Chaque été.")
        await it.elise.send(f"/drafts/{it.root.key}", text=text)
        assert written(await it.elise.get(f"{reply}?quote")) == text, "once is enough"


async def test_the_preview_shows_a_quotation_as_the_debate_will(tmp_path: Path):
    async with opened(tmp_path) as it:
        reply = f"/posts/{it.root.key}/reply"
        text = written(await it.elise.get(f"{reply}?quote"))
        page = await it.elise.send(reply, text=f"{text}Oui.", preview="1")
        assert '<figure class="cited">' in page.text


async def carried(it: Opened, html: str) -> str:
    """A quotation by somebody elsewhere, as the debate shows it."""
    async with it.site.node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
        await received(unit, ana, "reply", inReplyTo=it.root.uri, content=html)
    return (await it.refreshed()).text


async def test_quotations_of_other_servers_are_shown_alike(tmp_path: Path):
    async with opened(tmp_path) as it:
        quoted = f'<blockquote><p><a href="{it.root.uri}">On a dit</a>:</p><p>Été.</p></blockquote>'
        text = await carried(it, f"{quoted}<p>Non.</p>")
        assert '<a href="/d/' in text
        assert ">Elise</a>, " in text, "whose words they are is told by the message itself"
        assert "On a dit" not in text


async def test_a_quotation_that_leads_elsewhere_stays_as_it_was_written(tmp_path: Path):
    async with opened(tmp_path) as it:
        quoted = '<blockquote><p>Faux.</p><p>— <a href="https://else.example/1">Elise</a></p>'
        text = await carried(it, f"{quoted}</blockquote>")
        assert "cited" not in text
        assert 'href="https://else.example/1"' in text


# --- bookmarks ---------------------------------------------------------------------------


async def test_a_bookmark_is_found_again_and_removed(tmp_path: Path):
    async with opened(tmp_path) as it:
        assert "No bookmark yet." in (await it.elise.get("/bookmarks")).words
        page = await it.elise.send(f"/posts/{it.root.key}/bookmark")
        assert page.path.startswith(f"/d/{it.root.key}")

        page = await it.elise.get("/bookmarks")
        assert page.title == "Your bookmarks"
        assert "Fermés en août" in page.words
        assert "Chaque été." in page.words
        assert page.links(f"/d/{it.root.key}")
        bea = await it.site.member("bea")
        assert "Fermés" not in (await bea.get("/bookmarks")).text

        page = await it.elise.send(f"/posts/{it.root.key}/unbookmark", next="/bookmarks")
        assert page.path == "/bookmarks"
        assert "No bookmark yet." in page.words


async def test_the_button_of_a_bookmark_comes_alone_for_scripts(tmp_path: Path):
    async with opened(tmp_path) as it:
        smooth = {"HX-Request": "true"}
        page = await it.elise.send(f"/posts/{it.root.key}/bookmark", headers=smooth)
        assert page.text.strip().startswith("<button")
        assert 'aria-pressed="true"' in page.text
        assert f"/posts/{it.root.key}/unbookmark" in page.text


async def test_many_bookmarks_have_several_pages(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
            posts = [await received(unit, ana, f"n{i}", inReplyTo=it.root.uri) for i in range(31)]
        for post in posts:
            await it.elise.send(f"/posts/{post.key}/bookmark", headers={"HX-Request": "true"})
        page = await it.elise.get("/bookmarks")
        assert ">n30<" in page.text
        assert ">n0<" not in page.text
        (older,) = page.links("before=")
        page = await it.elise.get(older)
        assert ">n0<" in page.text
        assert ">n1<" not in page.text


# --- names -------------------------------------------------------------------------------


async def test_names_are_completed_for_members(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await it.elise.get(f"/names?start=eli&thread={it.root.key}")
        assert json.loads(page.text) == [{"mention": "@elise", "name": "Elise"}]
        assert page.headers["Cache-Control"] == "private, no-store"
        assert (await it.site.visitor().get("/names?start=eli")).path.startswith("/sign-in")


async def test_nobody_reads_the_list_of_names_in_one_go(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        statuses = [(await elise.get("/names?start=aa")).status for _ in range(90)]
        assert statuses[:60] == [200] * 60
        assert 429 in statuses, "however slow the machine is"


# --- reading -----------------------------------------------------------------------------


def tally(page: Page) -> str:
    """What the list says of how much there is in the debate."""
    (words,) = re.findall(r'<p class="tally">(.*?)</p>', page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", words).split())


async def said_by_bea(it: Opened, *texts: str) -> None:
    """Somebody answers the opening."""
    async with it.site.node.db.unit() as unit:
        bea = await find_local(unit, f"{it.site.node.site.url}/p/bea")
        bea = bea or await make_person(unit, "bea")
        root = await unit.find(Post, id=it.root.id)
        assert root is not None
        for text in texts:
            await write_reply(unit, bea, root, text=text)


def pointed_out(page: Page) -> list[str]:
    """The messages that are shown as new, in reading order."""
    return re.findall(
        r'<p class="fresh aloud">.*?</p>\n<article.*?<div class="prose">\s*<p>(.*?)</p>',
        page.text,
        re.S,
    )


async def test_what_came_since_the_last_visit_is_counted_and_pointed_out(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, "Un")
        assert tally(await it.elise.get("/")) == "1 reply 1 new"
        page = await it.refreshed()
        assert pointed_out(page) == ["Un"]
        assert "New since your visit" in page.words

        assert tally(await it.elise.get("/")) == "1 reply", "though it is not written down yet"
        assert pointed_out(await it.refreshed()) == []
        await said_by_bea(it, "Deux", "Trois")
        home = await it.elise.get("/")
        assert tally(home) == "3 replies 2 new"
        assert 'class="unread"' in home.text
        page = await it.elise.get(home.links("/threads/")[0])
        assert page.path == it.page.path
        assert sorted(pointed_out(page)) == ["Deux", "Trois"]
        assert page.text.count('class="since"') == 1
        assert "2 new messages" in page.words


async def test_what_was_read_is_still_read_after_a_restart(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, "Un")
        await it.refreshed()
        app = it.site.server.app
        assert app is not None
        await app[SEEN].flush()
        await app[SEEN].flush()
        async with it.site.node.db.reading() as unit:
            (reading,) = await unit.session.scalars(select(Reading))
        newest = max(post.id for post in await it.posts())
        assert (reading.read_until, reading.ahead) == (newest, [])


async def test_visitors_read_without_leaving_a_trace(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, "Un")
        visitor = it.site.visitor()
        page = await visitor.get(it.page.path)
        assert pointed_out(page) == []
        assert tally(await visitor.get("/")) == "1 reply"
        assert (await visitor.get(f"/threads/{it.root.key}/new")).path == it.page.path
        app = it.site.server.app
        assert app is not None
        await app[SEEN].flush()
        async with it.site.node.db.reading() as unit:
            assert (await unit.session.scalars(select(Reading))).all() == []


async def test_the_first_new_message_is_found_on_whatever_page_it_is(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, *(f"n{number}" for number in range(130)))
        await it.elise.send(f"/threads/{it.root.key}/read")
        assert tally(await it.elise.get("/")) == "130 replies"
        await said_by_bea(it, "Enfin")
        page = await it.elise.get(f"/threads/{it.root.key}/new")
        *_, last = await it.posts()
        assert f"?post={last.key}" in page.path
        assert pointed_out(page) == ["Enfin"]


async def test_a_first_reading_points_nothing_out(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, "Un")
        await it.site.account("carl")
        carl = it.site.visitor()
        await carl.send("/sign-in", login="carl", password=PASSWORD)
        assert tally(await carl.get("/")) == "1 reply", "it was said before there was Carl"
        await it.elise.send("/open", title="Four", text="Qui cuit ?", group="communs")
        home = await carl.get("/")
        assert 'class="unread"' in home.text
        page = await carl.get(home.links("/four")[0])
        assert pointed_out(page) == []


async def test_all_is_called_read_at_once_and_later_arrivals_are_not(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, "Un")
        home = await it.elise.get("/")
        (until,) = re.findall(r'name="until" value="(\d+)"', home.text)
        await said_by_bea(it, "Deux")
        page = await it.elise.send("/read", until=until, next="/?show=unread")
        assert page.path == "/?show=unread"
        assert tally(page) == "2 replies 1 new"


async def test_lists_show_what_is_unread_or_followed(tmp_path: Path):
    async with opened(tmp_path) as it:
        bea = await it.site.member("bea")
        assert "All is read." in (await it.elise.get("/?show=unread")).words
        page = await it.elise.get("/?show=followed")
        assert "Fermés en août" in page.words, "one follows what one opened"
        assert "You follow no debate yet." in (await bea.get("/?show=followed")).words
        assert "Fermés en août" in (await it.site.visitor().get("/?show=unread")).words

        await said_by_bea(it, "Un")
        assert "Fermés en août" in (await it.elise.get("/?show=unread&group=communs")).words
        assert "All is read." in (await it.elise.get("/?show=unread&group=reseau")).words
        assert 'class="unread"' in (await it.elise.get("/g/communs")).text
        assert "Fermés en août" in (await bea.get("/?show=followed")).words


async def test_a_debate_is_followed_and_muted_on_its_page(tmp_path: Path):
    async with opened(tmp_path) as it:
        bea = await it.site.member("bea")
        attention = f"/threads/{it.root.key}/attention"
        assert "You follow this debate." in it.page.words
        assert "You do not follow this debate." in (await bea.get(it.page.path)).words
        page = await bea.send(attention, attention="follow")
        assert "You follow this debate." in page.words
        page = await bea.send(attention, attention="mute")
        assert "You muted this debate" in page.words
        await it.elise.send(f"/posts/{it.root.key}/reply", text="Du nouveau")
        assert tally(await bea.get("/")) == "1 reply"
        assert pointed_out(await bea.get(it.page.path)) == []
        assert (await bea.send(attention, attention="love")).status == 422
        assert (await it.site.visitor().get(it.page.path)).words.count("follow this debate") == 0


async def test_the_page_of_a_debate_keeps_what_one_begins_at_its_end(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send(f"/drafts/{it.root.key}", text="Un <début>")
        page = await it.refreshed()
        assert written(page) == "Un <début>"
        assert "Your draft is kept here." in page.words
        bea = await it.site.member("bea")
        assert written(await bea.get(it.page.path)) == ""


async def test_what_is_marked_is_shown_as_marked_to_who_marked_it(tmp_path: Path):
    async with opened(tmp_path) as it:
        await said_by_bea(it, "Un")
        *_, reply = await it.posts()
        await it.elise.send(f"/posts/{reply.key}/bookmark")
        assert f"/posts/{reply.key}/unbookmark" in (await it.refreshed()).text
        carl = await it.site.member("carl")
        page = await carl.get(it.page.path)
        assert f"/posts/{reply.key}/bookmark" in page.text
        assert "/unbookmark" not in page.text
