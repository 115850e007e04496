"""Two nodes that exchange the bytes they publish hold the same debate."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import FakeClock, make_group, make_node, make_person
from photos import photo
from sqlalchemy import select

from actors.document import read_actor, write_actor
from actors.keys import public_keys
from actors.known import FetchedActor, store_actor
from actors.models import Actor
from fedi.accounts.hats import Hat
from fedi.core.images import Gallery
from fedi.core.jsonld import dumps, id_of, parse_document
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.archive import Evidence
from fedi.debates.extras import Extras
from fedi.debates.images import Shot, keep_image
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import (
    accept_remote_delete,
    accept_remote_edit,
    accept_remote_post,
    delete_post,
    edit_post,
    write_reply,
)
from fedi.debates.received_note import read_object
from fedi.debates.threads import find_thread, list_threads, open_thread, read_page
from outbox.models import Activity

SHOWN = "uri author_uri parent_uri path title summary content language published_at updated_at"

TEXT = """Au printemps, une *fraiseuse* a voyagé. Voir https://lyon.example/machines.

- Qui décide ?
- Qui paie ? #outils
"""


@pytest.fixture
async def nodes(tmp_path: Path, clock: FakeClock) -> AsyncIterator[tuple[Node, Node]]:
    """Lille and Lyon, each with one member who the other knows."""
    lille = await make_node(tmp_path, "lille.test", clock=clock, network="lille")
    lyon = await make_node(tmp_path, "lyon.test", clock=clock, network="lyon")
    async with lille.db.unit() as unit:
        await make_person(unit, "camille")
        await make_group(unit, "outils")
    async with lyon.db.unit() as unit:
        await make_person(unit, "ines")
    await introduce(lille, lyon)
    await introduce(lyon, lille)
    yield lille, lyon
    await lille.close()
    await lyon.close()


async def introduce(node: Node, other: Node) -> None:
    """Let a node know the actors of another by the documents these serve."""
    async with node.db.reading() as unit:
        actors = (await unit.session.scalars(select(Actor).where(Actor.role.is_not(None)))).all()
        documents = [
            write_actor(actor, await public_keys(unit, actor), unit.site) for actor in actors
        ]
    async with other.db.unit() as unit:
        for document in documents:
            await store_actor(unit, FetchedActor(read_actor(document), dumps(document)))


async def exchange(one: Node, other: Node) -> None:
    """Bring to a node what members of another said, as it was sent."""
    async with one.db.reading() as unit:
        query = select(Activity).where(Activity.type.in_(["Create", "Update", "Delete"]))
        activities = (await unit.session.scalars(query.order_by(Activity.id))).all()
    for activity in activities:
        async with other.db.unit() as unit:
            await hear(unit, activity)


async def hear(unit: Unit, activity: Activity) -> None:
    document = parse_document(activity.body)
    author = await unit.find(Actor, uri=document["actor"])
    assert author is not None
    evidence = Evidence(activity.uri, activity.type, activity.body, "signature")
    if activity.type == "Delete":
        await accept_remote_delete(unit, id_of(document["object"]) or "", author)
        return
    post = read_object(document["object"])
    if activity.type == "Create":
        await accept_remote_post(unit, post, author, evidence=evidence)
    else:
        await accept_remote_edit(unit, post, author, evidence=evidence)


async def actor(unit: Unit, uri: str) -> Actor:
    found = await unit.find(Actor, uri=uri)
    assert found is not None
    return found


async def post_at(unit: Unit, uri: str) -> Post:
    found = await unit.find(Post, uri=uri)
    assert found is not None
    return found


async def held(node: Node, uri: str) -> list[Any]:
    """All that a node shows of a debate, and that must be the same elsewhere."""
    async with node.db.reading() as unit:
        thread = await find_thread(unit, uri)
        assert thread is not None
        rows = await read_page(unit, thread)
        facts: list[Any] = [tuple(getattr(row, name) for name in SHOWN.split()) for row in rows]
        gone = [row.uri for row in rows if row.deleted_at is not None]
        return [*facts, gone, thread.uri, thread.title, thread.question, thread.post_count]


@pytest.mark.parametrize("kind", ["Note", "Article"])
async def test_a_debate_between_two_nodes_is_the_same_on_both(
    nodes: tuple[Node, Node], clock: FakeClock, kind: Any
) -> None:
    lille, lyon = nodes
    async with lille.db.unit() as unit:
        camille = await actor(unit, "https://lille.test/p/camille")
        thread = await open_thread(
            unit,
            camille,
            await actor(unit, "https://lille.test/g/outils"),
            title="Prêter nos machines : à quelles conditions ?",
            question="Que faut-il écrire ?",
            text=TEXT,
            language="fr",
            kind=kind,
        )
    await exchange(lille, lyon)
    clock.advance(timedelta(minutes=5))
    async with lyon.db.unit() as unit:
        ines = await actor(unit, "https://lyon.test/p/ines")
        root = await post_at(unit, thread.root_uri)
        one = await write_reply(unit, ines, root, text="Chez nous, @camille, rien.")
        two = await write_reply(unit, ines, root, text="Et encore.")
    await exchange(lyon, lille)
    clock.advance(timedelta(minutes=5))
    async with lille.db.unit() as unit:
        camille = await actor(unit, camille.uri)
        await write_reply(unit, camille, await post_at(unit, one.uri), text="Pourtant…")
        root = await post_at(unit, root.uri)
        await edit_post(unit, camille, root, text=TEXT + "\nEt voilà.", title="Prêter")
    clock.advance(timedelta(minutes=5))
    async with lyon.db.unit() as unit:
        await delete_post(unit, await actor(unit, ines.uri), await post_at(unit, two.uri))
    await exchange(lille, lyon)
    await exchange(lyon, lille)

    in_lille, in_lyon = await held(lille, thread.uri), await held(lyon, thread.uri)
    assert in_lille == in_lyon
    assert in_lille[-5:] == [[two.uri], thread.uri, "Prêter", "Que faut-il écrire ?", 4]


async def test_what_a_node_archives_is_what_the_other_published(
    nodes: tuple[Node, Node],
) -> None:
    lille, lyon = nodes
    async with lille.db.unit() as unit:
        camille = await actor(unit, "https://lille.test/p/camille")
        group = await actor(unit, "https://lille.test/g/outils")
        await open_thread(unit, camille, group, title="Machines", text=TEXT)
    await exchange(lille, lyon)
    archives = []
    for node in nodes:
        async with node.db.reading() as unit:
            rows = await unit.session.scalars(select(ArchivedActivity))
            archives.append([(row.activity_uri, row.body) for row in rows])
            assert (await unit.session.scalars(select(Thread))).one().title == "Machines"

    assert archives[0] == archives[1]


async def test_for_whom_one_writes_tags_and_images_travel(nodes: tuple[Node, Node]) -> None:
    lille, lyon = nodes
    fabrique = Hat("La Fabrique", "Lille", "https://fabrique.example/")
    painted = await Gallery(lille.config.media_dir).take_in(photo())
    async with lille.db.unit() as unit:
        camille = await actor(unit, "https://lille.test/p/camille")
        image = keep_image(unit, camille, painted)
        shot = Shot(image.key, "Le four, vu de la cour")
        thread = await open_thread(
            unit,
            camille,
            await actor(unit, "https://lille.test/g/outils"),
            title="Un four pour six",
            text=TEXT,
            language="fr",
            extras=Extras(fabrique, ["Économie"], [shot]),
        )
    await exchange(lille, lyon)

    async with lyon.db.reading() as unit:
        root = await post_at(unit, thread.root_uri)
        assert (root.hat, root.hat_link) == ("La Fabrique, Lille", "https://fabrique.example/")
        assert root.tags == ["Économie", "outils"]
        assert "Pour La Fabrique" not in root.content, "it stands above the text"
        address = f"https://lille.test/media/{painted.digest}.jpg"
        assert f'<a href="{address}" ' in root.content
        assert ">Le four, vu de la cour</a>" in root.content
        for name in ("economie", "outils"):
            assert [row.title for row in await list_threads(unit, tag=name)] == ["Un four pour six"]
        assert await list_threads(unit, tag="bois") == []
        (row,) = await list_threads(unit, origin="https://lille.test")
        assert row.tags == ["Économie", "outils"]

    async with lille.db.reading() as unit:
        document = parse_document((await post_at(unit, thread.root_uri)).document or b"")
    assert document["content"].endswith("<p><em>Pour La Fabrique, Lille</em></p>")
    async with lille.db.unit() as unit:
        camille = await actor(unit, camille.uri)
        root = await post_at(unit, thread.root_uri)
        await edit_post(unit, camille, root, text=TEXT, extras=Extras(None, ["bois"]))
    await exchange(lille, lyon)
    async with lyon.db.reading() as unit:
        root = await post_at(unit, thread.root_uri)
        assert (root.hat, root.tags) == (None, ["bois", "outils"])
        assert await list_threads(unit, tag="economie") == []
