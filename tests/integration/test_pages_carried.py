"""For whom one writes, tags, versions, likes, profiles: what pages show of them and take."""

import re
from datetime import timedelta
from pathlib import Path

from factories import FakeClock, make_remote_actor
from opened import Opened, opened
from photos import photo
from sqlalchemy import select
from visitors import Site, Visitor, pages

from actors.models import Actor
from fedi.core.jsonld import parse_document
from fedi.debates.likes import accept_reaction
from fedi.debates.models.post import Post
from fedi.debates.posts import accept_remote_post
from fedi.debates.received_note import PostDocument
from outbox.models import Activity

FABRIQUE = {"hat-name": "La Fabrique", "hat-place": "Lille"}


async def document_of(site: Site, handle: str) -> dict[str, object]:
    async with site.visitor().client.get(
        f"/p/{handle}", headers={"Accept": "application/activity+json"}
    ) as answer:
        return parse_document(await answer.read())


async def updates(site: Site) -> int:
    async with site.node.db.reading() as unit:
        query = select(Activity.id).where(Activity.type == "Update", Activity.public)
        return len((await unit.session.scalars(query)).all())


# --- for whom ----------------------------------------------------------------------------


async def test_a_member_speaks_for_a_place_on_one_message_and_not_on_the_next(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send("/settings/hats", **FABRIQUE)
        reply = f"/posts/{it.root.key}/reply"
        page = await it.elise.send(reply, text="Oui.", hat="La Fabrique, Lille")
        assert "for La Fabrique, Lille" in page.words

        form = await it.elise.get(reply)
        assert '<option value="La Fabrique, Lille" selected>' in form.text, "it is remembered"
        await it.elise.send(reply, text="Non.", hat="")
        assert (await it.posts())[-1].hat is None
        assert "selected>for La Fabrique" not in (await it.elise.get(reply)).text

        said = parse_document((await it.posts())[-2].document or b"")
        assert said["sourceOrganization"] == {"type": "Organization", "name": "La Fabrique, Lille"}
        assert said["content"].endswith("<p><em>For La Fabrique, Lille</em></p>")
        assert said["source"]["content"].endswith("*For La Fabrique, Lille*")


async def test_nobody_wears_a_hat_that_is_not_their_own(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send("/settings/hats", **FABRIQUE)
        hugo = await it.site.member("hugo")
        await hugo.send(f"/posts/{it.root.key}/reply", text="Moi", hat="La Fabrique, Lille")

        assert (await it.posts())[-1].hat is None


async def test_hats_are_told_on_the_profile_and_to_other_servers(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        link = {"hat-link": "https://fabrique.example/"}
        page = await elise.send("/settings/hats", **FABRIQUE, **link)
        assert page.path == "/settings?done=hats"
        assert "La Fabrique, Lille" in (await elise.get("/p/elise")).words
        document = await document_of(site, "elise")
        assert document["attachment"] == [
            {
                "type": "PropertyValue",
                "name": "Parle pour",
                "value": '<a href="https://fabrique.example/" rel="nofollow noopener">'
                "La Fabrique, Lille</a>",
            }
        ]
        assert await updates(site) == 1

        again = await elise.send("/settings/hats", **FABRIQUE)
        assert again.status == 422
        assert "You speak for it already" in again.words
        wrong = await elise.send("/settings/hats", **FABRIQUE | {"hat-link": "javascript:alert(1)"})
        assert wrong.status == 422
        await elise.send("/settings/hats/remove", hat="La Fabrique, Lille")
        assert "attachment" not in await document_of(site, "elise")


async def test_a_hat_of_a_peer_is_shown_as_text(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
            document = PostDocument(
                "https://lisbon.example/1", "Note", ana.uri, parent_uri=it.root.uri,
                content="<p>Sim.</p>", published_at=unit.now,
                hat="<script>alert(1)</script>", hat_link="https://evil.example/",
            )  # fmt: skip
            await accept_remote_post(unit, document, ana, evidence=None)

        page = await it.refreshed()
        assert "&lt;script&gt;alert(1)" in page.text
        assert "evil.example" not in page.text


# --- profiles ----------------------------------------------------------------------------


async def test_a_member_has_a_name_a_text_and_a_portrait(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        page = await elise.send(
            "/settings/profile",
            files=[("portrait", "moi.jpg", photo(size=(400, 300)))],
            name=" Élise\nFontarel ",
            summary="Menuisière.",
            language="br",
        )
        assert page.path == "/settings?done=profile"
        document = await document_of(site, "elise")
        icon = document["icon"]
        assert document["name"] == "Élise Fontarel"
        assert isinstance(icon, dict)
        assert icon["url"].startswith(f"{site.node.site.url}/media/")
        path = icon["url"].removeprefix(site.node.site.url)
        assert f'src="{path}"' in (await site.visitor().get("/p/elise")).text
        assert (await site.visitor().client.get(path)).status == 200
        assert '<option value="br" lang="br" selected>' in (await elise.get("/open")).text
        assert f'<summary><img class="avatar" src="{path}"' in (await elise.get("/")).text

        told = {"name": "Élise", "summary": "", "language": "fr"}
        await elise.send("/settings/profile", **told, **{"no-portrait": "on"})
        document = await document_of(site, "elise")
        assert "icon" not in document
        assert (document["discoverable"], document["indexable"]) == (True, False)
        assert (await site.visitor().get(path)).status == 404

        agreed = await elise.send("/settings/profile", **told, consents="on", indexable="on")
        document = await document_of(site, "elise")
        assert (document["discoverable"], document["indexable"]) == (False, True)
        assert re.search(r'name="indexable"[^>]* checked', agreed.text)
        assert not re.search(r'name="discoverable"[^>]* checked', agreed.text)


async def test_a_portrait_that_is_none_is_refused_beside_its_field(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        page = await elise.send(
            "/settings/profile", files=[("portrait", "moi.jpg", b"<svg/>")], name="Élise"
        )
        assert page.status == 422
        assert 'id="portrait-error"' in page.text
        assert (await site.visitor().get("/settings")).path.startswith("/sign-in")


# --- tags and lists ----------------------------------------------------------------------


async def open_debate(visitor: Visitor, title: str, **more: str) -> str:
    page = await visitor.send("/open", title=title, **{"text": "Voilà.", **more})
    assert page.status == 200, page.words
    return page.path


async def titles(visitor: Visitor, path: str) -> list[str]:
    page = await visitor.get(path)
    return re.findall(r'<h2><a href="/d/[^>]*>([^<]*)</a></h2>', page.text)


async def test_debates_are_found_by_their_tags_however_they_are_written(tmp_path: Path):
    async with opened(tmp_path) as it:
        page = await open_debate(it.elise, "Four", text="Un #Four à pain", tags="économie sociale")
        await open_debate(it.elise, "Bois", tags="bois, Économie-Sociale")

        visitor = it.site.visitor()
        for name in ("economiesociale", "%C3%89conomieSociale", "%23economie_sociale"):
            assert await titles(visitor, f"/?tag={name}") == ["Bois", "Four"]
        assert await titles(visitor, "/?tag=four") == ["Four"]
        assert await titles(visitor, "/?tag=rien") == []
        shown = await visitor.get(page)
        assert "#économieSociale" in shown.words
        assert "#Four" in shown.words
        index = await visitor.get("/tags")
        assert "ÉconomieSociale 2" in index.words

        form = await it.elise.send("/open", title="Trop", text="a", tags="a,b,c,d,e,f,g")
        assert form.status == 422
        assert "Six tags are enough" in form.words


async def test_tags_change_with_the_text_and_go_with_the_message(tmp_path: Path):
    async with opened(tmp_path) as it:
        edit = f"/posts/{it.root.key}/edit"
        await it.elise.send(edit, title="Août", text="Un #four", tags="bois")
        assert (
            'name="tags" maxlength="200" autocapitalize="none" value="bois"'
            in (await it.elise.get(edit)).text
        )
        await it.elise.send(edit, title="Août", text="Un #étau", tags="bois")
        visitor = it.site.visitor()
        assert await titles(visitor, "/?tag=four") == []
        assert await titles(visitor, "/?tag=etau") == ["Août"]
        await it.elise.send(f"/posts/{it.root.key}/reply", text="Moi aussi #scie")
        assert await titles(visitor, "/?tag=scie") == ["Août"]
        await it.elise.send(f"/posts/{(await it.posts())[-1].key}/delete")
        assert await titles(visitor, "/?tag=scie") == []


async def test_hashtags_of_peers_are_tags_too(tmp_path: Path):
    async with opened(tmp_path) as it:
        async with it.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
            document = PostDocument(
                "https://lisbon.example/1", "Note", ana.uri, parent_uri=it.root.uri,
                content="<p>Sim.</p>", published_at=unit.now, tags=["Ação"],
            )  # fmt: skip
            await accept_remote_post(unit, document, ana, evidence=None)

        assert await titles(it.site.visitor(), "/?tag=acao") == ["Fermés en août"]


async def test_choices_of_a_list_go_together(tmp_path: Path):
    async with opened(tmp_path) as it:
        await open_debate(it.elise, "Four", tags="bois", group="communs")
        await open_debate(it.elise, "Scie", tags="bois", group="reseau")
        visitor = it.site.visitor()
        assert await titles(visitor, "/?tag=bois&group=communs") == ["Four"]
        assert len(await titles(visitor, "/?network=nowhere.example")) == 3
        page = await visitor.get("/?tag=bois")
        assert "/?group=communs&tag=bois" in page.links("group=communs")


# --- what became of a message ------------------------------------------------------------


async def edited(it: Opened) -> None:
    clock = it.site.node.clock
    assert isinstance(clock, FakeClock)
    clock.advance(timedelta(minutes=5))
    await it.elise.send(
        f"/posts/{it.root.key}/edit",
        title="Fermés en août",
        question="Où envoyer qui frappe ?",
        text="**Chaque** hiver.\n\n> on ferme",
    )


async def test_versions_of_a_message_show_what_was_added_and_removed(tmp_path: Path):
    async with opened(tmp_path) as it:
        await edited(it)
        assert f"/posts/{it.root.key}/history" in (await it.refreshed()).text
        page = await it.site.visitor().get(f"/posts/{it.root.key}/history")

        assert page.status == 200
        assert "<del>été</del><ins>hiver</ins>" in page.text
        assert "2 versions" in page.words
        assert "First version" in page.words


async def test_versions_of_what_is_gone_or_withheld_are_told_to_nobody(tmp_path: Path):
    async with opened(tmp_path) as it:
        await edited(it)
        async with it.site.node.db.unit() as unit:
            author = await unit.find(Actor, id=it.root.author_id)
            assert author is not None
            author.suspended_at = unit.now
        for part in ("history", "likes"):
            page = await it.site.visitor().get(f"/posts/{it.root.key}/{part}")
            assert page.status == 410
            assert "hiver" not in page.text
        assert (await it.site.visitor().get("/posts/nothing/history")).status == 404


async def test_who_likes_a_message_is_told_network_by_network(tmp_path: Path):
    async with opened(tmp_path) as it:
        await it.elise.send(f"/posts/{it.root.key}/like")
        async with it.site.node.db.unit() as unit:
            root = await unit.find(Post, id=it.root.id)
            assert root is not None
            for name in ("ana", "rui"):
                fan = await make_remote_actor(unit, name, "https://lisbon.example")
                uri = f"https://lisbon.example/likes/{name}"
                await accept_reaction(unit, fan, root, kind="like", uri=uri)
            gone = await make_remote_actor(unit, "gone", "https://lisbon.example")
            await accept_reaction(unit, gone, root, kind="like", uri="https://lisbon.example/l/3")
            gone.suspended_at = unit.now
        page = await it.site.visitor().get(f"/posts/{it.root.key}/likes")

        assert "3 people" in page.words
        assert re.search(r"lisbon\.example 2 .*Ana.*Rui.*Reseau 1 .*Elise", page.words)
        assert f"/posts/{it.root.key}/likes" in (await it.refreshed()).text


async def test_a_text_is_in_the_language_its_author_chose(tmp_path: Path):
    async with opened(tmp_path) as it:
        reply = f"/posts/{it.root.key}/reply"
        page = await it.elise.send(reply, text="Ya.", language="br")
        assert '<div class="prose" lang="br">' in page.text
        said = parse_document((await it.posts())[-1].document or b"")
        assert said["contentMap"] == {"br": "<p>Ya.</p>"}
        await it.elise.send(reply, text="Yes.", language="<b>")
        assert (await it.posts())[-1].language == "en"
