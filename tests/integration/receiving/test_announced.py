"""What Groups announce is proved or fetched again, or it is nothing."""

import json
from typing import Any

import pytest
from factories import make_person
from hostile import document
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import func, select

from actors.models import Actor
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import ArchivedActivity, Reaction
from fedi.debates.models.thread import Featured, Thread
from inbox.models import Backfill
from outbox.models import Activity


async def text_of(site: OpenSite, post: dict[str, Any]) -> str | None:
    stored = await site.post_of(post["id"])
    return stored.content if stored is not None else None


def asked(neighbour: Neighbour, post: dict[str, Any]) -> int:
    return neighbour.targets.count(post["id"].removeprefix(neighbour.origin))


async def test_a_group_we_follow_brings_a_debate_with_all_that_is_above(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    context = tilios.home.url("/c/1")
    root = tilios.note("root", to=[PUBLIC, tilios.uri], audience=tilios.uri, context=context)
    middle = ana.note("middle", inReplyTo=root["id"], context=context)
    last = ana.note("last", inReplyTo=middle["id"], context=context)
    await site.hear(tilios, tilios.say("Announce", last["id"]))

    assert await site.posts() == [root["id"], middle["id"], last["id"]]
    async with site.node.db.reading() as unit:
        (thread,) = await unit.session.scalars(select(Thread))
        (backfill,) = await unit.session.scalars(select(Backfill.uri))
        trusts = set(await unit.session.scalars(select(ArchivedActivity.trust)))
        group = await unit.find(Actor, id=thread.group_id)
    assert (thread.uri, backfill) == (context, context)
    assert group is not None
    assert group.uri == tilios.uri
    assert trusts == {"fetched"}


async def test_a_network_brings_the_debates_of_its_groups(
    site: OpenSite, porto: Neighbour, tilios: Voice, ana: Voice
) -> None:
    """Nobody here follows the Group itself, and the debate is its all the same."""
    group = porto.actor("gouvernance", "Group")
    root = ana.note("root", to=[PUBLIC, group.uri], audience=group.uri)
    await site.hear(tilios, tilios.say("Announce", root["id"]))

    async with site.node.db.reading() as unit:
        (thread,) = await unit.session.scalars(select(Thread))
        owner = await unit.find(Actor, id=thread.group_id)
    assert owner is not None
    assert owner.uri == group.uri


async def test_a_post_that_is_named_rather_than_embedded_is_fetched(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    post = ana.note("hello")
    await site.hear(tilios, tilios.say("Announce", {"id": post["id"], "type": "Note"}))

    assert await site.posts() == [post["id"]]


async def test_a_stranger_brings_nothing(site: OpenSite, lisbon: Neighbour, ana: Voice) -> None:
    eve, post = lisbon.actor("eve"), ana.note("hello")
    await site.hear(eve, eve.say("Announce", post["id"]))

    assert await site.last_outcome() == "ignored:unrelated"
    assert asked(lisbon, post) == 0


async def test_what_is_announced_is_as_its_own_server_says(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    """The post embedded in an Announce was altered on the way."""
    post = ana.note("true")
    await site.hear(tilios, tilios.say("Announce", ana.create(post | {"content": "false"})))
    other = ana.note("also_true")
    await site.hear(tilios, tilios.say("Announce", other | {"content": "false"}))

    assert await text_of(site, post) == "<p>true</p>"
    assert await text_of(site, other) == "<p>also_true</p>"


async def test_a_post_that_its_server_does_not_have_is_not_believed(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("invented")
    lisbon.gone(post["id"], 404)
    await site.hear(tilios, tilios.say("Announce", ana.create(post)))

    assert await site.last_outcome() == "ignored:not-found"
    assert await site.posts() == []


async def test_a_proof_speaks_where_the_server_is_silent(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("proved", cc=[ana.uri])
    lisbon.gone(post["id"], 500)
    create = ana.prove(ana.create(post), site.clock.now)
    await site.hear(tilios, tilios.say("Announce", create))

    assert await text_of(site, post) == "<p>proved</p>"
    assert asked(lisbon, post) == 0
    async with site.node.db.reading() as unit:
        (kept,) = await unit.session.scalars(select(ArchivedActivity))
    assert kept.trust == "proof"
    assert json.loads(kept.body) == create


async def test_the_proof_of_the_post_itself_is_enough(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.prove(ana.note("proved"), site.clock.now)
    lisbon.gone(post["id"], 500)
    await site.hear(tilios, tilios.say("Announce", post))

    assert await text_of(site, post) == "<p>proved</p>"


async def test_a_proof_that_does_not_hold_proves_nothing(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("true")
    altered = ana.prove(ana.create(post), site.clock.now)
    altered["object"] = post | {"content": "false"}
    await site.hear(tilios, tilios.say("Announce", altered))
    eve = lisbon.actor("eve")
    forged = eve.prove(ana.create(ana.note("other") | {"content": "false"}), site.clock.now)
    await site.hear(tilios, tilios.say("Announce", forged))

    assert await text_of(site, post) == "<p>true</p>"
    assert "false" not in json.dumps([await text_of(site, forged["object"])])


@pytest.mark.parametrize("kind", ["Announce", "Follow", "Accept", "Block", "Move", "Flag"])
async def test_what_is_not_for_everybody_is_not_announced(
    site: OpenSite, tilios: Voice, ana: Voice, kind: str
) -> None:
    post = ana.note("hello")
    await site.hear(tilios, tilios.say("Announce", ana.say(kind, post["id"])))

    # A Group may announce that it moves a debate; this one names none.
    reason = "no-object" if kind == "Move" else "not-announceable"
    assert await site.last_outcome() == f"ignored:{reason}"
    assert await site.posts() == []


async def test_a_batch_in_one_announce_is_unwrapped(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    """PieFed sends lists, Hubzilla collections."""
    first, second, third = ana.note("first"), ana.note("second"), ana.note("third")
    batch = [ana.create(first), ana.create(second)]
    await site.hear(tilios, tilios.say("Announce", batch))
    collection = {"type": "OrderedCollection", "orderedItems": [ana.create(third)]}
    await site.hear(tilios, tilios.say("Announce", collection))

    assert len(await site.posts()) == 3


async def test_our_own_words_that_come_back_are_not_fetched(site: OpenSite, tilios: Voice) -> None:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
    note = {"id": f"{site.node.site.url}/o/x", "type": "Note", "attributedTo": camille.uri}
    create = {"type": "Create", "id": f"{note['id']}#create", "actor": camille.uri, "object": note}
    await site.hear(tilios, tilios.say("Announce", create), tilios.say("Announce", note))

    assert (await site.outcomes())[-2:] == ["ignored:own-actor"] * 2


async def test_what_was_announced_is_not_passed_on(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    post = ana.note("hello", to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.say("Follow", site.network.uri))
    await site.hear(tilios, tilios.say("Announce", ana.create(post)))

    assert len(await site.posts()) == 1
    async with site.node.db.reading() as unit:
        kinds = set(await unit.session.scalars(select(Activity.type)))
    assert kinds == {"Accept"}


async def test_an_announced_edit_is_read_at_its_source(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    post = ana.note("one")
    await site.hear(tilios, tilios.say("Announce", ana.create(post)))
    ana.note("one", content="two", updated="2026-11-25T08:30:00Z")
    forged = post | {"content": "forged", "updated": "2026-11-25T08:40:00Z"}
    await site.hear(tilios, tilios.say("Announce", ana.say("Update", forged)))

    assert await text_of(site, post) == "two"


async def test_hearing_the_same_twice_is_nothing_to_write_down(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    """Authors tell every server that takes part, and their Group tells its followers."""
    post = ana.note("one", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    edited = post | {"content": "two", "updated": "2026-11-25T08:30:00Z"}
    said = [ana.create(post), ana.say("Update", edited), ana.say("Delete", post["id"])]
    for activity in said:
        proved = ana.prove(activity, site.clock.now)
        await site.hear(ana, proved)
        await site.hear(tilios, tilios.say("Announce", proved))

    assert (await site.outcomes())[-6:] == ["done:", "ignored:known"] * 3
    assert await site.journal_codes() == set()


@pytest.mark.parametrize("tombstone", [True, False])
async def test_an_announced_delete_is_confirmed_by_the_source(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice, tombstone: bool
) -> None:
    post = ana.note("oops")
    await site.hear(tilios, tilios.say("Announce", ana.create(post)))
    lisbon.gone(post["id"])
    if tombstone:
        dead = {"@context": post["@context"], "id": post["id"], "type": "Tombstone"}
        lisbon.on("/notes/oops", document(dead))
    await site.hear(tilios, tilios.say("Announce", ana.say("Delete", post["id"])))

    stored = await site.post_of(post["id"])
    assert stored is not None
    assert (stored.content, stored.removed_by_id) == ("", None)


async def test_a_group_hides_a_post_from_its_own_debates_only(
    site: OpenSite, tilios: Voice, porto: Neighbour, ana: Voice
) -> None:
    """The post is still there at its source: the author did not take it back."""
    moderator = porto.actor("moderator")
    inside = ana.note("inside", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    outside = ana.note("outside", to=[PUBLIC, site.network.uri])
    for post in (inside, outside):
        await site.hear(ana, ana.create(post))
        delete = moderator.say("Delete", post["id"], summary="off topic")
        await site.hear(tilios, tilios.say("Announce", delete))

    hidden, kept = await site.post_of(inside["id"]), await site.post_of(outside["id"])
    assert hidden is not None
    assert kept is not None
    assert hidden.deleted_at is not None
    assert (hidden.removed_by_id is not None, hidden.removal_reason) == (True, "off topic")
    assert kept.deleted_at is None


async def test_a_proof_of_a_moderator_takes_nothing_from_the_word_of_the_group(
    site: OpenSite, tilios: Voice, porto: Neighbour, lisbon: Neighbour, ana: Voice
) -> None:
    """Nor does it lend any to somebody who looks after nothing."""
    moderator, eve = porto.actor("moderator"), lisbon.actor("eve")
    inside = ana.note("inside", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    outside = ana.note("outside", to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(inside), ana.create(outside))
    for post in (inside, outside):
        delete = moderator.prove(
            moderator.say("Delete", post["id"], summary="off topic"), site.clock.now
        )
        await site.hear(tilios, tilios.say("Announce", delete))
    await site.hear(eve, eve.say("Delete", inside["id"]))

    hidden, kept = await site.post_of(inside["id"]), await site.post_of(outside["id"])
    assert hidden is not None
    assert kept is not None
    assert (hidden.removed_by_id is not None, hidden.removal_reason) == (True, "off topic")
    assert kept.deleted_at is None


async def test_a_group_changes_its_own_collection_for_its_moderators(
    site: OpenSite, porto: Neighbour, tilios: Voice, ana: Voice
) -> None:
    featured = f"{porto.origin}/users/tilios/featured"
    porto.actor("tilios", "Group", featured=featured)
    await site.hear(tilios, tilios.say("Update", tilios.uri))
    post = ana.note("hello", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    await site.hear(ana, ana.create(post))
    moderator = porto.actor("moderator")
    add = moderator.say("Add", post["id"], target=featured)
    elsewhere = moderator.say("Add", post["id"], target=f"{site.network.uri}/featured")
    await site.hear(tilios, tilios.say("Announce", elsewhere), tilios.say("Announce", add))

    async with site.node.db.reading() as unit:
        (row,) = await unit.session.scalars(select(Featured))
        group = await unit.find(Actor, uri=tilios.uri)
    assert group is not None
    assert row.group_id == group.id


async def likes(site: OpenSite) -> int:
    async with site.node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(Reaction)) or 0


async def test_an_announced_vote_counts_when_it_is_proved_or_found(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    rui, eve = lisbon.actor("rui"), lisbon.actor("eve")
    post = ana.note("hello", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    await site.hear(ana, ana.create(post))

    invented = eve.say("Like", post["id"], id=f"{eve.uri}#like/1")
    await site.hear(tilios, tilios.say("Announce", invented))
    assert (await likes(site), await site.last_outcome()) == (0, "ignored:unverified")

    proved = eve.prove(eve.say("Like", post["id"]), site.clock.now)
    await site.hear(tilios, tilios.say("Announce", proved))
    assert await likes(site) == 1

    served = rui.say("Dislike", post["id"])
    lisbon.on(served["id"].removeprefix(lisbon.origin), document(served))
    await site.hear(tilios, tilios.say("Announce", served))
    assert await likes(site) == 2


@pytest.mark.parametrize("comes", [True, False])
async def test_an_announced_vote_waits_for_its_post_and_then_asks_for_it(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice, comes: bool
) -> None:
    """The post may be on its way still, or have been lost on the way."""
    eve = lisbon.actor("eve")
    post = ana.note("hello", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    like = eve.prove(eve.say("Like", post["id"]), site.clock.now)
    await site.hear(tilios, tilios.say("Announce", like))
    assert (await likes(site), asked(lisbon, post)) == (0, 0)
    if comes:
        await site.hear(ana, ana.create(post))

    await site.wait(minutes=2)
    assert (await likes(site), asked(lisbon, post)) == (1, 0 if comes else 1)


async def test_a_vote_about_what_nobody_here_knows_makes_nobody_ask(
    site: OpenSite, porto: Neighbour, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    stranger, eve, post = porto.actor("stranger", "Group"), lisbon.actor("eve"), ana.note("hello")
    like = eve.prove(eve.say("Like", post["id"]), site.clock.now)
    await site.hear(stranger, stranger.say("Announce", like))
    await site.hear(eve, like)
    for _ in range(4):
        await site.wait(hours=1)

    assert (await likes(site), asked(lisbon, post)) == (0, 0)


async def test_a_group_speaks_for_itself(site: OpenSite, tilios: Voice, ana: Voice) -> None:
    """What a Group wraps of its own needs no further witness."""
    post = ana.note("hello", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    await site.hear(ana, ana.create(post))
    await site.hear(tilios, tilios.say("Announce", tilios.say("Like", post["id"])))

    assert await likes(site) == 1
