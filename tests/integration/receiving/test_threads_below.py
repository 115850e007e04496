"""How debates become whole: what answers a post is read where it is listed."""

import json
from typing import Any

import pytest
from hostile import answer, document
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.followers import accept_follow, request_follow
from actors.models import Actor
from fedi.core.jsonld import dumps
from fedi.core.vocab import ACTIVITY_JSON, AS2, PUBLIC
from fedi.debates.collections import history_page
from fedi.debates.models.post import ArchivedActivity, Post, Reaction
from fedi.debates.models.thread import Thread
from inbox import crawl
from inbox.completion import COOLDOWN, schedule_backfill
from inbox.models import Backfill
from outbox.models import Activity


def chain(voice: Voice, length: int, **members: Any) -> list[dict[str, Any]]:
    """Posts each of which answers the one before."""
    posts: list[dict[str, Any]] = []
    for index in range(length):
        above = {"inReplyTo": posts[-1]["id"]} if posts else {}
        posts.append(voice.note(f"post{index}", **above, **members))
    return posts


def ids(posts: list[dict[str, Any]]) -> list[str]:
    return [post["id"] for post in posts]


def asked(neighbour: Neighbour) -> int:
    """How many posts and pages were asked of a server."""
    return sum(not target.startswith("/users/") for target in neighbour.targets)


def collection(
    home: Neighbour, path: str, items: list[Any], *, size: int = 50, **members: Any
) -> str:
    """Serve an ordered collection in pages, the first items inline as well."""
    uri = home.url(path)
    pages = [items[start : start + size] for start in range(0, len(items), size)] or [[]]
    base = {"@context": AS2, "id": uri, "type": "OrderedCollection", "totalItems": len(items)}
    first = {"first": f"{uri}?page=1", "orderedItems": pages[0]}
    home.on(path, document(base | first | members))
    for number, page in enumerate(pages, 1):
        more = {"next": f"{uri}?page={number + 1}"} if number < len(pages) else {}
        home.on(
            f"{path}?page={number}",
            document(
                {"@context": AS2, "id": f"{uri}?page={number}", "type": "OrderedCollectionPage"}
                | {"partOf": uri, "orderedItems": page}
                | more
            ),
        )
    return uri


def bury(home: Neighbour, post: dict[str, Any], *, without: str = "") -> None:
    """Serve a Tombstone in place of a post, as our own nodes do."""
    told = ("@context", "id", "attributedTo", "inReplyTo", "context", "published")
    kept = {name: post[name] for name in told if name in post and name != without}
    dead = kept | {"type": "Tombstone", "formerType": post["type"]}
    body = json.dumps(dead).encode()
    home.on(post["id"].removeprefix(home.origin), answer(410, body, ACTIVITY_JSON))


async def backfill(site: OpenSite, uri: str) -> Backfill:
    """Read a collection now; its row afterwards."""
    async with site.node.db.unit() as unit:
        await schedule_backfill(unit, uri, reason="test")
    while await site.backfiller.run_once():
        pass
    async with site.node.db.reading() as unit:
        row = await unit.find(Backfill, uri=uri)
    assert row is not None
    return row


