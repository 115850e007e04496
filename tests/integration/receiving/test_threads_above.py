"""How a reply brings what it answers, and a person what they paste."""

from typing import Any

import pytest
from factories import make_person
from hostile import answer, document
from inboxes import Neighbour, OpenSite, Voice
from sqlalchemy import select

from actors.models import Actor, Policy
from actors.policies import set_policy
from fedi.core.errors import Unreachable
from fedi.core.vocab import ACTIVITY_JSON, AS2, PUBLIC
from fedi.debates.models.thread import Thread
from fedi.debates.threads import open_thread


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


async def test_what_a_reply_answers_is_fetched_up_to_the_first_post(
    site: OpenSite, ana: Voice
) -> None:
    posts = chain(ana, 6, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(posts[-1]))

    assert await site.posts() == ids(posts)


async def test_an_endless_chain_of_answers_ends_with_the_budget(site: OpenSite, ana: Voice) -> None:
    posts = chain(ana, 60, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(posts[-1]))

    assert asked(ana.home) <= 20
    assert posts[-1]["id"] in await site.posts()


async def test_a_debate_too_deep_to_be_climbed_is_completed_from_its_context(
    site: OpenSite, lisbon: Neighbour, porto: Neighbour, ana: Voice
) -> None:
    """The climb ends at a post of another server than the debate began on."""
    rui = porto.actor("rui")
    context = lisbon.url("/c/1")
    posts: list[dict[str, Any]] = [ana.note("post0", context=context)]
    for index in range(1, 30):
        above = posts[-1]["id"]
        posts.append(rui.note(f"post{index}", inReplyTo=above, context=context))
    collection = {"@context": AS2, "id": context, "type": "OrderedCollection"}
    lisbon.on("/c/1", document(collection | {"orderedItems": ids(posts)}))
    await site.resolver.find_post(posts[-1]["id"])
    assert posts[0]["id"] not in await site.posts()

    while await site.backfiller.run_once():
        pass
    assert await site.posts() == ids(posts)


async def test_answers_that_turn_in_a_circle_end(site: OpenSite, ana: Voice) -> None:
    first = ana.note("first", inReplyTo=ana.home.url("/notes/second"))
    second = ana.note("second", inReplyTo=first["id"], to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(second))

    assert set(await site.posts()) == {first["id"], second["id"]}
    assert asked(ana.home) <= 3


