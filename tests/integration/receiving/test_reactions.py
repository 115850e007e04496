"""Likes and boosts: one of each kind per actor, until it is undone."""

from typing import Any

import pytest
from inboxes import Neighbour, OpenSite, Voice

from fedi.debates.models.post import Reaction


async def test_a_like_counts_once_until_it_is_undone(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    like = ana.say("Like", root.uri)
    await site.hear(ana, like, ana.say("Like", root.uri))
    post = await site.post_of(root.uri)
    assert post is not None
    assert post.like_count == 1

    await site.hear(ana, ana.say("Undo", like))
    post = await site.post_of(root.uri)
    assert post is not None
    assert post.like_count == 0


async def test_a_like_with_the_whole_post_inside_counts(site: OpenSite, ana: Voice) -> None:
    """NodeBB embeds what is liked."""
    root = await site.open_debate()
    await site.hear(ana, ana.say("Like", {"id": root.uri, "type": "Article", "name": "x"}))

    assert await site.count(Reaction) == 1


async def test_an_undo_that_overtakes_its_like_wins(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    like = ana.say("Like", root.uri)
    await site.hear(ana, ana.say("Undo", like), like)

    assert await site.count(Reaction) == 0
    assert await site.last_outcome() == "ignored:retracted"


async def test_a_like_waits_for_its_post(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    reply = ana.note("hi", inReplyTo=root.uri)
    await site.hear(ana, ana.say("Like", reply["id"]), ana.create(reply))
    assert await site.count(Reaction) == 0

    await site.wait(minutes=1)
    assert await site.count(Reaction) == 1


async def test_a_like_of_what_never_comes_is_ignored_in_the_end(site: OpenSite, ana: Voice) -> None:
    await site.hear(ana, ana.say("Like", "https://far.example/o/1"))
    for _ in range(4):
        await site.wait(hours=1)

    assert await site.outcomes() == ["ignored:unknown-object"]


async def test_nobody_undoes_the_like_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root, eve = await site.open_debate(), lisbon.actor("eve")
    like = ana.say("Like", root.uri)
    await site.hear(ana, like)
    await site.hear(
        eve,
        eve.say("Undo", like),
        eve.say("Undo", like["id"]),
        eve.say("Undo", like | {"actor": eve.uri}),
    )

    assert await site.count(Reaction) == 1


async def test_a_boost_is_counted_and_taken_back(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    boost = ana.say("Announce", root.uri)
    await site.hear(ana, boost)
    assert await site.count(Reaction) == 1

    await site.hear(ana, ana.say("Undo", boost | {"object": 4}))
    assert await site.count(Reaction) == 0


@pytest.mark.parametrize("undone", [{"type": "Undo"}, {"type": "Create"}, 4, None, []])
async def test_an_undo_of_nothing_we_can_undo_is_harmless(
    site: OpenSite, ana: Voice, undone: Any
) -> None:
    if isinstance(undone, dict):
        undone |= {"actor": ana.uri, "id": ana.home.url("/a/1")}
    await site.hear(ana, ana.say("Undo", undone))

    assert (await site.last_outcome()).split(":")[0] in ("ignored", "done")


async def test_nobody_keeps_away_what_another_is_about_to_say(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root = await site.open_debate()
    reply, like = ana.note("hi", inReplyTo=root.uri), ana.say("Like", root.uri)
    async with Neighbour() as evil:
        eve = evil.actor("eve")
        for uri in (reply["id"], like["id"]):
            await site.hear(eve, eve.say("Undo", uri), eve.say("Delete", uri))
    await site.hear(ana, ana.create(reply), like)

    assert await site.post_of(reply["id"]) is not None
    assert await site.count(Reaction) == 1