async def test_a_debate_is_completed_from_its_context(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    context = lisbon.url("/c/1")
    posts = chain(ana, 12, context=context)
    collection(lisbon, "/c/1", ids(posts), size=5)
    await site.resolver.find_post(posts[0]["id"])
    assert len(await site.posts()) == 1

    while await site.backfiller.run_once():
        pass
    assert await site.posts() == ids(posts)


async def test_what_was_deleted_keeps_its_place_for_those_who_come_later(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    context = lisbon.url("/c/1")
    posts = chain(ana, 4, context=context)
    for post in (posts[1], posts[3]):
        bury(lisbon, post)
    collection(lisbon, "/c/1", ids(posts))
    await backfill(site, context)

    assert await site.posts() == ids(posts)
    rows = [await site.post_of(uri) for uri in ids(posts)]
    assert [row and (row.depth, row.deleted_at is not None) for row in rows] == [
        (0, False),
        (1, True),
        (2, False),
        (3, True),
    ]
    assert rows[1] is not None
    assert (rows[1].type, rows[1].content) == ("Note", "")
    await site.hear(ana, ana.create(posts[1] | {"to": [PUBLIC, site.network.uri]}))
    again = await site.post_of(posts[1]["id"])
    assert again is not None
    assert again.content == ""


async def test_who_was_away_learns_from_the_history_what_was_taken_back(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """And tells it in turn: what it heard is in the history that it serves."""
    root = await site.open_debate()
    reply = ana.note("reply", inReplyTo=root.uri, context=root.context_uri)
    delete = ana.prove(ana.say("Delete", reply["id"]), site.clock.now)
    await site.hear(ana, ana.create(reply), delete)
    async with site.node.db.reading() as unit:
        thread = await unit.find(Thread, id=root.thread_id)
        assert thread is not None
        page = json.loads(dumps(await history_page(unit, thread, 1)))
    assert page["orderedItems"][-1] == delete

    posts = chain(ana, 2, context=lisbon.url("/c/1"))
    collection(lisbon, "/c/1", ids(posts))
    await backfill(site, lisbon.url("/c/1"))
    taken_back = ana.prove(ana.say("Delete", posts[1]["id"]), site.clock.now)
    history = collection(lisbon, "/c/1/history", [ana.create(posts[0]), taken_back])
    collection(lisbon, "/c/1", ids(posts), contextHistory=history)
    site.clock.advance(COOLDOWN)
    await backfill(site, lisbon.url("/c/1"))
    gone = await site.post_of(posts[1]["id"])
    assert gone is not None
    assert gone.deleted_at is not None


@pytest.mark.parametrize("left", ["published", "attributedTo"])
async def test_a_tombstone_that_says_too_little_is_left_out(
    site: OpenSite, lisbon: Neighbour, ana: Voice, left: str
) -> None:
    """NodeBB tells neither when the post was written nor what it answered."""
    posts = chain(ana, 2, context=lisbon.url("/c/1"))
    bury(lisbon, posts[1], without=left)
    collection(lisbon, "/c/1", ids(posts))
    await backfill(site, lisbon.url("/c/1"))

    assert await site.posts() == ids(posts[:1])


async def test_a_tombstone_alone_is_no_debate(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("alone", context=lisbon.url("/c/1"))
    bury(lisbon, post)
    collection(lisbon, "/c/1", ids([post]))
    await backfill(site, lisbon.url("/c/1"))

    assert await site.posts() == []


async def test_a_debate_without_a_context_is_completed_from_replies_to_replies(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """As GoToSocial lists them: an embedded first page without items, then a next one."""
    posts = chain(ana, 4)
    for index, post in enumerate(posts):
        uri = f"{post['id']}/replies"
        first = {"id": f"{uri}?page=0", "type": "CollectionPage", "next": f"{uri}?page=1"}
        embedded = {"id": uri, "type": "Collection", "first": first}
        lisbon.on(post["id"].removeprefix(lisbon.origin), document(post | {"replies": embedded}))
        path = uri.removeprefix(lisbon.origin)
        lisbon.on(path, document({"@context": AS2} | embedded))
        page = {"@context": AS2, "id": f"{uri}?page=1", "type": "CollectionPage"}
        lisbon.on(f"{path}?page=1", document(page | {"items": ids(posts[index + 1 : index + 2])}))
    await site.resolver.find_post(posts[0]["id"])

    while await site.backfiller.run_once():
        pass
    assert await site.posts() == ids(posts)


async def test_the_history_of_a_debate_speaks_for_authors_whose_server_is_gone(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    async with Neighbour() as porto:
        rui = porto.actor("rui")
        root = ana.note("root", context=lisbon.url("/c/1"))
        reply = rui.note("reply", inReplyTo=root["id"], context=lisbon.url("/c/1"))
        create = rui.prove(rui.create(reply), site.clock.now)
        like = rui.prove(rui.say("Like", root["id"]), site.clock.now)
        forged = rui.say("Like", reply["id"], id=f"{rui.uri}#like")
        history = collection(lisbon, "/c/1/history", [ana.create(root), create, like, forged])
        collection(lisbon, "/c/1", ids([root, reply]), contextHistory=history)
        porto.gone(reply["id"], 503)
        await backfill(site, lisbon.url("/c/1"))

    assert await site.posts() == ids([root, reply])
    async with site.node.db.reading() as unit:
        kept = await unit.session.scalars(select(ArchivedActivity))
        trusts = {row.object_uri: row.trust for row in kept}
        reactions = list(await unit.session.scalars(select(Reaction.uri)))
    assert trusts == {root["id"]: "fetched", reply["id"]: "proof"}
    assert reactions == [like["id"]]


async def test_the_outbox_of_a_network_brings_its_debates(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    tilios = lisbon.actor("tilios", "Group")
    roots = [ana.note(f"root{index}", to=[PUBLIC, tilios.uri]) for index in range(3)]
    said = [
        tilios.say("Announce", roots[0]["id"]),
        tilios.say("Announce", ana.create(roots[1])),
        ana.say("Announce", ana.note("unwanted")["id"]),
        tilios.say("Announce", roots[2]["id"]),
    ]
    collection(lisbon, "/users/tilios/outbox", said)
    await site.hear(tilios, tilios.say("Like", "https://far.example/o/1"))
    async with site.node.db.unit() as unit:
        network = await unit.find(Actor, id=site.network.id)
        actor = await unit.find(Actor, uri=tilios.uri)
        assert network is not None
        assert actor is not None
        await accept_follow(unit, await request_follow(unit, "urn:f", network, actor))
    await backfill(site, f"{tilios.uri}/outbox")

    assert set(await site.posts()) == set(ids(roots))


async def test_a_collection_without_end_is_read_to_its_bound(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    uri = lisbon.url("/c/1")
    for number in range(40):
        page = {"@context": AS2, "id": f"{uri}?n={number}", "type": "OrderedCollectionPage"}
        more = {"orderedItems": [], "next": f"{uri}?n={number + 1}"}
        lisbon.on(f"/c/1?n={number}", document(page | more))
    root = {"@context": AS2, "id": uri, "type": "OrderedCollection", "first": f"{uri}?n=0"}
    lisbon.on("/c/1", document(root))
    await backfill(site, uri)

    assert len(lisbon.requests) <= 11


@pytest.mark.parametrize("with_history", [True, False])
async def test_a_debate_too_long_for_one_reading_is_read_on_later(
    site: OpenSite,
    lisbon: Neighbour,
    ana: Voice,
    monkeypatch: pytest.MonkeyPatch,
    with_history: bool,
) -> None:
    monkeypatch.setattr(crawl, "MAX_PAGES", 2)
    posts = chain(ana, 24, context=lisbon.url("/c/1"))
    creates = [ana.create(post) for post in posts[:20]] if with_history else []
    history = collection(lisbon, "/c/1/history", creates, size=5)
    collection(lisbon, "/c/1", ids(posts), size=5, contextHistory=history)
    await backfill(site, lisbon.url("/c/1"))
    assert 5 <= len(await site.posts()) < 20

    for _ in range(5):
        site.clock.advance(COOLDOWN)
        while await site.backfiller.run_once():
            pass
    assert await site.posts() == ids(posts)
    asked_in_the_end = len(lisbon.requests)
    site.clock.advance(10 * COOLDOWN)
    await site.backfiller.run_once()
    assert len(lisbon.requests) == asked_in_the_end


@pytest.mark.parametrize("link", ["self", "elsewhere"])
async def test_a_page_that_leads_in_a_circle_or_away_is_not_followed(
    site: OpenSite, lisbon: Neighbour, link: str
) -> None:
    async with Neighbour() as evil:
        uri = lisbon.url("/c/1")
        target = uri if link == "self" else evil.url("/c/1")
        page = {"@context": AS2, "id": uri, "type": "OrderedCollection", "orderedItems": []}
        lisbon.on("/c/1", document(page | {"next": target, "first": target}))
        await backfill(site, uri)

        assert (len(lisbon.requests), len(evil.requests)) == (1, 0)


async def test_nonsense_among_the_items_keeps_nothing_else_away(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    good = ana.note("good")
    items = [
        None,
        4,
        {},
        "javascript:x",
        lisbon.url("/nowhere"),
        {"id": lisbon.url("/x"), "type": "Create"},
        {"id": lisbon.url("/y"), "type": "Note", "attributedTo": 1},
        good["id"],
    ]
    row = await backfill(site, collection(lisbon, "/c/1", items))

    assert await site.posts() == [good["id"]]
    assert row.finished_at is not None


async def test_a_collection_rests_before_it_is_read_again(
    site: OpenSite, lisbon: Neighbour
) -> None:
    uri = collection(lisbon, "/c/1", [])
    await backfill(site, uri)
    asked_first = len(lisbon.requests)
    await backfill(site, uri)
    assert len(lisbon.requests) == asked_first

    site.clock.advance(COOLDOWN)
    assert await site.backfiller.run_once() == 1
    assert len(lisbon.requests) > asked_first


async def test_a_silent_collection_is_tried_again_and_given_up_in_the_end(
    site: OpenSite, lisbon: Neighbour
) -> None:
    lisbon.gone(lisbon.url("/c/1"), 503)
    row = await backfill(site, lisbon.url("/c/1"))
    assert row.finished_at is None
    for _ in range(6):
        site.clock.advance(COOLDOWN * 8)
        await site.backfiller.run_once()

    async with site.node.db.reading() as unit:
        (row,) = await unit.session.scalars(select(Backfill))
    assert row.finished_at is not None


async def test_what_is_read_from_a_collection_is_not_passed_on(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await site.hear(ana, ana.say("Follow", site.network.uri))
    post = ana.note("old", to=[PUBLIC, site.network.uri])
    create = ana.prove(ana.create(post), site.clock.now)
    await backfill(site, collection(lisbon, "/c/1", [create]))

    async with site.node.db.reading() as unit:
        assert await unit.find(Post, uri=post["id"]) is not None
        kinds = set(await unit.session.scalars(select(Activity.type)))
    assert kinds == {"Accept"}
