"""The collections that other servers read of a debate."""

from datetime import timedelta
from typing import Any

from factories import make_group, make_person, make_remote_actor
from notes import received

from actors.models import Actor
from fedi.core.jsonld import dumps, parse_document
from fedi.core.unit import Unit
from fedi.debates.collections import (
    context_collection,
    context_page,
    etag,
    history_collection,
    history_page,
    likes_collection,
    replies_collection,
    replies_page,
    shares_collection,
)
from fedi.debates.likes import accept_reaction, accept_share
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import accept_remote_delete, delete_post, write_reply
from fedi.debates.threads import open_thread
from outbox.models import Activity

LISBON = "https://lisbon.example"


async def debate(unit: Unit) -> tuple[Actor, Actor, Thread, Post]:
    camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
    thread = await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
    root = await unit.find(Post, id=thread.root_id)
    assert root is not None
    return camille, climat, thread, root


async def answers(unit: Unit, post: Post, number: int, **more: Any) -> list[Post]:
    ana = await make_remote_actor(unit, "ana", LISBON)
    posts = [
        await received(unit, ana, f"r{count}", at=70 + count, inReplyTo=post.uri, **more)
        for count in range(number)
    ]
    await unit.flush()
    return posts


async def test_a_context_lists_every_post_the_first_one_first(unit: Unit) -> None:
    _, climat, thread, root = await debate(unit)
    early = await received(
        unit,
        await make_remote_actor(unit, "bea", "https://berlin.example"),
        "early",
        at=-600,  # its clock is slow
        inReplyTo=root.uri,
    )
    later = await answers(unit, root, 2)
    document = await context_collection(unit, thread)

    assert document["id"] == thread.uri
    assert document["type"] == "OrderedCollection"
    assert (document["name"], document["url"]) == ("Ateliers", root.url)
    assert document["attributedTo"] == document["audience"] == climat.uri
    assert document["totalItems"] == 4
    assert document["orderedItems"] == [root.uri, early.uri, *(post.uri for post in later)]
    assert document["first"] == document["last"] == f"{thread.uri}?page=1"
    assert document["contextHistory"] == f"{thread.uri}/history"


async def test_a_long_context_has_pages_of_fifty_that_leave_nothing_out(unit: Unit) -> None:
    _, _, thread, root = await debate(unit)
    posts = await answers(unit, root, 120)
    document = await context_collection(unit, thread)
    first = await context_page(unit, thread, 1)

    assert document["totalItems"] == 121
    assert document["last"] == f"{thread.uri}?page=3"
    assert document["orderedItems"] == first["orderedItems"]
    seen, page = [], first
    while True:
        assert len(page["orderedItems"]) <= 50
        assert page["partOf"] == thread.uri
        seen += page["orderedItems"]
        if "next" not in page:
            break
        page = await context_page(unit, thread, int(page["next"].rpartition("=")[2]))
    assert seen == [root.uri, *(post.uri for post in posts)]
    assert page["prev"] == f"{thread.uri}?page=2"
    assert (await context_page(unit, thread, 9))["orderedItems"] == []


async def test_private_messages_leave_no_trace_in_collections(unit: Unit) -> None:
    camille, _, thread, root = await debate(unit)
    await answers(unit, root, 2, to=[camille.uri], cc=[])

    context = await context_collection(unit, thread)
    assert (context["totalItems"], context["orderedItems"]) == (1, [root.uri])
    assert (await replies_collection(unit, root))["totalItems"] == 0
    assert (await replies_page(unit, root, 1))["items"] == []
    history = await history_page(unit, thread, 1)
    assert b"<p>r0</p>" not in dumps(history)


async def test_deleted_posts_stay_in_the_context(unit: Unit) -> None:
    _, _, thread, root = await debate(unit)
    (answer,) = await answers(unit, root, 1)
    ana = await unit.find(Actor, id=answer.author_id)
    assert ana is not None
    await accept_remote_delete(unit, answer.uri, ana)
    await unit.flush()

    assert (await context_collection(unit, thread))["orderedItems"] == [root.uri, answer.uri]


