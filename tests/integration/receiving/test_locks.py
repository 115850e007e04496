"""A debate is closed and opened by its own Group, here and elsewhere, and by nobody else."""

import pytest
from factories import make_person
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.models import Actor
from fedi.core.errors import Conflict, Forbidden
from fedi.core.jsonld import parse_document
from fedi.core.vocab import PUBLIC
from fedi.debates.groups import appoint, create_group
from fedi.debates.models.event import ThreadEvent
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import write_reply
from fedi.debates.reshaping.lock import lock_thread, unlock_thread
from fedi.debates.threads import open_thread
from outbox.models import Activity


async def happened(site: OpenSite, root: str) -> tuple[bool, list[tuple[str, str]]]:
    """Whether the debate is closed, and what was done to it, why."""
    async with site.node.db.reading() as unit:
        thread = await unit.find(Thread, root_uri=root)
        assert thread is not None
        query = (
            select(ThreadEvent.kind, ThreadEvent.reason)
            .where(ThreadEvent.thread_id == thread.id)
            .order_by(ThreadEvent.id)
        )
        events = [(kind.value, reason) for kind, reason in await unit.session.execute(query)]
        return thread.locked_at is not None, events


async def test_the_group_of_a_peer_closes_its_own_debates(
    site: OpenSite, tilios: Voice, porto: Neighbour, lisbon: Neighbour, ana: Voice
) -> None:
    moderator, eve = porto.actor("moderator"), lisbon.actor("eve")
    inside = ana.note("inside", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    outside = ana.note("outside", to=[PUBLIC, site.network.uri])
    answer = ana.note("answer", inReplyTo=inside["id"])
    await site.hear(ana, ana.create(inside), ana.create(outside), ana.create(answer))
    await site.hear(eve, eve.say("Lock", inside["id"]))
    await site.hear(ana, ana.say("Lock", inside["id"]))
    lock = moderator.say("Lock", inside["id"], summary="heated")
    of_an_answer = moderator.say("Lock", answer["id"])
    elsewhere = moderator.say("Lock", outside["id"])
    for refused in (of_an_answer, elsewhere):
        await site.hear(tilios, tilios.say("Announce", refused))
    assert await happened(site, inside["id"]) == (False, [])
    await site.hear(tilios, tilios.say("Announce", lock), tilios.say("Announce", lock))

    assert await happened(site, inside["id"]) == (True, [("locked", "heated")])
    assert await happened(site, outside["id"]) == (False, [])
    await site.hear(eve, eve.say("Undo", eve.say("Lock", inside["id"])))
    assert (await happened(site, inside["id"]))[0]
    await site.hear(tilios, tilios.say("Announce", moderator.say("Undo", lock)))
    closed, events = await happened(site, inside["id"])
    assert (closed, events[1:]) == (False, [("unlocked", "")])


async def test_who_looks_after_a_group_of_ours_closes_its_debates(
    site: OpenSite, ana: Voice, lisbon: Neighbour
) -> None:
    rui = lisbon.actor("rui")
    hello = rui.note("hello", to=[PUBLIC, site.network.uri])
    await site.hear(rui, rui.create(hello))
    async with site.node.db.unit() as unit:
        nadia, elise = await make_person(unit, "nadia"), await make_person(unit, "elise")
        group = await create_group(unit, "climat", "Climat")
        remote = await unit.find(Actor, uri=rui.uri)
        assert remote is not None
        await appoint(unit, group, nadia)
        await appoint(unit, group, remote)
        thread = await open_thread(unit, elise, group, title="Quel four ?", text="Le mien.")
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        with pytest.raises(Forbidden):
            await lock_thread(unit, elise, thread)
        with pytest.raises(Conflict):
            await unlock_thread(unit, nadia, thread)
        await lock_thread(unit, nadia, thread, "Trop vif")
        with pytest.raises(Forbidden):
            await write_reply(unit, elise, root, text="Encore un mot")
        await write_reply(unit, nadia, root, text="On reprendra demain")
        await unlock_thread(unit, nadia, thread)
        await write_reply(unit, elise, root, text="Merci")
        opening = root.uri
        query = select(Activity).where(Activity.type.in_(["Lock", "Undo"])).order_by(Activity.id)
        said = [parse_document(row.body) for row in await unit.session.scalars(query)]
    lock, undo = said
    assert (lock["object"], lock["summary"], lock["audience"]) == (opening, "Trop vif", group.uri)
    assert (undo["object"]["type"], undo["object"]["object"]) == ("Lock", opening)
    assert undo["object"]["actor"] == undo["actor"] == lock["actor"]

    taken_back = rui.say("Lock", opening)
    await site.hear(rui, rui.say("Undo", taken_back))
    await site.hear(rui, taken_back)
    assert not (await happened(site, opening))[0]
    await site.hear(rui, rui.say("Lock", opening))
    late = ana.note("late", inReplyTo=opening)
    await site.hear(ana, ana.create(late))
    assert (await happened(site, opening))[0]
    assert await site.post_of(late["id"]) is None
