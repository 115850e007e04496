"""Reports, moves, collections, and what nobody here understands."""

from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.models import Actor
from fedi.core.urls import origin_of
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Retraction
from fedi.debates.models.thread import Featured, Thread
from fedi.moderation.models import Report


async def test_a_report_waits_for_a_moderator_and_does_nothing(site: OpenSite, ana: Voice) -> None:
    root = await site.open_debate()
    author = f"{site.node.site.url}/p/camille"
    flag = ana.say("Flag", [author, root.uri, ana.uri, *[root.uri] * 50], content="spam\u202e")
    await site.hear(ana, flag)
    await site.hear(ana, ana.say("Flag", [f"{site.node.site.url}/o/{'0' * 26}"], content="none"))
    assert await site.last_outcome() == "ignored:nothing-of-ours"

    async with site.node.db.reading() as unit:
        (report,) = await unit.session.scalars(select(Report))
    assert (report.objects, report.reason) == ([root.uri, author], "spam")
    assert (report.origin, report.uri) == (str(origin_of(ana.uri)), flag["id"])
    post = await site.post_of(root.uri)
    assert post is not None
    assert (report.post_id, report.actor_id) == (post.id, post.author_id)
    assert post.deleted_at is None


async def test_our_followers_go_along_with_an_actor_that_moves(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await site.follow(ana)
    async with Neighbour() as porto:
        moved = porto.actor("ana", alsoKnownAs=[ana.uri])
        await site.hear(ana, ana.say("Move", ana.uri, target=moved.uri))

    (asked,) = await site.said("Follow")
    assert (asked["actor"], asked["object"]) == (site.network.uri, moved.uri)


async def test_a_group_that_moves_takes_its_debates_along(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    tilios = lisbon.actor("tilios", "Group")
    await site.follow(tilios)
    root = ana.note("root", name="Clés ?", audience=tilios.uri, to=[PUBLIC, tilios.uri])
    await site.hear(ana, ana.create(root))
    async with Neighbour() as porto:
        moved = porto.actor("tilios", "Group", alsoKnownAs=[tilios.uri])
        await site.hear(tilios, tilios.say("Move", tilios.uri, target=moved.uri))
    async with site.node.db.reading() as unit:
        (thread,) = await unit.session.scalars(select(Thread))
        group = await unit.find(Actor, id=thread.group_id)
        assert group is not None
        assert group.uri == moved.uri, "replies are addressed to where it is now"


async def test_a_move_that_the_new_actor_does_not_confirm_is_ignored(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await site.follow(ana)
    eve = lisbon.actor("eve")
    await site.hear(ana, ana.say("Move", ana.uri, target=eve.uri))

    assert await site.said("Follow") == []
    assert await site.last_outcome() == "ignored:not-acknowledged"


async def test_nobody_moves_another(site: OpenSite, lisbon: Neighbour, ana: Voice) -> None:
    await site.follow(ana)
    eve = lisbon.actor("eve", alsoKnownAs=[ana.uri])
    await site.hear(eve, eve.say("Move", ana.uri, target=eve.uri))

    assert await site.last_outcome() == "ignored:not-its-debate"


async def test_a_group_keeps_a_debate_at_hand_and_puts_it_back(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    featured = f"{lisbon.origin}/users/tilios/featured"
    tilios = lisbon.actor("tilios", "Group", featured=featured)
    post = ana.note("hello", to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(post))
    add = tilios.say("Add", post["id"], target=featured)
    await site.hear(tilios, add, tilios.say("Add", post["id"], target=featured))
    assert await site.count(Featured) == 1

    await site.hear(tilios, tilios.say("Remove", post["id"], target=featured))
    assert await site.count(Featured) == 0


async def test_nobody_fills_the_collections_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """Lemmy #3251: who is a moderator somewhere is none here."""
    root = await site.open_debate()
    tilios = lisbon.actor("tilios", "Group", featured=f"{lisbon.origin}/users/tilios/featured")
    ours = f"{site.network.uri}/featured"
    await site.hear(ana, ana.say("Add", root.uri, target=f"{tilios.uri}/featured"))
    await site.hear(tilios, tilios.say("Add", root.uri, target=ours))
    await site.hear(tilios, tilios.say("Add", root.uri), tilios.say("Add", root.uri, target=4))

    assert set(await site.outcomes()) == {"ignored:not-its-collection"}
    assert await site.count(Featured) == 0


async def test_what_we_do_not_understand_is_kept_and_has_no_effect(
    site: OpenSite, ana: Voice
) -> None:
    await site.hear(ana, ana.say("Warn", "https://far.example/o/1"))

    (item,) = await site.items()
    assert (item.outcome, item.reason) == ("ignored", "unknown-type")
    assert b"Warn" in item.body
    assert "unknown-type" in await site.journal_codes()


async def test_retractions_are_remembered_once(site: OpenSite, ana: Voice) -> None:
    uri = ana.home.url("/notes/9")
    await site.hear(ana, ana.say("Delete", uri), ana.say("Delete", uri))

    assert await site.count(Retraction) == 1


async def test_a_topic_that_nodebb_moves_or_removes_stays(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    context = lisbon.url("/topic/3")
    root = ana.note("root", context=context, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(root))
    places = {"origin": lisbon.url("/category/5"), "target": lisbon.url("/category/6")}
    await site.hear(ana, ana.say("Move", context, **places), ana.say("Remove", context, **places))

    assert (await site.outcomes())[1:] == ["ignored:unknown-object", "ignored:not-its-collection"]
    assert await site.posts() == [root["id"]]
