"""What each kind of activity does once it has been received."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from factories import FakeClock, make_group, make_person
from inboxes import Neighbour, OpenSite, Voice, open_site
from sqlalchemy import func, select

from actors.followers import accept_follow, request_follow
from actors.models import Actor, Dialect, Follow, JournalEntry
from actors.peers import find_peer
from fedi.core.jsonld import parse_document
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post, Reaction, Retraction
from fedi.debates.models.thread import Featured, Thread
from fedi.debates.threads import open_thread
from inbox.models import Backfill
from outbox.models import Activity, Delivery


@pytest.fixture
async def site(tmp_path: Path, clock: FakeClock) -> AsyncIterator[OpenSite]:
    async with open_site(tmp_path, clock) as site:
        yield site


@pytest.fixture
async def lisbon() -> AsyncIterator[Neighbour]:
    async with Neighbour() as lisbon:
        yield lisbon


@pytest.fixture
def ana(lisbon: Neighbour) -> Voice:
    return lisbon.actor("ana")


async def open_debate(site: OpenSite) -> Post:
    """A debate in the network's Group, opened by camille; its first post."""
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        group = await unit.find(Actor, id=site.network.id)
        assert group is not None
        thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui décide ?")
        post = await unit.find(Post, id=thread.root_id)
        assert post is not None
        return post


async def follow(site: OpenSite, followed: Voice, *, accepted: bool = True) -> str:
    """Let the network's Group follow an actor of a peer; the id of the Follow."""
    uri = f"{site.node.site.url}/a/follow{followed.key.id[-8:]}"
    await site.hear(followed, followed.say("Like", "https://far.example/o/1"))
    async with site.node.db.unit() as unit:
        network = await unit.find(Actor, id=site.network.id)
        actor = await unit.find(Actor, uri=followed.uri)
        assert network is not None
        assert actor is not None
        request = await request_follow(unit, uri, network, actor)
        if accepted:
            await accept_follow(unit, request)
    return uri


async def count(site: OpenSite, model: Any) -> int:
    async with site.node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(model)) or 0


async def said(site: OpenSite, kind: str) -> list[dict[str, Any]]:
    """The activities of one type that this node published or passed on."""
    async with site.node.db.reading() as unit:
        bodies = await unit.session.scalars(select(Activity.body).where(Activity.type == kind))
        return [parse_document(body) for body in bodies]


async def last_outcome(site: OpenSite) -> str:
    return (await site.outcomes())[-1]


# --- following ---------------------------------------------------------------------------


async def test_a_follow_is_accepted_at_once(site: OpenSite, ana: Voice) -> None:
    request = ana.say("Follow", site.network.uri)
    await site.hear(ana, request)

    (accept,) = await said(site, "Accept")
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

    assert [accept["object"]["id"] for accept in await said(site, "Accept")] == [
        first["id"],
        second["id"],
    ]
    assert await count(site, Follow) == 1


async def test_a_follow_waits_where_followers_are_approved_by_hand(
    site: OpenSite, ana: Voice
) -> None:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        camille.approves_followers = True
    await site.hear(ana, ana.say("Follow", camille.uri))

    assert await said(site, "Accept") == []
    assert await count(site, Follow) == 1


async def test_the_actor_of_the_instance_is_not_followed(site: OpenSite, ana: Voice) -> None:
    await site.hear(ana, ana.say("Follow", site.node.site.instance_actor))

    (reject,) = await said(site, "Reject")
    assert reject["actor"] == site.node.site.instance_actor
    assert await count(site, Follow) == 0


async def test_a_follow_of_nobody_is_ignored(site: OpenSite, ana: Voice) -> None:
    await site.hear(ana, ana.say("Follow", f"{site.node.site.url}/p/nobody"))

    assert await last_outcome(site) == "ignored:not-an-actor"


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_follow_is_undone_by_its_id_or_by_its_actors(
    site: OpenSite, ana: Voice, by_id: bool
) -> None:
    """NodeBB gives the Follow inside its Undo another id than it had."""
    request = ana.say("Follow", site.network.uri)
    undone = request if by_id else ana.say("Follow", site.network.uri)
    await site.hear(ana, request)
    await site.hear(ana, ana.say("Undo", undone))

    assert await count(site, Follow) == 0


async def test_a_follow_is_undone_by_a_bare_id(site: OpenSite, ana: Voice) -> None:
    request = ana.say("Follow", site.network.uri)
    await site.hear(ana, request, ana.say("Undo", request["id"]))

    assert await count(site, Follow) == 0


