"""Debates as people read them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path

from factories import FakeClock, make_group, make_person, make_remote_actor
from notes import received
from visitors import Site, pages

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor, Dialect
from actors.peers import find_peer
from fedi.core.unit import Unit
from fedi.core.vocab import PUBLIC
from fedi.debates.featured import feature
from fedi.debates.groups import appoint
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import accept_remote_delete, delete_post, edit_post, write_reply
from fedi.debates.threads import open_thread

HOSTILE = (
    '<script>alert(3)</script><p onclick="x" style="y">ok<img src=x onerror=z></p>'
    '<a href="javascript:alert(4)">a</a><form action="/sign-out"><button>b</button></form>'
)
LISBON, SOCIAL = "https://lisbon.example", "https://social.example"


@dataclass
class Debate:
    """A debate in a group of ours: Camille opens it, others answer."""

    site: Site
    camille: Actor
    group: Actor
    thread: Thread
    root: Post

    @property
    def path(self) -> str:
        return f"/d/{self.thread.key}/preter-nos-machines"


@asynccontextmanager
async def debate(tmp_path: Path, clock: FakeClock | None = None) -> AsyncIterator[Debate]:
    async with pages(tmp_path, clock) as site:
        async with site.node.db.unit() as unit:
            camille = await make_person(unit, "camille")
            group = await make_group(unit, "communs")
            thread = await open_thread(
                unit,
                camille,
                group,
                title="Prêter nos machines ?",
                question="À quelles conditions ?",
                text="Une *question* simple.",
                language="fr",
            )
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
        yield Debate(site, camille, group, thread, root)


async def befriend(unit: Unit, name: str, origin: str) -> Actor:
    """Follow the network that lives at an origin, and be followed back."""
    us = await network_actor(unit)
    them = await make_remote_actor(unit, "debats", origin, "Group", Dialect.NODE, name=name)
    for uri, one, other in ((f"{us.uri}#{name}", us, them), (f"{origin}/1", them, us)):
        await accept_follow(unit, await request_follow(unit, uri, one, other))
    return them


# --- one debate --------------------------------------------------------------------------


async def test_a_debate_is_read_by_everybody(tmp_path: Path):
    async with debate(tmp_path) as it:
        page = await it.site.visitor().get(it.path)
        assert page.status == 200
        assert page.title == "Prêter nos machines\u202f?"
        assert "À quelles conditions\u202f?" in page.text
        assert "<em>question</em>" in page.text
        assert "No replies yet" in page.words
        assert 'lang="fr">Prêter' in page.text, "a French debate on an English page says so"


async def test_a_debate_has_one_address_whatever_is_typed_after_its_key(tmp_path: Path):
    async with debate(tmp_path) as it:
        visitor = it.site.visitor()
        for path in (f"/d/{it.thread.key}", f"/d/{it.thread.key}/else", f"/c/{it.thread.key}"):
            page = await visitor.get(path)
            assert (page.status, page.path) == (200, it.path), path


async def test_the_id_of_a_message_leads_people_to_it(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            root = await unit.find(Post, id=it.root.id)
            reply = await write_reply(unit, it.camille, root, text="Oui.")
        response = await it.site.visitor().client.get(
            f"/o/{reply.key}", headers={"Accept": "text/html"}, allow_redirects=False
        )
        assert response.status == 303
        assert response.headers["Location"] == f"{it.path}?post={reply.key}#p-{reply.key}"


async def test_a_page_tells_machines_which_document_it_shows(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            root = await unit.find(Post, id=it.root.id)
            reply = await write_reply(unit, it.camille, root, text="Oui.")
            answer = await received(unit, ana, "answer", inReplyTo=reply.uri)
        documents = {
            it.path: it.root.uri,
            f"{it.path}?post={reply.key}": reply.uri,
            f"{it.path}?post={answer.key}": answer.uri,
            f"/o/{reply.key}": reply.uri,
            "/p/ana@lisbon.example": ana.uri,
        }
        for path, uri in documents.items():
            page = await it.site.visitor().get(path)
            link = f'<{uri}>; rel="alternate"; type="application/activity+json"'
            assert page.headers.getall("Link") == [link], path
            assert f'type="application/activity+json" href="{uri}"' in page.text, path


async def test_a_link_to_a_debate_can_be_drawn_as_a_card(tmp_path: Path):
    async with debate(tmp_path) as it:
        card = {
            name: unescape(content)
            for name, content in re.findall(
                r'<meta[^>]* property="og:(\w+)" content="([^"]*)">',
                (await it.site.visitor().get(it.path)).text,
            )
        }
        assert card == {
            "title": "Prêter nos machines\u202f?",
            "type": "article",
            "site_name": "Reseau",
            "locale": "en",
            "description": "À quelles conditions ?",
            "url": f"{it.site.node.site.url}{it.path}",
        }


async def test_a_page_offers_the_feed_of_what_it_shows(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            foreign = await received(unit, ana, "a", name="Débat d’ailleurs", type="Article")
            thread = await unit.find(Thread, id=foreign.thread_id)
            assert thread is not None
        visitor = it.site.visitor()
        feeds = {
            "/": "/feed.atom",
            "/g/communs": "/g/communs/feed.atom",
            it.path: f"/c/{it.thread.key}/feed.atom",
            f"/d/{thread.key}": "/feed.atom",
        }
        for path, feed in feeds.items():
            page = await visitor.get(path)
            assert page.status == 200, path
            assert set(page.links("feed.atom")) == {feed}, path
            assert (await visitor.get(feed)).status == 200, feed


async def test_who_wrote_and_from_where_is_told(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            await befriend(unit, "Ateliers de Lisbonne", LISBON)
            ana = await make_remote_actor(unit, "ana", LISBON, name="Ana Lopes")
            perrine = await make_remote_actor(unit, "perrine", SOCIAL)
            await received(unit, ana, "a", inReplyTo=it.root.uri)
            await received(unit, perrine, "b", inReplyTo=it.root.uri)
        page = await it.site.visitor().get(it.path)
        assert "Two replies" in page.words
        assert "2 replies from 2 networks and from elsewhere, kept by 2 networks" in page.words
        assert re.search(r'class="net n-\d+" href="/g/debats@lisbon.example">Ateliers', page.text)
        assert re.search(r'class="net host">social.example<', page.text)
        assert "/p/ana@lisbon.example" in page.links()
        style = (await it.site.visitor().get("/networks.css")).text
        name = re.search(r'class="net (n-\d+)" href="/g/debats@lisbon', page.text)
        assert name
        assert f".{name[1]} {{ --net: #" in style


async def test_a_removed_message_leaves_a_line_that_says_why(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            odile = await make_person(unit, "odile")
            await appoint(unit, it.group, odile)
            post = await received(unit, ana, "insult", inReplyTo=it.root.uri)
            answer = await received(unit, ana, "answer", inReplyTo=post.uri)
            await delete_post(unit, odile, post, reason="rule 3")
            await delete_post(unit, it.camille, await reply(unit, it, "Un mot de trop."))
        page = await it.site.visitor().get(it.path)
        assert "Message removed on 25 November by the moderation of Reseau: rule 3." in page.words
        assert "Message removed by its author on 25 November." in page.words
        assert "insult" not in page.text
        assert "Un mot de trop" not in page.text
        assert f'id="p-{answer.key}"' in page.text, "what was answered stays"


async def reply(unit: Unit, it: Debate, text: str, to: Post | None = None) -> Post:
    parent = await unit.find(Post, id=(to or it.root).id)
    assert parent is not None
    return await write_reply(unit, it.camille, parent, text=text)


async def test_an_edit_is_dated(tmp_path: Path, clock: FakeClock):
    async with debate(tmp_path, clock) as it:
        clock.advance(timedelta(days=2))
        async with it.site.node.db.unit() as unit:
            root = await unit.find(Post, id=it.root.id)
            assert root is not None
            await edit_post(unit, it.camille, root, text="Autrement dit.")
        page = await it.site.visitor().get(it.path)
        assert "edited on 27 November" in page.words
        assert "Autrement dit." in page.words


async def test_a_private_message_is_on_no_page(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            secret = await received(
                unit, ana, "secret", inReplyTo=it.root.uri, to=[it.camille.uri], cc=[]
            )
        visitor = it.site.visitor()
        member = await it.site.member("elise")
        for path in (it.path, "/", "/p/ana@lisbon.example", f"/interact?uri={secret.uri}"):
            page = await visitor.get(path)
            assert "<p>secret</p>" not in page.text, path
            assert "Ana" not in page.words or path.startswith("/p/"), path
        assert (await member.get(f"/posts/{secret.key}/reply")).status == 404
        assert "<p>secret</p>" not in (await member.get(it.path)).text


async def test_a_stranger_s_markup_is_inert(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            evil = await make_remote_actor(
                unit, "evil", LISBON, name='<script>alert(1)</script>"><img src=x onerror=alert(2)>'
            )
            await received(
                unit,
                evil,
                "evil",
                inReplyTo=it.root.uri,
                content=HOSTILE,
                url="javascript:alert(5)",
            )
        text = (await it.site.visitor().get(it.path)).text
        for trick in ("<script>alert", "onerror=alert(2)>", "onclick", "javascript:", "style="):
            assert trick not in text.replace("&lt;script&gt;", ""), trick
        assert "&lt;script&gt;alert(1)" in text, "a name is text"


# --- long debates ------------------------------------------------------------------------


async def test_a_long_debate_has_pages_and_every_message_is_on_one(tmp_path: Path):
    async with debate(tmp_path) as it:
        keys = []
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            for number in range(230):
                post = await received(unit, ana, f"n{number}", inReplyTo=it.root.uri, at=number)
                keys.append(post.key)
        visitor = it.site.visitor()
        seen, path, count = [], it.path, 0
        while path:
            page = await visitor.get(path)
            seen += re.findall(r'id="p-(\w{26})"', page.text)
            path = next(iter(re.findall(r'<a href="([^"]+)" rel="next"', page.text)), "")
            count += 1
        assert count == 3
        assert [key for key in seen if key != it.thread.key] == keys
        for number in (0, 99, 100, 229):
            page = await visitor.get(f"{it.path}?post={keys[number]}")
            assert f'id="p-{keys[number]}"' in page.text, number
        page = await visitor.get(f"/o/{it.root.key}")
        assert page.path == it.path


async def test_a_heavy_branch_is_folded_until_something_in_it_is_wanted(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            people = [
                await make_remote_actor(unit, f"p{n}", LISBON, name=f"P{n}") for n in range(5)
            ]
            heavy = await received(unit, people[0], "heavy", inReplyTo=it.root.uri, at=0)
            light = await received(unit, people[0], "light", inReplyTo=it.root.uri, at=1)
            await received(unit, people[0], "one", inReplyTo=light.uri, at=2)
            below = [
                await received(unit, people[n % 5], f"b{n}", inReplyTo=heavy.uri, at=n + 3)
                for n in range(9)
            ]
        visitor = it.site.visitor()
        page = await visitor.get(it.path)
        assert page.text.count('<details class="fold">') == 1
        assert re.search(r"9 replies folded, .* P0, P1, P2 and 2 others", page.words)
        page = await visitor.get(f"{it.path}?post={below[4].key}")
        assert page.text.count('<details class="fold" open>') == 1
        page = await visitor.get(f"{it.path}?post={light.key}")
        assert page.text.count('<details class="fold">') == 1


async def test_a_debate_is_read_in_the_order_in_which_it_was_written(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON, name="Ana")
            first = await received(unit, ana, "first", inReplyTo=it.root.uri, at=0)
            other = await received(unit, ana, "other", inReplyTo=it.root.uri, at=1)
            late = await received(unit, ana, "late", inReplyTo=first.uri, at=2 * 24 * 60)
        visitor = it.site.visitor()
        page = await visitor.get(f"{it.path}?view=dates")
        shown = re.findall(r'id="p-(\w{26})"', page.text)
        assert shown == [it.root.key, first.key, other.key, late.key]
        assert f"?post={first.key}#p-{first.key}" in " ".join(page.links())
        assert "In reply to Ana" in page.words
        assert it.path in page.links(), "back to the tree"
        day = (late.published_at - timedelta(days=1)).date()
        page = await visitor.get(f"{it.path}?view=dates&on={day}")
        assert re.findall(r'id="p-(\w{26})"', page.text)[1:] == [late.key]
        for wrong in ("2026-02-30", "9999-12-31", "0001-01-01", "x"):
            page = await visitor.get(f"{it.path}?view=dates&on={wrong}")
            assert page.status == 200, wrong


async def test_the_order_of_dates_has_pages_too(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            keys = [
                (await received(unit, ana, f"n{n}", inReplyTo=it.root.uri, at=n // 2)).key
                for n in range(150)
            ]
        seen, path = [], f"{it.path}?view=dates"
        while path:
            page = await it.site.visitor().get(path)
            seen += re.findall(r'<li>\s*<article class="post" id="p-(\w{26})"', page.text)
            path = unescape(next(iter(re.findall(r'<a href="([^"]+)" rel="next"', page.text)), ""))
        assert sorted(seen) == sorted(keys)
        assert len(seen) == len(keys)


async def test_a_deep_branch_goes_on_on_a_page_of_its_own(tmp_path: Path):
    async with debate(tmp_path) as it:
        posts = []
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            above = it.root.uri
            for number in range(9):
                posts.append(await received(unit, ana, f"d{number}", inReplyTo=above, at=number))
                above = posts[-1].uri
        visitor = it.site.visitor()
        page = await visitor.get(it.path)
        assert f'id="p-{posts[4].key}"' in page.text
        assert f'id="p-{posts[5].key}"' not in page.text
        assert "Rest of the branch, 4 replies" in page.words
        (link,) = page.links("?branch=")
        page = await visitor.get(link)
        shown = re.findall(r'id="p-(\w{26})"', page.text)
        assert shown[1:] == [post.key for post in posts[4:]]
        assert it.path in page.links(), "one finds back"
        assert page.words.count("In reply to an earlier message") == 1
        assert f"{it.path}?post={posts[3].key}#p-{posts[3].key}" in page.links()


async def test_a_link_to_a_message_leads_to_where_it_is_drawn(tmp_path: Path):
    async with debate(tmp_path) as it:
        keys = []
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            above = it.root.uri
            for number in range(14):
                post = await received(unit, ana, f"d{number}", inReplyTo=above, at=number)
                above = post.uri
                keys.append(post.key)
        elise = await it.site.member("elise")
        for key in keys:
            page = await elise.get(f"/o/{key}")
            assert f'id="p-{key}"' in page.text, key
            (date,) = set(page.links(f"#p-{key}"))
            assert f'id="p-{key}"' in (await elise.get(date)).text, key
        page = await elise.send(f"/posts/{keys[-1]}/reply", text="Tout au fond.")
        assert "Tout au fond." in page.words

        async with it.site.node.db.unit() as unit:
            for number in range(120):
                last = await received(unit, ana, f"w{number}", inReplyTo=above, at=number)
        page = await elise.get(f"/o/{last.key}")
        assert f'id="p-{last.key}"' in page.text
        assert "?branch=" in page.path or "?post=" in page.path


async def test_a_wrong_place_in_a_debate_is_its_beginning(tmp_path: Path):
    async with debate(tmp_path) as it:
        visitor = it.site.visitor()
        for query in ("post=nothing", "branch=nothing", "after=", "post=" + "x" * 3000):
            page = await visitor.get(f"{it.path}?{query}")
            assert page.status == 200, query
            assert f'id="p-{it.root.key}"' in page.text


# --- lists -------------------------------------------------------------------------------


async def test_debates_are_listed_by_last_activity_with_who_takes_part(
    tmp_path: Path, clock: FakeClock
):
    async with debate(tmp_path, clock) as it:
        clock.advance(timedelta(hours=1))
        async with it.site.node.db.unit() as unit:
            await befriend(unit, "Ateliers de Lisbonne", LISBON)
            group = await make_group(unit, "prets")
            await open_thread(unit, it.camille, group, title="Autre débat", text="Texte.")
        visitor = it.site.visitor()
        page = await visitor.get("/")
        assert page.words.index("Autre débat") < page.words.index("Prêter nos machines")
        assert "2 open debates, 25 November 2026" in page.words
        clock.advance(timedelta(hours=1))
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            await received(unit, ana, "a", inReplyTo=it.root.uri, at=130)
        page = await visitor.get("/")
        assert page.words.index("Prêter nos machines") < page.words.index("Autre débat")
        assert "Ateliers de Lisbonne" in page.words
        page = await visitor.get("/?group=prets")
        assert "Autre débat" in page.words
        assert "Prêter nos machines" not in page.words


async def test_a_debate_of_the_network_itself_names_it_once(tmp_path: Path):
    async with debate(tmp_path) as it:
        visitor = it.site.visitor()
        assert "/g/communs" in (await visitor.get("/")).links()
        async with it.site.node.db.unit() as unit:
            us = await network_actor(unit)
            await open_thread(unit, it.camille, us, title="Au réseau entier", text="Texte.")
        page = await visitor.get("/")
        assert "Au réseau entier" in page.words
        assert "/g/reseau" not in page.links()


async def test_a_long_list_has_pages(tmp_path: Path, clock: FakeClock):
    async with debate(tmp_path, clock) as it:
        for number in range(44):
            clock.advance(timedelta(minutes=1))
            async with it.site.node.db.unit() as unit:
                group = await unit.find(Actor, id=it.group.id)
                await open_thread(unit, it.camille, group, title=f"Débat {number:02}", text="x")
        visitor, path, titles = it.site.visitor(), "/?group=communs", []
        while path:
            page = await visitor.get(path)
            titles += re.findall(r"Débat (\d\d)", page.text)
            path = next(iter(re.findall(r'<a href="([^"]+)" rel="next"', page.text)), "")
            path = path.replace("&amp;", "&")
        assert titles == [f"{number:02}" for number in reversed(range(44))]


async def test_a_first_visit_is_told_what_this_place_is(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            await befriend(unit, "Ateliers de Lisbonne", LISBON)
        page = await it.site.visitor().get("/")
        assert "Two networks debate here, each from its own server." in page.words
        assert f"@reseau@{it.site.node.site.domain}" in page.words
        assert "Your first visit?" not in (await (await it.site.member("elise")).get("/")).words


async def test_a_group_tells_what_it_is_for_and_what_it_keeps_at_hand(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            root, group = (
                await unit.find(Post, id=it.root.id),
                await unit.find(Actor, id=it.group.id),
            )
            assert root
            assert group
            await feature(unit, group, root)
            await appoint(unit, group, it.camille)
        visitor = it.site.visitor()
        page = await visitor.get("/g/communs")
        assert page.title == "Communs"
        assert "To keep at hand" in page.words
        assert "Who looks after it" in page.words
        assert f"@communs @{it.site.node.site.domain}".replace(".", " .") in page.words
        square = await visitor.get("/g/communs/qr.svg")
        assert 'src="/g/communs/qr.svg"' in page.text
        assert square.headers["Content-Type"] == "image/svg+xml"
        assert "max-age" in square.headers["Cache-Control"]
        assert not re.search("script|style", square.text)
        assert (await visitor.get("/g/nobody/qr.svg")).status == 404
        page = await visitor.get("/groups")
        assert "Communs" in page.words
        assert "1 debate" in page.words


async def test_networks_are_told_with_their_health_in_words(tmp_path: Path, clock: FakeClock):
    async with pages(tmp_path, clock) as site:
        async with site.node.db.unit() as unit:
            for name, origin in (("Lisbonne", LISBON), ("Porto", "https://porto.example")):
                await befriend(unit, name, origin)
            (await find_peer(unit, LISBON)).heard_at = unit.now - timedelta(minutes=2)
            (await find_peer(unit, "https://porto.example")).failing_since = unit.now - timedelta(
                days=3
            )
            us = await network_actor(unit)
            fan = await make_remote_actor(unit, "fan", SOCIAL)
            await accept_follow(unit, await request_follow(unit, f"{SOCIAL}/1", fan, us))
        page = await site.visitor().get("/networks")
        assert "All is well Last exchange 2 minutes ago" in page.words
        assert "No answer since Sunday" in page.words
        assert "Each follows the other, since 25 November 2026" in page.words
        assert "And 1 person, from 1 server." in page.words
        assert 'action="/networks"' not in page.text, "only administrators choose"


async def test_a_person_is_shown_by_what_they_wrote_in_public(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(
                unit, "ana", LISBON, name="Ana Lopes", summary="<p>Je compte les <b>pièces</b>.</p>"
            )
            await received(unit, ana, "first", inReplyTo=it.root.uri)
            await received(unit, ana, "second", inReplyTo=it.root.uri, at=1)
            mistake = await received(unit, ana, "mistake", inReplyTo=it.root.uri, at=2)
            assert await accept_remote_delete(unit, mistake.uri, ana)
        visitor = it.site.visitor()
        page = await visitor.get("/p/ana@lisbon.example")
        assert page.title == "Ana Lopes"
        assert "Je compte les pièces." in page.words
        assert "second" in page.words
        assert "and 1 other message in this debate" in page.words
        assert "noindex" in page.text
        assert (await visitor.get("/p/camille")).title == "Camille"
        assert "opened this debate" in (await visitor.get("/p/camille")).words


async def test_what_is_addressed_to_the_public_alone_is_public(tmp_path: Path):
    async with debate(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            await received(unit, ana, "quiet", inReplyTo=it.root.uri, to=[], cc=[PUBLIC])
        assert "<p>quiet</p>" in (await it.site.visitor().get(it.path)).text
