"""Nothing that a node asks of its database costs more because it has become large.

A tour of every address and of every kind of activity, and a round of every loop; then the
database is asked how it found what they wanted.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import FakeClock
from inboxes import Neighbour, OpenSite, Voice
from photos import photo
from plans import Statements
from sqlalchemy import select
from visitors import Site, Visitor, pages

from actors.appkeys import JOURNAL, POLICIES
from actors.local import network_actor
from actors.nodeinfo import describe_due
from fedi.app import QUEUES, take_up
from fedi.core.fetch import Fetcher
from fedi.core.survey import Survey
from fedi.core.urls import Site as Home
from fedi.core.vocab import ACTIVITY_JSON, PUBLIC
from fedi.debates.gaps import missing_posts
from fedi.debates.models.thread import Thread
from fedi.debates.search.keeping import Indexer
from fedi.debates.verification import verify_thread
from fedi.retention import count_prunable, prune
from inbox.backfill import Backfiller
from inbox.dispatch import HANDLERS
from inbox.keys import ACCEPTOR
from inbox.partners import meet_partners
from inbox.processor import Processor
from inbox.reconciliation import complete_opened, reconcile
from inbox.resolve import Resolver
from outbox.deliverer import Deliverer

LONG = timedelta(days=40)
#: What is asked of the copy of a debate.
COPIES = ("?after=0", "?authors=0", "?digest=", "?posts=0123456789abcdef", "?before=9")


@asynccontextmanager
async def staffed(site: Site, clock: FakeClock) -> AsyncIterator[OpenSite]:
    """The loops of a node whose pages are open, turned by hand."""
    app, node = site.server.app, site.node
    assert app is not None
    resolver = Resolver(node, app[POLICIES])
    client = Fetcher(
        Home("http://localhost:1"), user_agent="test", allow_private=True, allow_http=True
    )
    async with node.db.reading() as unit:
        network = await network_actor(unit)
    processor = Processor(node, resolver, app[JOURNAL])
    try:
        yield OpenSite(
            node, clock, network, processor, Backfiller(node, resolver), resolver,
            app[JOURNAL], app[POLICIES], app[ACCEPTOR], client,
        )  # fmt: skip
    finally:
        await client.close()


async def say_everything(it: OpenSite, home: Neighbour) -> str:
    """Let a neighbour say every kind of activity that is heard here; the key of a post of ours."""
    ana = home.actor("ana")
    tilios = home.actor("tilios", "Group", featured=home.url("/users/tilios/featured"))
    root = await it.open_debate()
    asked = await it.follow(tilios, accepted=False)
    follow = ana.say("Follow", it.network.uri)
    reply = ana.note("reply", inReplyTo=root.uri, to=[PUBLIC, it.network.uri])
    private = ana.note("private", inReplyTo=root.uri, to=[f"{it.node.site.url}/p/camille"])
    late = ana.note("late", inReplyTo=reply["id"], to=[PUBLIC, it.network.uri])
    orphan = ana.note("orphan", inReplyTo=home.url("/notes/nowhere"), context=home.url("/c/1"))
    edited = reply | {"content": "edited", "updated": "2026-11-25T08:30:00Z"}
    like = ana.say("Like", root.uri)
    shared = ana.say("Announce", root.uri, to=[PUBLIC])
    passed = tilios.say("Announce", ana.create(orphan), to=[PUBLIC])
    said: list[tuple[Voice, dict[str, Any]]] = [
        (ana, follow), (tilios, tilios.say("Accept", {"type": "Follow", "id": asked})),
        (ana, ana.create(late)), (ana, ana.create(reply)), (ana, ana.create(private)),
        (ana, ana.say("Update", edited)), (ana, like), (ana, ana.say("Dislike", reply["id"])),
        (ana, ana.say("EmojiReact", root.uri, content="🌻")), (ana, shared), (tilios, passed),
        (tilios, tilios.say("Add", reply["id"], target=home.url("/users/tilios/featured"))),
        (tilios, tilios.say("Remove", reply["id"], target=home.url("/users/tilios/featured"))),
        (ana, ana.say("Flag", [root.uri], content="spam")), (ana, ana.say("Undo", like)),
        (ana, ana.say("Undo", shared)), (ana, ana.say("Undo", follow)),
        (ana, ana.say("Follow", it.network.uri)), (ana, ana.say("Delete", late["id"])),
        (tilios, tilios.say("Reject", {"type": "Follow", "id": asked})),
        (ana, ana.say("Lock", root.uri)), (ana, ana.say("Undo", ana.say("Lock", root.uri))),
        (ana, ana.say("Block", it.network.uri)), (ana, ana.say("Move", ana.uri, target=tilios.uri)),
        (ana, ana.say("Delete", ana.uri)),
    ]  # fmt: skip
    assert {activity["type"] for _, activity in said} == set(HANDLERS)
    for voice, activity in said:
        assert await it.deliver(voice, activity) == 202
        await it.settle()
    for _ in range(4):  # what is put off in the hope of more to come
        await it.wait(hours=1)
    return root.key


async def turn_by_day(it: OpenSite) -> None:
    """Let every loop have its turns."""
    deliverer, survey = Deliverer(it.node), Survey(it.node, QUEUES)
    for _ in range(3):
        await deliverer.run_once()
        await it.backfiller.run_once()
        await describe_due(it.node)
        await Indexer(it.node.db).run_once()
        await it.wait(minutes=20)
    await it.journal.flush()
    await survey.refresh()
    await deliverer.stop()


async def turn_by_night(it: OpenSite) -> None:
    """Do what the leader does, at its start and once a day."""
    await take_up(it.node)
    await meet_partners(it.node)
    async with it.node.db.reading() as unit:
        threads = list(await unit.session.scalars(select(Thread).where(Thread.listed)))
        for thread in threads:
            await verify_thread(unit, thread)
            await missing_posts(unit, thread)
    await complete_opened(it.node, [thread.id for thread in threads])
    await reconcile(it.node)
    it.clock.advance(LONG)
    await count_prunable(it.node)
    await prune(it.node)


async def open_every_page(site: Site, visitor: Visitor, names: dict[str, str]) -> None:
    """GET every address, as a person and as a machine; what is not there has to be sought too."""
    assert site.server.app is not None
    for resource in site.server.app.router.resources():
        if resource.canonical == "/live/{key}":
            continue
        for keys in (names, dict.fromkeys(names, "elsewhere")):
            path = resource.canonical.format(**keys)
            await visitor.get(path)
            for more in ("", "?page=1", "?page=true"):
                await visitor.get(path + more, Accept=ACTIVITY_JSON)
            for more in COPIES if path.startswith("/m") else ():
                await visitor.get(path + more, Accept=ACTIVITY_JSON)


async def take_part(visitor: Visitor, key: str) -> None:
    """Do what a member can do with forms."""
    await visitor.send("/open", title="Four à pain", text="Qui vient ?", group="reseau")
    for verb in ("reply", "like", "unlike", "edit", "delete"):
        await visitor.send(f"/posts/{key}/{verb}", text="Moi")


async def carry_everything(visitor: Visitor, key: str) -> None:
    """Write for a place, with tags and images; look for them, change them, take them away."""
    await visitor.send("/settings/hats", **{"hat-name": "La Fabrique"})
    portrait = [("portrait", "moi.jpg", photo())]
    for _ in range(2):
        await visitor.send("/settings/profile", files=portrait, name="Élise", language="fr")
    image = ("photos", "four.jpg", photo())
    form = await visitor.send(f"/posts/{key}/reply", files=[image], attach="1", text="Voici.")
    found = re.search(r'name="images" value="(\w+)', form.text)
    assert found is not None
    told = {"images": found[1], f"alt-{found[1]}": "Le four"}
    page = await visitor.send(f"/posts/{key}/reply", text="Un #four", hat="La Fabrique", **told)
    shown = set(re.findall(r'src="(/media/[^"]+)"', page.text))
    for path in (*shown, "/?tag=four", "/?tag=FOUR&group=reseau", "/?network=127.0.0.1", "/tags"):
        assert (await visitor.client.get(path)).status == 200
    reply = re.findall(r'href="/posts/(\w+)/edit"', page.text)[-1]
    await visitor.send(f"/posts/{reply}/edit", text="Un #étau", images="")
    await visitor.send(f"/posts/{reply}/delete")


async def keep_what_is_ones_own(visitor: Visitor, key: str, post: str) -> None:
    """Read, mark, begin to write, and look at what one has."""
    for verb in ("bookmark", "unbookmark", "bookmark"):
        await visitor.send(f"/posts/{post}/{verb}")
    for place in ("debate", post):
        await visitor.send(f"/drafts/{place}", text="Un début")
    for path in (
        f"/names?start=ana&thread={post}", "/bookmarks", "/bookmarks?before=1", "/drafts",
        f"/posts/{post}/reply?quote", "/open", f"/d/{key}", "/", "/?show=unread",
        "/?show=followed", "/?show=unread&group=reseau", f"/threads/{key}/new",
    ):  # fmt: skip
        await visitor.get(path)
    await visitor.send(f"/threads/{key}/attention", attention="follow")
    await visitor.send(f"/threads/{key}/read")
    await visitor.send("/read", until="1")
    await visitor.send("/drafts/debate/discard")


@pytest.fixture
def clock() -> FakeClock:
    """It stands where the documents of the neighbours expect it."""
    return FakeClock()


async def test_no_statement_reads_a_growing_table_whole(tmp_path: Path, clock: FakeClock):
    async with pages(tmp_path, clock) as site, staffed(site, clock) as it, Neighbour() as home:
        with Statements(site.node) as said:
            post = await say_everything(it, home)
            elise = await site.member("elise")
            page = await elise.get("/")
            key = re.findall(r"/d/(\w+)", page.text)[0]
            names = {"name": "reseau", "token": "x", "slug": "x", "key": post, "place": post}
            names |= {"step": "network", "act": "split"}
            names["address"] = f"{site.node.site.domain}/c/{key}"
            await open_every_page(site, elise, names)
            for other in ({"name": "elise", "key": key}, {"name": "tilios@127.0.0.1"}):
                await open_every_page(site, site.visitor(), names | other)
            await keep_what_is_ones_own(elise, key, post)
            await carry_everything(elise, key)
            await take_part(elise, post)
            await turn_by_day(it)
        ends = [item.outcome for item in await it.items()]
        with said:
            await turn_by_night(it)
        assert ends.count("done") > len(HANDLERS)
        assert set(ends) == {"done", "ignored"}
        assert len(said.seen) > 100
        scans = await said.scans()
        assert not scans, "\n\n".join(scans)