async def test_an_undo_that_overtakes_its_follow_wins(site: OpenSite, ana: Voice) -> None:
    request = ana.say("Follow", site.network.uri)
    await site.hear(ana, ana.say("Undo", request), request)

    assert await count(site, Follow) == 0
    assert await last_outcome(site) == "ignored:retracted"


async def test_nobody_undoes_the_follow_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    eve, request = lisbon.actor("eve"), ana.say("Follow", site.network.uri)
    await site.hear(ana, request)
    await site.hear(eve, eve.say("Undo", request), eve.say("Undo", request["id"]))
    await site.hear(eve, eve.say("Undo", request | {"actor": eve.uri}))

    assert await count(site, Follow) == 1


async def test_an_accepted_network_brings_its_past_debates(
    site: OpenSite, lisbon: Neighbour
) -> None:
    tilios = lisbon.actor("tilios", "Group")
    uri = await follow(site, tilios, accepted=False)
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
    await follow(site, tilios, accepted=False)
    request = {"type": "Follow", "actor": site.network.uri, "object": tilios.uri}
    accept = tilios.say("Accept", request)
    del accept["id"]
    await site.hear(tilios, accept)

    assert await last_outcome(site) == "done:"


async def test_an_accept_by_somebody_else_is_ignored(site: OpenSite, lisbon: Neighbour) -> None:
    tilios, eve = lisbon.actor("tilios", "Group"), lisbon.actor("eve")
    uri = await follow(site, tilios, accepted=False)
    await site.hear(eve, eve.say("Accept", uri), eve.say("Accept", "https://far.example/a/1"))

    assert await last_outcome(site) == "ignored:no-such-follow"
    async with site.node.db.reading() as unit:
        (stored,) = await unit.session.scalars(select(Follow))
    assert stored.accepted_at is None


async def test_a_reject_ends_a_follow_of_ours(site: OpenSite, lisbon: Neighbour) -> None:
    tilios = lisbon.actor("tilios", "Group")
    uri = await follow(site, tilios)
    await site.hear(tilios, tilios.say("Reject", uri))

    async with site.node.db.reading() as unit:
        (stored,) = await unit.session.scalars(select(Follow))
    assert stored.rejected_at is not None


async def test_a_block_ends_the_follows_between_the_two(site: OpenSite, ana: Voice) -> None:
    await follow(site, ana)
    await site.hear(ana, ana.say("Follow", site.network.uri))
    await site.hear(ana, ana.say("Block", site.network.uri))

    assert await count(site, Follow) == 0


# --- posts -------------------------------------------------------------------------------


async def test_a_reply_from_elsewhere_takes_its_place(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    reply = ana.note("Chez nous, une SCIC.", inReplyTo=root.uri)
    await site.hear(ana, ana.create(reply))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.thread_id, post.parent_id, post.depth) == (root.thread_id, root.id, 1)
    assert post.content == "<p>Chez nous, une SCIC.</p>"


