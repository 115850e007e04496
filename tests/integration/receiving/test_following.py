"""Who asks to follow whom, who agrees, and who thinks better of it."""

import pytest
from factories import make_person
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.models import Follow
from inbox.models import Backfill
from outbox.models import Delivery


async def test_a_follow_is_accepted_at_once(site: OpenSite, ana: Voice) -> None:
    request = ana.say("Follow", site.network.uri)
    await site.hear(ana, request)

    (accept,) = await site.said("Accept")
    assert accept["object"]["id"] == request["id"]
    assert accept["actor"] == site.network.uri
    async with site.node.db.reading() as unit:
        (inbox,) = await unit.session.scalars(select(Delivery.inbox))
        (stored,) = await unit.session.scalars(select(Follow))
    assert inbox.startswith(ana.home.origin)
    assert stored.accepted_at is not None


async def test_a_repeated_follow_is_accepted_again_under_its_new_id(
    site: OpenSite, ana: Voice
) -> None:
    first, second = ana.say("Follow", site.network.uri), ana.say("Follow", site.network.uri)
    await site.hear(ana, first, second)

    assert [accept["object"]["id"] for accept in await site.said("Accept")] == [
        first["id"],
        second["id"],
    ]
    assert await site.count(Follow) == 1


async def test_a_follow_waits_where_followers_are_approved_by_hand(
    site: OpenSite, ana: Voice
) -> None:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        camille.approves_followers = True
    await site.hear(ana, ana.say("Follow", camille.uri))

    assert await site.said("Accept") == []
    assert await site.count(Follow) == 1


async def test_the_actor_of_the_instance_is_not_followed(site: OpenSite, ana: Voice) -> None:
    await site.hear(ana, ana.say("Follow", site.node.site.instance_actor))

    (reject,) = await site.said("Reject")
    assert reject["actor"] == site.node.site.instance_actor
    assert await site.count(Follow) == 0


async def test_a_follow_of_nobody_is_ignored(site: OpenSite, ana: Voice) -> None:
    await site.hear(ana, ana.say("Follow", f"{site.node.site.url}/p/nobody"))

    assert await site.last_outcome() == "ignored:not-an-actor"


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_follow_is_undone_by_its_id_or_by_its_actors(
    site: OpenSite, ana: Voice, by_id: bool
) -> None:
    """NodeBB gives the Follow inside its Undo another id than it had."""
    request = ana.say("Follow", site.network.uri)
    undone = request if by_id else ana.say("Follow", site.network.uri)
    await site.hear(ana, request)
    await site.hear(ana, ana.say("Undo", undone))

    assert await site.count(Follow) == 0


async def test_a_follow_is_undone_by_a_bare_id(site: OpenSite, ana: Voice) -> None:
    request = ana.say("Follow", site.network.uri)
    await site.hear(ana, request, ana.say("Undo", request["id"]))

    assert await site.count(Follow) == 0


async def test_an_undo_that_overtakes_its_follow_wins(site: OpenSite, ana: Voice) -> None:
    request = ana.say("Follow", site.network.uri)
    await site.hear(ana, ana.say("Undo", request), request)

    assert await site.count(Follow) == 0
    assert await site.last_outcome() == "ignored:retracted"


async def test_nobody_undoes_the_follow_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    eve, request = lisbon.actor("eve"), ana.say("Follow", site.network.uri)
    await site.hear(ana, request)
    await site.hear(eve, eve.say("Undo", request), eve.say("Undo", request["id"]))
    await site.hear(eve, eve.say("Undo", request | {"actor": eve.uri}))

    assert await site.count(Follow) == 1


async def test_an_accepted_network_brings_its_past_debates(
    site: OpenSite, lisbon: Neighbour
) -> None:
    tilios = lisbon.actor("tilios", "Group")
    uri = await site.follow(tilios, accepted=False)
    await site.hear(tilios, tilios.say("Accept", uri, id=f"{tilios.uri}#accept"))

    async with site.node.db.reading() as unit:
        (backfill,) = await unit.session.scalars(select(Backfill.uri))
        (stored,) = await unit.session.scalars(select(Follow))
    assert backfill == f"{tilios.uri}/outbox"
    assert stored.accepted_at is not None


async def test_an_accept_counts_without_an_id_and_by_the_actors_it_names(
    site: OpenSite, lisbon: Neighbour
) -> None:
    tilios = lisbon.actor("tilios", "Group")
    await site.follow(tilios, accepted=False)
    request = {"type": "Follow", "actor": site.network.uri, "object": tilios.uri}
    accept = tilios.say("Accept", request)
    del accept["id"]
    await site.hear(tilios, accept)

    assert await site.last_outcome() == "done:"


async def test_an_accept_by_somebody_else_is_ignored(site: OpenSite, lisbon: Neighbour) -> None:
    tilios, eve = lisbon.actor("tilios", "Group"), lisbon.actor("eve")
    uri = await site.follow(tilios, accepted=False)
    await site.hear(eve, eve.say("Accept", uri), eve.say("Accept", "https://far.example/a/1"))

    assert await site.last_outcome() == "ignored:no-such-follow"
    async with site.node.db.reading() as unit:
        (stored,) = await unit.session.scalars(select(Follow))
    assert stored.accepted_at is None


async def test_a_reject_ends_a_follow_of_ours(site: OpenSite, lisbon: Neighbour) -> None:
    tilios = lisbon.actor("tilios", "Group")
    uri = await site.follow(tilios)
    await site.hear(tilios, tilios.say("Reject", uri))

    async with site.node.db.reading() as unit:
        (stored,) = await unit.session.scalars(select(Follow))
    assert stored.rejected_at is not None


async def test_a_block_ends_the_follows_between_the_two(site: OpenSite, ana: Voice) -> None:
    await site.follow(ana)
    await site.hear(ana, ana.say("Follow", site.network.uri))
    await site.hear(ana, ana.say("Block", site.network.uri))

    assert await site.count(Follow) == 0
