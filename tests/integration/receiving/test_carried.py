"""What somebody brings for another, and what we bring to others."""

import json
from typing import Any

from factories import make_person
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import func, select

from actors.models import Actor, Dialect
from actors.peers import find_peer
from fedi.core.jsonld import parse_document
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post
from fedi.debates.posts import write_reply
from fedi.debates.threads import open_thread
from outbox.models import Activity, Delivery


async def text_of(site: OpenSite, post: dict[str, Any]) -> str | None:
    stored = await site.post_of(post["id"])
    return stored.content if stored is not None else None


async def test_a_carried_post_is_read_at_its_source(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    """A Group or a network sends somebody else's Create in its own request."""
    post = ana.note("true")
    await site.hear(tilios, ana.create(post | {"content": "false"}))

    assert await text_of(site, post) == "<p>true</p>"


async def test_what_is_passed_on_of_a_carried_post_is_what_its_source_said(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        group = await unit.find(Actor, id=site.network.id)
        assert group is not None
        thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui ?")
    await site.hear(tilios, tilios.say("Follow", site.network.uri))
    async with site.node.db.unit() as unit:
        (await find_peer(unit, tilios.home.origin)).dialect = Dialect.NODE
    async with Neighbour() as evora:
        luz = evora.actor("luz", "Group")
        reply = ana.note("true", inReplyTo=thread.root_uri)
        await site.hear(luz, ana.create(reply | {"content": "false"}))

    async with site.node.db.reading() as unit:
        bodies = await unit.session.scalars(
            select(Activity.body).where(Activity.type == "Announce")
        )
        announced = [parse_document(body)["object"] for body in bodies]
    wrapped = [entry for entry in announced if isinstance(entry, dict)]
    assert [entry["object"]["content"] for entry in wrapped][1:] == ["<p>true</p>"]


async def test_a_moderator_may_sign_what_the_source_confirms(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """NodeBB: the Delete is the author's, the key the moderator's."""
    moderator = lisbon.actor("moderator")
    post = ana.note("oops", to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(post))
    await site.hear(moderator, ana.say("Delete", post["id"]))
    assert await site.last_outcome() == "ignored:still-there"

    lisbon.gone(post["id"])
    await site.hear(moderator, ana.say("Delete", post["id"]))
    stored = await site.post_of(post["id"])
    assert stored is not None
    assert stored.deleted_at is not None


async def test_a_source_that_is_silent_is_asked_again(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("late")
    script = lisbon.scripts.pop("/notes/late")
    lisbon.gone(post["id"], 503)
    await site.hear(tilios, tilios.say("Announce", ana.create(post)))
    assert await site.posts() == []

    lisbon.on("/notes/late", script)
    await site.wait(minutes=1)
    assert await site.posts() == [post["id"]]


async def test_a_source_that_stays_silent_parks_the_activity(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("never")
    lisbon.gone(post["id"], 503)
    await site.hear(tilios, tilios.say("Announce", ana.create(post)))
    for _ in range(5):
        await site.wait(hours=2)

    assert await site.last_outcome() == "parked:http-503"
    assert "parked" in await site.journal_codes()


async def test_an_answer_to_a_member_in_a_foreign_debate_is_forwarded_to_its_origin(
    site: OpenSite, tilios: Voice, lisbon: Neighbour, ana: Voice
) -> None:
    root = tilios.note("root", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    await site.hear(tilios, tilios.say("Announce", root["id"]))
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        parent = await unit.find(Post, uri=root["id"])
        assert parent is not None
        ours = await write_reply(unit, camille, parent, text="Chez nous aussi.")
    create = ana.create(ana.note("answer", inReplyTo=ours.uri, to=[PUBLIC, camille.uri]))
    like = ana.say("Like", ours.uri)
    await site.hear(ana, create, like)

    async with site.node.db.reading() as unit:
        rows = await unit.session.execute(
            select(Activity.body, Delivery.inbox, Delivery.signer_id)
            .join(Delivery, Delivery.activity_id == Activity.id)
            .where(Activity.passed_on)
            .order_by(Activity.id)
        )
        forwarded = [(json.loads(body), inbox, signer) for body, inbox, signer in rows]
    inbox = f"{tilios.home.origin}/inbox"
    assert forwarded == [(create, inbox, site.network.id), (like, inbox, site.network.id)]


async def test_what_its_author_sent_to_the_origin_is_not_forwarded(
    site: OpenSite, tilios: Voice, ana: Voice
) -> None:
    root = tilios.note("root", to=[PUBLIC, tilios.uri], audience=tilios.uri)
    await site.hear(tilios, tilios.say("Announce", root["id"]))
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        parent = await unit.find(Post, uri=root["id"])
        assert parent is not None
        ours = await write_reply(unit, camille, parent, text="Chez nous aussi.")
    answer = ana.note("answer", inReplyTo=ours.uri, to=[PUBLIC, tilios.uri])
    await site.hear(ana, ana.create(answer))

    async with site.node.db.reading() as unit:
        query = select(func.count()).select_from(Activity).where(Activity.passed_on)
        assert await unit.session.scalar(query) == 0
