"""Posts of peers: created, edited, taken back; each by its author and nobody else."""

from typing import Any

import pytest
from factories import make_group
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.models import Actor, Dialect, Follow
from actors.peers import find_peer
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import ArchivedActivity
from fedi.debates.models.thread import Thread


async def test_a_reply_from_elsewhere_takes_its_place(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    reply = ana.note("Chez nous, une SCIC.", inReplyTo=root.uri)
    await site.hear(ana, ana.create(reply))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.thread_id, post.parent_id, post.depth) == (root.thread_id, root.id, 1)
    assert post.content == "<p>Chez nous, une SCIC.</p>"


async def test_our_group_passes_a_reply_on_as_it_came(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root = await site.open_debate()
    async with Neighbour() as porto:
        rui = porto.actor("rui")
        await site.hear(rui, rui.say("Follow", site.network.uri))
        async with site.node.db.unit() as unit:
            (await find_peer(unit, porto.origin)).dialect = Dialect.NODE
        create = ana.create(ana.note("hello", inReplyTo=root.uri), unknown={"b": 1, "a": 2})
        await site.hear(ana, create)

    (_, announce) = [a for a in await site.said("Announce") if isinstance(a["object"], dict)]
    assert announce["object"] == create
    assert list(announce["object"]) == list(create)


async def test_a_reply_that_was_fetched_before_it_came_is_passed_on_when_it_comes(
    site: OpenSite, ana: Voice
) -> None:
    """An answer overtook it, so it was fetched; those who follow our Group have not heard it."""
    root = await site.open_debate()
    async with Neighbour() as porto:
        rui = porto.actor("rui")
        await site.hear(rui, rui.say("Follow", site.network.uri))
        async with site.node.db.unit() as unit:
            (await find_peer(unit, porto.origin)).dialect = Dialect.NODE
        first = ana.note("first", inReplyTo=root.uri)
        second = ana.note("second", inReplyTo=first["id"], to=[PUBLIC, site.network.uri])
        await site.hear(ana, ana.create(second))
        await site.hear(ana, ana.create(first))
        await site.hear(ana, ana.create(first, id=f"{ana.uri}#again"))

    assert await site.posts() == [root.uri, first["id"], second["id"]]
    announced = [a["object"] for a in await site.said("Announce") if isinstance(a["object"], dict)]
    assert [create["object"]["id"] for create in announced[1:]] == [second["id"], first["id"]]
    assert await site.last_outcome() == "ignored:known"
    async with site.node.db.reading() as unit:
        kept = select(ArchivedActivity.type).where(ArchivedActivity.object_uri == first["id"])
        assert sorted(await unit.session.scalars(kept)) == ["Create", "Note"]


async def test_a_post_to_a_group_of_ours_opens_a_debate(site: OpenSite, ana: Voice) -> None:
    async with site.node.db.unit() as unit:
        group = await make_group(unit, "gouvernance")
    post = ana.note("Qui paie ?", type="Article", name="Ateliers", to=[PUBLIC, group.uri])
    await site.hear(ana, ana.create(post | {"audience": group.uri}))

    async with site.node.db.reading() as unit:
        (thread,) = await unit.session.scalars(select(Thread))
    assert (thread.title, thread.group_id, thread.listed) == ("Ateliers", group.id, True)


async def test_a_post_that_concerns_nobody_here_is_ignored_unfetched(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await site.hear(ana, ana.say("Like", "https://far.example/o/1"))
    asked = len(lisbon.requests)
    await site.hear(
        ana, ana.create(ana.note("hi")), ana.create(ana.note("yes", inReplyTo=lisbon.url("/x")))
    )

    assert (await site.outcomes())[-2:] == ["ignored:unrelated"] * 2
    assert len(lisbon.requests) == asked
    assert await site.posts() == []


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"attributedTo": "https://evil.example/users/eve"}, "owner"),
        ({"attributedTo": 1}, "owner"),
        ({"attributedTo": []}, "owner"),
        ({"id": "https://evil.example/notes/1"}, "owner"),
        ({"content": "x" * 70_000}, "content-too-large"),
        ({"type": "Relationship"}, "not-a-post"),
    ],
)
async def test_a_post_that_is_not_its_senders_or_no_post_is_ignored(
    site: OpenSite, ana: Voice, members: dict[str, Any], reason: str
) -> None:
    root = await site.open_debate()
    reply = ana.note("hi", inReplyTo=root.uri)
    await site.hear(ana, ana.create(reply) | {"object": reply | members})

    assert await site.last_outcome() == f"ignored:{reason}"
    assert await site.posts() == [root.uri]