async def test_our_group_passes_a_reply_on_as_it_came(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root = await open_debate(site)
    async with Neighbour() as porto:
        rui = porto.actor("rui")
        await site.hear(rui, rui.say("Follow", site.network.uri))
        async with site.node.db.unit() as unit:
            (await find_peer(unit, porto.origin)).dialect = Dialect.NODE
        create = ana.create(ana.note("hello", inReplyTo=root.uri), unknown={"b": 1, "a": 2})
        await site.hear(ana, create)

    (announce,) = [a for a in await said(site, "Announce") if isinstance(a["object"], dict)]
    assert announce["object"] == create
    assert list(announce["object"]) == list(create)


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
    root = await open_debate(site)
    reply = ana.note("hi", inReplyTo=root.uri)
    await site.hear(ana, ana.create(reply) | {"object": reply | members})

    assert await last_outcome(site) == f"ignored:{reason}"
    assert await site.posts() == [root.uri]


async def test_another_actor_of_the_same_server_cannot_write_for_somebody(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root, eve = await open_debate(site), lisbon.actor("eve")
    await site.hear(eve, eve.create(ana.note("hi", inReplyTo=root.uri)))

    assert await last_outcome(site) == "ignored:not-the-author"


async def test_a_post_is_created_once(site: OpenSite, lisbon: Neighbour, ana: Voice) -> None:
    """CVE-2024-37903: nobody else, and not even its author, creates it again."""
    root, eve = await open_debate(site), lisbon.actor("eve")
    reply = ana.note("hi", inReplyTo=root.uri)
    await site.hear(ana, ana.create(reply), ana.create(reply, id=lisbon.url("/other")))
    await site.hear(eve, eve.create(reply | {"to": [PUBLIC, eve.uri], "attributedTo": eve.uri}))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert post.addressed == []
    assert (await site.outcomes())[1:] == ["ignored:known"] * 2


async def test_a_vote_is_not_shown_as_a_post(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    vote = ana.note("v", inReplyTo=root.uri, name="Pour", content="<br>", to=[root.uri])
    await site.hear(ana, ana.create(vote))

    assert await last_outcome(site) == "ignored:vote"


async def test_a_create_that_names_its_post_has_it_fetched(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    reply = ana.note("hi", inReplyTo=root.uri, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(reply) | {"object": reply["id"], "to": [site.network.uri]})

    assert await site.post_of(reply["id"]) is not None


async def test_ints_and_other_nonsense_among_recipients_are_passed_over(
    site: OpenSite, ana: Voice
) -> None:
    """NodeBB puts category numbers into cc."""
    root = await open_debate(site)
    reply = ana.note("hi", inReplyTo=root.uri, cc=[2, None, {"x": 1}, ana.uri])
    await site.hear(ana, ana.create(reply))

    assert await last_outcome(site) == "done:"


# --- edits and ends ----------------------------------------------------------------------


async def test_every_update_of_one_id_is_applied_in_its_order(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
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
    assert await last_outcome(site) == "ignored:stale"


async def test_an_update_that_overtakes_its_create_stands_for_it(
    site: OpenSite, ana: Voice
) -> None:
    root = await open_debate(site)
    reply = ana.note("one", inReplyTo=root.uri)
    update = ana.say("Update", reply | {"content": "two", "updated": "2026-11-25T08:01:00Z"})
    await site.hear(ana, update, ana.create(reply))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert post.content == "two"


async def test_nobody_edits_or_deletes_the_post_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root, eve = await open_debate(site), lisbon.actor("eve")
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
    root = await open_debate(site)
    reply = ana.note("oops", inReplyTo=root.uri)
    about = {"type": "Tombstone", "id": reply["id"]} if as_tombstone else reply["id"]
    await site.hear(ana, ana.create(reply), ana.say("Delete", about, to=[]))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.content, post.deleted_at is not None) == ("", True)


async def test_a_delete_that_overtakes_its_create_wins(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    reply = ana.note("oops", inReplyTo=root.uri)
    await site.hear(ana, ana.say("Delete", reply["id"]), ana.create(reply))

    assert await site.post_of(reply["id"]) is None
    assert await last_outcome(site) == "ignored:retracted"


async def test_an_actor_is_forgotten_when_its_server_confirms_it(
    site: OpenSite, ana: Voice
) -> None:
    await site.hear(ana, ana.say("Follow", site.network.uri))
    await site.hear(ana, ana.say("Delete", ana.uri))
    assert await last_outcome(site) == "ignored:not-gone"

    ana.home.gone(ana.uri)
    await site.hear(ana, ana.say("Delete", ana.uri))

    async with site.node.db.reading() as unit:
        actor = await unit.find(Actor, uri=ana.uri)
    assert actor is not None
    assert actor.gone_at is not None
    assert await count(site, Follow) == 0


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


# --- reactions ---------------------------------------------------------------------------


async def test_a_like_counts_once_until_it_is_undone(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
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
    root = await open_debate(site)
    await site.hear(ana, ana.say("Like", {"id": root.uri, "type": "Article", "name": "x"}))

    assert await count(site, Reaction) == 1


async def test_an_undo_that_overtakes_its_like_wins(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    like = ana.say("Like", root.uri)
    await site.hear(ana, ana.say("Undo", like), like)

    assert await count(site, Reaction) == 0
    assert await last_outcome(site) == "ignored:retracted"


async def test_a_like_waits_for_its_post(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    reply = ana.note("hi", inReplyTo=root.uri)
    await site.hear(ana, ana.say("Like", reply["id"]), ana.create(reply))
    assert await count(site, Reaction) == 0

    await site.wait(minutes=1)
    assert await count(site, Reaction) == 1


async def test_a_like_of_what_never_comes_is_ignored_in_the_end(site: OpenSite, ana: Voice) -> None:
    await site.hear(ana, ana.say("Like", "https://far.example/o/1"))
    for _ in range(4):
        await site.wait(hours=1)

    assert await site.outcomes() == ["ignored:unknown-object"]


async def test_nobody_undoes_the_like_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root, eve = await open_debate(site), lisbon.actor("eve")
    like = ana.say("Like", root.uri)
    await site.hear(ana, like)
    await site.hear(
        eve,
        eve.say("Undo", like),
        eve.say("Undo", like["id"]),
        eve.say("Undo", like | {"actor": eve.uri}),
    )

    assert await count(site, Reaction) == 1


async def test_a_boost_is_counted_and_taken_back(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    boost = ana.say("Announce", root.uri)
    await site.hear(ana, boost)
    assert await count(site, Reaction) == 1

    await site.hear(ana, ana.say("Undo", boost | {"object": 4}))
    assert await count(site, Reaction) == 0


@pytest.mark.parametrize("undone", [{"type": "Undo"}, {"type": "Create"}, 4, None, []])
async def test_an_undo_of_nothing_we_can_undo_is_harmless(
    site: OpenSite, ana: Voice, undone: Any
) -> None:
    if isinstance(undone, dict):
        undone |= {"actor": ana.uri, "id": ana.home.url("/a/1")}
    await site.hear(ana, ana.say("Undo", undone))

    assert (await last_outcome(site)).split(":")[0] in ("ignored", "done")


async def test_nobody_keeps_away_what_another_is_about_to_say(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    root = await open_debate(site)
    reply, like = ana.note("hi", inReplyTo=root.uri), ana.say("Like", root.uri)
    async with Neighbour() as evil:
        eve = evil.actor("eve")
        for uri in (reply["id"], like["id"]):
            await site.hear(eve, eve.say("Undo", uri), eve.say("Delete", uri))
    await site.hear(ana, ana.create(reply), like)

    assert await site.post_of(reply["id"]) is not None
    assert await count(site, Reaction) == 1


# --- the rest ----------------------------------------------------------------------------


async def test_a_report_waits_in_the_journal_and_does_nothing(site: OpenSite, ana: Voice) -> None:
    root = await open_debate(site)
    await site.hear(ana, ana.say("Flag", [root.uri, ana.uri], content="spam"))

    async with site.node.db.reading() as unit:
        (entry,) = await unit.session.scalars(
            select(JournalEntry).where(JournalEntry.code == "flag")
        )
    assert entry.subject == root.uri
    assert "spam" in entry.detail
    post = await site.post_of(root.uri)
    assert post is not None
    assert post.deleted_at is None


async def test_our_followers_go_along_with_an_actor_that_moves(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await follow(site, ana)
    async with Neighbour() as porto:
        moved = porto.actor("ana", alsoKnownAs=[ana.uri])
        await site.hear(ana, ana.say("Move", ana.uri, target=moved.uri))

    (asked,) = await said(site, "Follow")
    assert (asked["actor"], asked["object"]) == (site.network.uri, moved.uri)


async def test_a_move_that_the_new_actor_does_not_confirm_is_ignored(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    await follow(site, ana)
    eve = lisbon.actor("eve")
    await site.hear(ana, ana.say("Move", ana.uri, target=eve.uri))

    assert await said(site, "Follow") == []
    assert await last_outcome(site) == "ignored:not-acknowledged"


async def test_nobody_moves_another(site: OpenSite, lisbon: Neighbour, ana: Voice) -> None:
    await follow(site, ana)
    eve = lisbon.actor("eve", alsoKnownAs=[ana.uri])
    await site.hear(eve, eve.say("Move", ana.uri, target=eve.uri))

    assert await last_outcome(site) == "ignored:not-an-actor"


async def test_a_group_keeps_a_debate_at_hand_and_puts_it_back(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    featured = f"{lisbon.origin}/users/tilios/featured"
    tilios = lisbon.actor("tilios", "Group", featured=featured)
    post = ana.note("hello", to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(post))
    add = tilios.say("Add", post["id"], target=featured)
    await site.hear(tilios, add, tilios.say("Add", post["id"], target=featured))
    assert await count(site, Featured) == 1

    await site.hear(tilios, tilios.say("Remove", post["id"], target=featured))
    assert await count(site, Featured) == 0


async def test_nobody_fills_the_collections_of_another(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """Lemmy #3251: who is a moderator somewhere is none here."""
    root = await open_debate(site)
    tilios = lisbon.actor("tilios", "Group", featured=f"{lisbon.origin}/users/tilios/featured")
    ours = f"{site.network.uri}/featured"
    await site.hear(ana, ana.say("Add", root.uri, target=f"{tilios.uri}/featured"))
    await site.hear(tilios, tilios.say("Add", root.uri, target=ours))
    await site.hear(tilios, tilios.say("Add", root.uri), tilios.say("Add", root.uri, target=4))

    assert set(await site.outcomes()) == {"ignored:not-its-collection"}
    assert await count(site, Featured) == 0


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

    assert await count(site, Retraction) == 1
