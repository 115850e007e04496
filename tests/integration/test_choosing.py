"""What administrators choose: saved step by step, seen here and by peers, kept over a restart."""

from pathlib import Path

from factories import make_remote_actor
from photos import photo
from sqlalchemy import select
from visitors import PASSWORD, Site, Visitor, pages

from actors.local import network_actor
from actors.models import Actor, Follow
from fedi.accounts.signup import create_setup_link
from fedi.cli.identity import introduce_network
from fedi.core.choices import Chosen, Setting, read_choices
from fedi.moderation.models import AuditEntry
from outbox.models import Activity

LOST = "https://127.0.0.1:9/nobody"
VELO = "https://velo.example/users/velo"


async def test_an_administrator_sets_a_network_up_and_changes_it(tmp_path: Path):
    async with pages(tmp_path) as site:
        camille = site.visitor()
        await go_through_the_steps(site, camille)
        logo = await look_at_what_others_see(site, camille)
        await change_it_later(site, camille, logo)


async def go_through_the_steps(site: Site, camille: Visitor) -> None:
    async with site.node.db.unit() as unit:
        link = f"/setup/{await create_setup_link(unit)}"
        await make_remote_actor(unit, "velo", "https://velo.example", "Group")
    page = await camille.send(link, handle="camille", email="c@a.example", password=PASSWORD)
    assert page.path == "/admin/start/network"
    assert "What it is called" in page.words

    page = await camille.send(page.path, name=" ", summary="", language="fr")
    assert (page.status, page.title) == (422, "The network")
    page = await camille.send(
        page.path, name="Les Tilleuls", summary="Faire ensemble", language="en"
    )
    assert page.path == "/admin/start/appearance"
    assert "Les Tilleuls" in page.text
    page = await site.visitor().get("/", **{"Accept-Language": "fr"})
    assert '<html lang="en">' in page.text, "pages speak one language now"
    assert "/language" not in page.text

    for wrong in ("teal", "#12", "#0f6b5c;}"):
        page = await camille.send(
            "/admin/start/appearance", theme="other", **{"other-theme": wrong}
        )
        assert page.status == 422, wrong
    page = await camille.send("/admin/start/appearance", files=[("logo", "x.png", b"no")])
    assert page.status == 422
    page = await camille.send(
        "/admin/start/appearance",
        files=[("logo", "logo.jpg", photo())],
        theme="other",
        **{"other-theme": "#FFD54A"},
    )
    assert page.path == "/admin/start/joining", page.words
    assert 'href="/networks.css?c=ffd54a"' in page.text
    colours = (await camille.get("/networks.css")).text
    assert "--accent: #ffd54a" not in colours.partition("@media")[0], "it was darkened"
    page = await camille.get("/admin/start/appearance")
    assert "You chose #ffd54a" in page.words

    page = await camille.send("/admin/start/joining", registration="everyone")
    assert page.status == 422
    page = await camille.send("/admin/start/joining", registration="approval")
    assert page.path == "/admin/start/networks"
    assert "reason" in (await site.visitor().get("/join")).text

    page = await camille.get("/admin/start")
    assert page.text.count("done</span>") == 3, "one may leave, and take it up again"
    assert "/admin/start/networks" in page.links()
    lines = VELO, "", LOST, VELO, f"@reseau@{site.node.site.domain}"
    page = await camille.send("/admin/start/networks", addresses="\n".join(lines))
    assert page.status == 200
    assert page.words.count("Found. It is asked") == 1
    assert "our own" in page.words
    assert LOST in page.text, "it may be mended"
    assert (await camille.get("/admin/start")).title == "Your network is ready"


async def look_at_what_others_see(site: Site, camille: Visitor) -> str:
    """Returns where the logo is."""
    node = site.node
    json = {"Accept": "application/activity+json"}
    document_of = await camille.get(f"/g/{node.config.network.handle}", **json)
    feed = (await camille.get("/feed.atom")).text
    async with node.db.reading() as unit:
        network = await network_actor(unit)
        said = (network.name, network.summary, network.language)
        assert said == ("Les Tilleuls", "Faire ensemble", "en")
        assert network.icon is not None
        assert network.icon.startswith(f"{node.site.url}/media/")
        logo = network.icon.removeprefix(node.site.url)
        query = select(Activity.type).where(Activity.actor_id == network.id)
        told = list(await unit.session.scalars(query))
        assert sorted(told) == ["Follow", "Update", "Update"]
        followed = select(Actor.uri).join(Follow, Follow.followed_id == Actor.id)
        assert VELO in list(await unit.session.scalars(followed))
        entries = list(await unit.session.scalars(select(AuditEntry.act)))
        assert entries == ["choose"] * 3 + ["follow-networks"]
    assert f'"url":"{network.icon}"' in document_of.text.replace(" ", "")
    assert f"<logo>{network.icon}</logo>" in feed
    home = (await camille.get("/")).text
    assert f'<a class="brand" href="/"><img src="{logo}"' in home
    assert f'property="og:image" content="{network.icon}"' in home
    assert (await site.visitor().client.get(logo)).status == 200
    assert '"openRegistrations":false' in (await camille.get("/nodeinfo/2.1")).text
    return logo


async def change_it_later(site: Site, camille: Visitor, logo: str) -> None:
    node = site.node
    await introduce_network(node)  # as `fedi serve` does when it starts
    async with node.db.reading() as unit:
        assert (await network_actor(unit)).name == "Les Tilleuls", "pages outlive the file"
        chosen = await read_choices(unit, node.config)
        assert (chosen.name, chosen.theme) == ("Les Tilleuls", "#ffd54a")
    elsewhere = Chosen(node.db, node.config)
    assert (await elsewhere.refresh()) == chosen

    page = await camille.send(
        "/admin/appearance", name="Tilios", theme="#2b5a8c", **{"no-logo": "on"}
    )
    assert (page.path, page.title) == ("/admin/appearance?done=1", "Appearance")
    assert "Tilios</span>" in (await site.visitor().get("/")).text
    assert (await elsewhere.refresh()).name == "Tilios", "other processes hear of it"
    assert (await site.visitor().client.get(logo)).status == 404
    page = await camille.send("/admin/groups/reseau", name="Tilios !", summary="")
    assert "Tilios\u202f!" in page.text or "Tilios !" in page.text
    page = await camille.send(
        "/admin/settings", registration="open", language="fr", **{"also-en": "on"}
    )
    assert page.status == 200
    async with node.db.reading() as unit:
        network, chosen = await network_actor(unit), await read_choices(unit, node.config)
        assert (network.name, network.icon or "", network.language) == ("Tilios !", "", "fr")
        assert (chosen.name, chosen.languages) == ("Tilios !", ("fr", "en"))
        keys = set(await unit.session.scalars(select(Setting.key)))
    assert keys == {
        "name", "summary", "languages", "theme", "registration", "logo", "steps",
    }  # fmt: skip