async def test_another_actor_of_the_same_server_cannot_write_for_somebody(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root, eve = await site.open_debate(), lisbon.actor("eve")
    await site.hear(eve, eve.create(ana.note("hi", inReplyTo=root.uri)))

    assert await site.last_outcome() == "ignored:not-the-author"


async def test_a_post_is_created_once(site: OpenSite, lisbon: Neighbour, ana: Voice) -> None:
    """CVE-2024-37903: nobody else, and not even its author, creates it again."""
    root, eve = await site.open_debate(), lisbon.actor("eve")
    reply = ana.note("hi", inReplyTo=root.uri)
    await site.hear(ana, ana.create(reply), ana.create(reply, id=lisbon.url("/other")))
    await site.hear(eve, eve.create(reply | {"to": [PUBLIC, eve.uri], "attributedTo": eve.uri}))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert post.addressed == []
    assert (await site.outcomes())[1:] == ["ignored:known"] * 2


async def test_a_vote_is_not_shown_as_a_post(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    vote = ana.note("v", inReplyTo=root.uri, name="Pour", content="<br>", to=[root.uri])
    await site.hear(ana, ana.create(vote))

    assert await site.last_outcome() == "ignored:vote"


async def test_a_create_that_names_its_post_has_it_fetched(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    reply = ana.note("hi", inReplyTo=root.uri, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(reply) | {"object": reply["id"], "to": [site.network.uri]})

    assert await site.post_of(reply["id"]) is not None


async def test_ints_and_other_nonsense_among_recipients_are_passed_over(
    site: OpenSite, ana: Voice
) -> None:
    """NodeBB puts category numbers into cc."""
    root = await site.open_debate()
    reply = ana.note("hi", inReplyTo=root.uri, cc=[2, None, {"x": 1}, ana.uri])
    await site.hear(ana, ana.create(reply))

    assert await site.last_outcome() == "done:"


async def test_every_update_of_one_id_is_applied_in_its_order(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    reply = ana.note("one", inReplyTo=root.uri)
    uri = f"{reply['id']}#update"
    two = ana.say("Update", reply | {"content": "two", "updated": "2026-11-25T08:01:00Z"}, id=uri)
    three = ana.say(
        "Update", reply | {"content": "three", "updated": "2026-11-25T08:02:00Z"}, id=uri
    )
    await site.hear(ana, ana.create(reply), three, two)

    post = await site.post_of(reply["id"])
    assert post is not None
    assert post.content == "three"
    assert await site.last_outcome() == "ignored:stale"


async def test_an_update_that_overtakes_its_create_stands_for_it(
    site: OpenSite, ana: Voice
) -> None:
    root = await site.open_debate()
    reply = ana.note("one", inReplyTo=root.uri)
    update = ana.say("Update", reply | {"content": "two", "updated": "2026-11-25T08:01:00Z"})
    await site.hear(ana, update, ana.create(reply))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert post.content == "two"


async def test_nobody_edits_or_deletes_the_post_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root, eve = await site.open_debate(), lisbon.actor("eve")
    reply = ana.note("mine", inReplyTo=root.uri)
    forged = reply | {"content": "forged", "updated": "2026-11-25T08:01:00Z"}
    await site.hear(ana, ana.create(reply))
    await site.hear(
        eve,
        eve.say("Update", forged),
        eve.say("Update", forged | {"attributedTo": eve.uri}),
        eve.say("Delete", reply["id"]),
        eve.say("Delete", root.uri),
    )

    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.content, post.deleted_at) == ("<p>mine</p>", None)
    assert "done:" not in (await site.outcomes())[1:]


@pytest.mark.parametrize("as_tombstone", [True, False])
async def test_an_author_takes_a_post_back(site: OpenSite, ana: Voice, as_tombstone: bool) -> None:
    root = await site.open_debate()
    reply = ana.note("oops", inReplyTo=root.uri)
    about = {"type": "Tombstone", "id": reply["id"]} if as_tombstone else reply["id"]
    await site.hear(ana, ana.create(reply), ana.say("Delete", about, to=[]))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.content, post.deleted_at is not None) == ("", True)


async def test_a_delete_that_overtakes_its_create_wins(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    reply = ana.note("oops", inReplyTo=root.uri)
    await site.hear(ana, ana.say("Delete", reply["id"]), ana.create(reply))

    assert await site.last_outcome() == "ignored:retracted"
    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.content, post.deleted_at is not None) == ("", True)
    assert post.parent_uri == root.uri, "its answers stand below it, as where it came in time"


async def test_an_actor_is_forgotten_when_its_server_confirms_it(
    site: OpenSite, ana: Voice
) -> None:
    await site.hear(ana, ana.say("Follow", site.network.uri))
    await site.hear(ana, ana.say("Delete", ana.uri))
    assert await site.last_outcome() == "ignored:not-gone"

    ana.home.gone(ana.uri)
    await site.hear(ana, ana.say("Delete", ana.uri))

    async with site.node.db.reading() as unit:
        actor = await unit.find(Actor, uri=ana.uri)
    assert actor is not None
    assert actor.gone_at is not None
    assert await site.count(Follow) == 0


async def test_an_update_of_an_actor_has_it_fetched_again(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await site.hear(ana, ana.say("Like", "https://far.example/o/1"))
    lisbon.actor("ana", name="Ana Maria")
    await site.wait(minutes=5)
    await site.hear(ana, ana.say("Update", {"id": ana.uri, "type": "Person", "name": "Eve"}))

    async with site.node.db.reading() as unit:
        actor = await unit.find(Actor, uri=ana.uri)
    assert actor is not None
    assert actor.name == "Ana Maria"


async def test_an_author_closes_a_debate_by_its_context(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """NodeBB deletes a topic by its address; nobody else can."""
    context = lisbon.url("/topic/3")
    root = ana.note("root", context=context, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(root))
    eve = lisbon.actor("eve")
    await site.hear(eve, eve.say("Delete", context))
    assert await site.last_outcome() == "ignored:not-the-author"

    await site.hear(ana, ana.say("Delete", context, origin=context))
    post = await site.post_of(root["id"])
    assert post is not None
    assert post.deleted_at is not None