async def test_replies_begin_with_the_empty_page_that_stands_in_the_post(unit: Unit) -> None:
    _, _, _, root = await debate(unit)
    posts = await answers(unit, root, 60)
    assert root.document is not None
    embedded = parse_document(root.document)["replies"]
    collection = await replies_collection(unit, root)

    assert collection["first"] == embedded["first"]
    assert collection["totalItems"] == 60
    empty = await replies_page(unit, root, 0)
    assert {name: value for name, value in empty.items() if name != "@context"} == (
        embedded["first"]
    )
    one, two = await replies_page(unit, root, 1), await replies_page(unit, root, 2)
    assert one["items"] + two["items"] == [post.uri for post in posts]
    assert one["next"] == f"{root.uri}/replies?page=2"
    assert "next" not in two


async def test_likes_and_shares_tell_how_many_and_who(unit: Unit) -> None:
    _, _, _, root = await debate(unit)
    ana = await make_remote_actor(unit, "ana", LISBON)
    bea = await make_remote_actor(unit, "bea", LISBON)
    await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/likes/1")
    await accept_reaction(unit, bea, root, kind="like", uri=None)
    await accept_reaction(unit, bea, root, kind="dislike", uri=None)
    await accept_reaction(unit, bea, root, kind="like", uri=None)
    await accept_share(unit, ana, root, uri=f"{ana.uri}/shares/1")
    await unit.flush()

    likes = await likes_collection(unit, root)
    assert likes["id"] == f"{root.uri}/likes"
    assert (likes["totalItems"], likes["items"]) == (2, [bea.uri, f"{ana.uri}/likes/1"])
    shares = await shares_collection(unit, root)
    assert (shares["totalItems"], shares["items"]) == (1, [f"{ana.uri}/shares/1"])


async def test_the_history_repeats_activities_byte_for_byte(unit: Unit) -> None:
    camille, _, thread, root = await debate(unit)
    reply = await write_reply(unit, camille, root, text="Oui")
    await unit.flush()
    page = await history_page(unit, thread, 1)
    raw = dumps(page)

    for post in (root, reply):
        activity = await unit.find(Activity, uri=f"{post.uri}#create")
        assert activity is not None
        assert activity.body in raw
    assert "next" not in page
    collection = await history_collection(unit, thread)
    assert (collection["totalItems"], collection["first"]) == (2, page["id"])


async def test_of_what_was_taken_back_the_history_tells_only_that(unit: Unit) -> None:
    camille, _, thread, root = await debate(unit)
    reply = await write_reply(unit, camille, root, text="Un secret")
    await delete_post(unit, camille, reply)
    await unit.flush()
    raw = dumps(await history_page(unit, thread, 1))

    assert b"secret" not in raw
    items = [item["type"] for item in parse_document(raw)["orderedItems"]]
    assert items == ["Create", "Delete"]
    assert (await history_collection(unit, thread))["totalItems"] == 2


async def test_the_history_of_a_long_debate_has_pages(unit: Unit) -> None:
    _, _, thread, root = await debate(unit)
    await answers(unit, root, 60)

    collection = await history_collection(unit, thread)
    assert (collection["totalItems"], collection["last"]) == (61, f"{thread.uri}/history?page=2")
    one, two = await history_page(unit, thread, 1), await history_page(unit, thread, 2)
    assert (len(one["orderedItems"]), len(two["orderedItems"])) == (50, 11)
    assert one["next"] == two["id"]


async def test_the_tag_of_a_thread_changes_with_what_is_shown_of_it(unit: Unit) -> None:
    camille, _, thread, root = await debate(unit)
    tags = {etag(thread)}
    ana = await make_remote_actor(unit, "ana", LISBON)
    for step in ("answer", "private", "like"):
        unit.now += timedelta(seconds=1)
        if step == "answer":
            await received(unit, ana, "r1", at=70, inReplyTo=root.uri)
        elif step == "private":
            await received(unit, ana, "r2", at=70, to=[camille.uri], cc=[], inReplyTo=root.uri)
        else:
            await accept_reaction(unit, ana, root, kind="like", uri=None)
        tags.add(etag(thread))

    assert len(tags) == 3