async def test_a_reply_whose_parent_is_gone_is_kept_without_it(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    reply = ana.note("reply", inReplyTo=lisbon.url("/gone"), to=[PUBLIC, site.network.uri])
    lisbon.gone(lisbon.url("/gone"))
    await site.hear(ana, ana.create(reply))

    post = await site.post_of(reply["id"])
    assert post is not None
    assert (post.parent_id, post.parent_uri) == (None, lisbon.url("/gone"))


async def test_a_reply_waits_once_for_a_silent_parent_and_is_then_kept_without_it(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """The server of the parent may have died: the debate goes on without it."""
    reply = ana.note("reply", inReplyTo=lisbon.url("/silent"), to=[PUBLIC, site.network.uri])
    lisbon.gone(lisbon.url("/silent"), 503)
    await site.hear(ana, ana.create(reply))
    assert await site.posts() == []

    await site.wait(minutes=1)
    assert await site.posts() == [reply["id"]]


async def test_a_parent_that_arrives_later_takes_its_replies_under_it(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    parent = ana.note("parent", to=[PUBLIC, site.network.uri])
    reply = ana.note("reply", inReplyTo=parent["id"], to=[PUBLIC, site.network.uri])
    lisbon.gone(parent["id"])
    await site.hear(ana, ana.create(reply), ana.create(parent))

    assert await site.posts() == [parent["id"], reply["id"]]
    async with site.node.db.reading() as unit:
        (thread,) = await unit.session.scalars(select(Thread))
    assert (thread.root_uri, thread.post_count) == (parent["id"], 2)


async def test_a_private_parent_is_not_kept(site: OpenSite, ana: Voice) -> None:
    secret = ana.note("secret", to=["https://far.example/users/x"])
    reply = ana.note("reply", inReplyTo=secret["id"], to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(reply))

    assert await site.posts() == [reply["id"]]


async def test_a_parent_on_a_blocked_server_is_not_asked_for(site: OpenSite, ana: Voice) -> None:
    async with Neighbour() as evil:
        parent = evil.actor("eve").note("parent")
        async with site.node.db.unit() as unit:
            await set_policy(unit, evil.origin.removeprefix("http://"), Policy.BLOCKED)
        reply = ana.note("reply", inReplyTo=parent["id"], to=[PUBLIC, site.network.uri])
        await site.hear(ana, ana.create(reply))

        assert evil.requests == []
    assert await site.posts() == [reply["id"]]


async def test_a_document_found_under_another_id_is_not_the_parent(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    real = ana.note("real")
    lisbon.on("/notes/alias", document(real | {"content": "forged"}))
    alias = lisbon.url("/notes/alias")
    reply = ana.note("reply", inReplyTo=alias, to=[PUBLIC, site.network.uri])
    await site.hear(ana, ana.create(reply))

    post = await site.post_of(real["id"])
    assert post is None or post.content == "<p>real</p>"
    assert await site.post_of(alias) is None


async def test_a_post_is_found_by_its_id_with_what_it_answers(site: OpenSite, ana: Voice) -> None:
    posts = chain(ana, 3)
    found = await site.resolver.find_post(posts[-1]["id"])

    assert found is not None
    assert found.uri == posts[-1]["id"]
    assert await site.posts() == ids(posts)


async def test_a_known_post_is_found_without_a_question(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    post = ana.note("hello")
    await site.resolver.find_post(post["id"])
    count = len(lisbon.requests)
    assert await site.resolver.find_post(post["id"]) is not None

    assert len(lisbon.requests) == count


async def test_a_post_of_ours_is_found_by_id_and_by_page(site: OpenSite) -> None:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        group = await unit.find(Actor, id=site.network.id)
        assert group is not None
        thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui ?")

    for url in (thread.root_uri, thread.uri, f"{site.node.site.url}/d/{thread.key}/ateliers"):
        found = await site.resolver.find_post(url)
        assert found is not None
        assert found.id == thread.root_id
    assert await site.resolver.find_post(f"{site.node.site.url}/o/nothing") is None


async def test_a_debate_is_found_by_its_context(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    context = lisbon.url("/topic/1")
    root = ana.note("root", context=context)
    listing = {"@context": AS2, "id": context, "type": "OrderedCollection"}
    lisbon.on("/topic/1", document(listing | {"orderedItems": [root["id"]]}))

    found = await site.resolver.find_post(context)
    assert found is not None
    assert found.uri == root["id"]


async def test_a_post_is_found_by_the_page_that_shows_it(
    site: OpenSite, lisbon: Neighbour, ana: Voice
) -> None:
    """The page names the document in its Link header (RFC 8288)."""
    post = ana.note("hello")
    links = f'</style.css>; rel=preload, <{post["id"]}>; rel="alternate"; type="{ACTIVITY_JSON}"'
    lisbon.on("/@ana/hello", answer(200, b"<!doctype html>", "text/html", Link=links))
    relative = f'</notes/hello>; rel="alternate"; type="{ACTIVITY_JSON}"'
    lisbon.on("/relative", answer(200, b"<!doctype html>", "text/html", Link=relative))
    lisbon.on("/plain", answer(200, b"<!doctype html>", "text/html"))

    for path in ("/@ana/hello", "/relative"):
        found = await site.resolver.find_post(lisbon.url(path))
        assert found is not None
        assert found.uri == post["id"]
    assert await site.resolver.find_post(lisbon.url("/plain")) is None


async def test_a_page_that_names_itself_ends_the_search(site: OpenSite, lisbon: Neighbour) -> None:
    links = f'<{lisbon.url("/page")}>; rel="alternate"; type="{ACTIVITY_JSON}"'
    lisbon.on("/page", answer(200, b"<!doctype html>", "text/html", Link=links))

    assert await site.resolver.find_post(lisbon.url("/page")) is None
    assert len(lisbon.requests) <= 2


async def test_what_is_no_post_is_not_found(site: OpenSite, lisbon: Neighbour, ana: Voice) -> None:
    for url in (ana.uri, lisbon.url("/nowhere"), "not a url", "https://[::1"):
        assert await site.resolver.find_post(url) is None


async def test_a_silent_server_is_told_from_a_missing_post(
    site: OpenSite, lisbon: Neighbour
) -> None:
    lisbon.gone(lisbon.url("/notes/1"), 503)

    with pytest.raises(Unreachable):
        await site.resolver.find_post(lisbon.url("/notes/1"))
