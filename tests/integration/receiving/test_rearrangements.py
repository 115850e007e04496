"""What the Group of a peer does with its debates is done here too, whatever comes first."""

from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.models import Actor
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.threads import find_thread


async def tree(site: OpenSite, uri: str) -> tuple[str, list[tuple[int, str]]]:
    """The context at which a debate is read now, and its tree."""
    async with site.node.db.reading() as unit:
        thread = await find_thread(unit, uri)
        assert thread is not None
        query = select(Post.depth, Post.uri).where(Post.thread_id == thread.id).order_by(Post.path)
        rows = (await unit.session.execute(query)).all()
        assert thread.post_count == len(rows)
        return thread.uri, [(depth, uri.rpartition("/")[2]) for depth, uri in rows]


async def group_of(site: OpenSite, uri: str) -> str:
    """The Group that holds a debate."""
    async with site.node.db.reading() as unit:
        thread = await unit.find(Thread, uri=uri)
        assert thread is not None
        group = await unit.find(Actor, id=thread.group_id)
        assert group is not None
        return group.uri


async def test_a_peer_splits_merges_moves_and_puts_back(
    site: OpenSite, tilios: Voice, porto: Neighbour, lisbon: Neighbour, ana: Voice
) -> None:
    moderator, other, eve = porto.actor("moderator"), porto.actor("other", "Group"), ana
    to = {"to": [PUBLIC, tilios.uri], "audience": tilios.uri}
    first, second, part = (porto.url(f"/c/{name}") for name in ("first", "second", "part"))
    carla = porto.actor("carla")
    a = carla.note("a", context=first, name="A", **to)
    b = carla.note("b", context=second, name="B", **to)
    a1 = ana.note("a1", context=first, inReplyTo=a["id"])
    a2 = ana.note("a2", context=first, inReplyTo=a1["id"], published="2026-11-25T08:01:00Z")
    late = ana.note("late", context=first, inReplyTo=a2["id"], published="2026-11-25T08:02:00Z")
    await site.hear(carla, carla.create(a), carla.create(b))
    await site.hear(ana, ana.create(a1), ana.create(a2))
    whole = [(0, "a"), (1, "a1"), (2, "a2")]
    assert await tree(site, first) == (first, whole)

    split = moderator.say("Move", [a1["id"]], origin=first, target=part, name="Part")
    elsewhere = eve.say("Move", [a1["id"]], origin=first, target=lisbon.url("/c/x"), name="X")
    await site.hear(eve, elsewhere)
    await site.hear(eve, eve.say("Move", first, origin=first, target=second))
    await site.hear(
        tilios,
        tilios.say(
            "Announce", moderator.say("Move", [b["id"]], origin=first, target=part, name="Part")
        ),
    )
    assert await tree(site, first) == (first, whole)
    await site.hear(tilios, tilios.say("Announce", split), tilios.say("Announce", split))
    assert await tree(site, first) == (first, [(0, "a")])
    await site.hear(ana, ana.create(late))
    apart = [(0, "a1"), (1, "a2"), (2, "late")]
    assert await tree(site, late["id"]) == (part, apart)

    merge = moderator.say("Move", part, origin=part, target=second)
    await site.hear(tilios, tilios.say("Announce", merge))
    assert await tree(site, part) == (second, [(0, "b"), (1, "a1"), (2, "a2"), (3, "late")])
    await site.hear(eve, eve.say("Undo", eve.say("Move", part) | {"id": merge["id"]}))
    assert (await tree(site, part))[0] == second
    await site.hear(tilios, tilios.say("Announce", moderator.say("Undo", merge)))
    assert await tree(site, part) == (part, apart)
    await site.hear(tilios, tilios.say("Announce", moderator.say("Undo", split)))
    assert await tree(site, part) == (first, [*whole, (3, "late")])

    early = moderator.say("Move", second, origin=second, target=first)
    await site.hear(tilios, tilios.say("Announce", moderator.say("Undo", early)))
    await site.hear(tilios, tilios.say("Announce", early))
    assert await tree(site, second) == (second, [(0, "b")])
    foreign = lisbon.actor("club", "Group")
    for group in (foreign, other):
        await site.follow(group)
    assert await group_of(site, first) == tilios.uri
    away = moderator.say("Move", first, origin=tilios.uri, target=foreign.uri)
    await site.hear(tilios, tilios.say("Announce", away))
    assert await group_of(site, first) == tilios.uri
    move = moderator.say("Move", first, origin=tilios.uri, target=other.uri)
    await site.hear(tilios, tilios.say("Announce", move))
    assert await group_of(site, first) == other.uri
