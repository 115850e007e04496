"""What members are told of: once, never of their own acts, and only what they want to hear."""

import asyncio
import json
import re
from pathlib import Path

import aiohttp
from factories import make_group, make_remote_actor
from notes import accept, note
from opened import opened
from visitors import PASSWORD

from actors.local import get_local
from actors.models import Actor
from fedi.accounts.models import Account
from fedi.accounts.sessions import find_account
from fedi.accounts.signup import create_account
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.likes import accept_reaction, accept_undo_reaction, like
from fedi.debates.models.notification import NotificationKind
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Attention
from fedi.debates.notifications import count_unread, list_read, list_unread, mark_read
from fedi.debates.posts import delete_post, write_reply
from fedi.debates.quotes import quote
from fedi.debates.reading import read_post
from fedi.debates.readings import set_attention
from fedi.debates.received_note import read_object
from fedi.debates.relations import follow, unfollow
from fedi.debates.threads import open_thread
from fedi.moderation.acts import act_on_person
from fedi.moderation.models import Act

STREAM = {"Accept": "text/event-stream"}
LISBON = "https://lisbon.example"


async def told(unit: Unit, account: Account) -> list[tuple[str, str]]:
    await unit.flush()
    return [
        (one.kind.value, one.by.handle if one.by else "")
        for one in await list_unread(unit, account, limit=100)
    ]


async def sign_up(unit: Unit, handle: str) -> tuple[Account, Actor]:
    account = await create_account(
        unit,
        handle=handle,
        email=f"{handle}@mail.example",
        password="quatre mots bien choisis",
        display_name=handle.capitalize(),
    )
    actor = await unit.find(Actor, id=account.actor_id)
    assert actor is not None
    return account, actor


async def test_members_hear_of_what_is_theirs_once_and_as_they_wish(node: Node) -> None:
    async with node.db.unit() as unit:
        account, camille = await sign_up(unit, "camille")
        other, noe = await sign_up(unit, "noe")
        climat = await make_group(unit, "climat")
        ana = await make_remote_actor(unit, "ana", LISBON)
        thread = await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None

        # Of their own acts nobody is told.
        await like(unit, camille, root)
        await write_reply(unit, camille, root, text="Moi-même.", mentions=[camille])
        assert await told(unit, account) == []

        # An answer that also names them is one thing, an answer of a peer is another.
        reply = await write_reply(unit, noe, root, text="Oui @camille", mentions=[camille])
        sent = note(ana, "r1", inReplyTo=root.uri)
        assert await accept(unit, read_object(sent), ana) is not None
        assert await accept(unit, read_object(sent), ana) is not None
        assert await told(unit, account) == [("reply", "ana"), ("reply", "noe")]

        # Names count when the message is addressed to them; a quotation, when it links here.
        tag = {"type": "Mention", "href": noe.uri, "name": "@noe"}
        named = note(ana, "r2", inReplyTo=root.uri, tag=[tag], cc=[noe.uri])
        assert await accept(unit, read_object(named), ana) is not None
        shown = await read_post(unit, reply)
        assert shown is not None
        await write_reply(unit, camille, root, text=quote(shown) + "Précisément.")
        assert await told(unit, other) == [("quote", "camille"), ("mention", "ana")]

        # A like counts once, and no more when it is taken back.
        for _ in range(2):
            await like(unit, noe, root)
            await accept_reaction(unit, ana, root, kind="like", uri=f"{ana.uri}/likes/1")
        assert sorted(await told(unit, account))[:2] == [("like", "ana"), ("like", "noe")]
        await accept_undo_reaction(unit, ana, root, "like")
        assert ("like", "ana") not in await told(unit, account)

        await follow(unit, noe, camille)
        await follow(unit, noe, camille)
        assert (await told(unit, account)).count(("follow", "noe")) == 1
        await unfollow(unit, noe, camille)
        assert ("follow", "noe") not in await told(unit, account)


async def test_members_choose_what_they_hear_of_and_mark_it_as_read(node: Node) -> None:
    async with node.db.unit() as unit:
        account, camille = await sign_up(unit, "camille")
        other, noe = await sign_up(unit, "noe")
        climat = await make_group(unit, "climat")
        thread = await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        reply = await write_reply(unit, noe, root, text="Oui.")
        await write_reply(unit, noe, root, text="Mais non.")
        await like(unit, noe, root)
        await like(unit, camille, reply)
        await follow(unit, camille, noe)

    async with node.db.unit() as unit:
        account = await must(unit, account)
        author = await unit.find(Actor, id=noe.id)
        assert author is not None
        # What is removed, muted or not wanted disappears, and what comes back comes back.
        count = await count_unread(unit, account)
        removed = await unit.find(Post, id=reply.id)
        assert removed is not None
        await delete_post(unit, author, removed)
        await unit.flush()
        assert await count_unread(unit, account) == count - 1
        account.untold = [NotificationKind.LIKE]
        assert "like" not in dict(await told(unit, account))
        account.untold = []
        reader = await unit.find(Actor, id=camille.id)
        assert reader is not None
        await set_attention(unit, reader, thread, Attention.MUTE)
        assert await told(unit, account) == []
        await set_attention(unit, reader, thread, None)
        await unit.flush()

        # One, then all, are marked as read, and nobody else's.
        first = (await list_unread(unit, account, limit=1))[0]
        foreign = (await list_unread(unit, await must(unit, other), limit=1))[0]
        assert await mark_read(unit, account, only=[first.id, foreign.id]) == 1
        assert [one.id for one in await list_read(unit, account, limit=9)] == [first.id]
        await mark_read(unit, account)
        assert await count_unread(unit, account) == 0
        assert await count_unread(unit, await must(unit, other)) == 1


async def must(unit: Unit, account: Account) -> Account:
    found = await unit.find(Account, id=account.id)
    assert found is not None
    return found


async def judge(node: Node, act: Act) -> None:
    async with node.db.unit() as unit:
        noe = await get_local(unit, "noe")
        chief = await find_account(unit, "chef") or await create_account(
            unit, handle="chef", email="chef@mail.example", password=PASSWORD, admin=True
        )
        assert noe is not None
        await act_on_person(unit, chief, act, noe, reason="Ton")


async def test_the_page_tells_by_debate_and_the_number_follows(tmp_path: Path) -> None:
    async with opened(tmp_path) as it:
        noe = await it.site.member("noe")
        await noe.send(f"/posts/{it.root.key}/reply", text="Une réponse.")
        await noe.send(f"/posts/{it.root.key}/like")
        assert 'data-news="2"' in (await it.elise.get("/")).text
        assert 'data-news="2"' in (await it.refreshed()).text
        page = await it.elise.get("/notifications")
        assert "Noe replied to you" in page.words
        assert "Noe likes your message" in page.words
        assert "Fermés en août" in page.words

        # The number of an open page changes at once, here by a reply, and by what is read.
        client = it.elise.client
        async with client.get("/notifications/live", headers=STREAM) as answer:
            assert await next_count(answer) == 2
            await noe.send(f"/posts/{it.root.key}/reply", text="Encore une.")
            assert await next_count(answer) == 3
            only = re.search(r'name="only" value="(\d+)"', page.text)
            assert only is not None
            await it.elise.send("/notifications/read", only=only[1])
            assert await next_count(answer) == 2
        await it.elise.send("/notifications/read")
        assert 'data-news="0"' in (await it.elise.get("/")).text
        async with noe.client.get("/notifications/live", headers=STREAM) as answer:
            await next_count(answer)
            await judge(it.site.node, Act.SUSPEND)
            assert b"data" not in await answer.content.read(), "it ends with the session"
        await judge(it.site.node, Act.REINSTATE)

        # Who approves their followers answers them here.
        async with it.site.node.db.unit() as unit:
            actor = await unit.find(Actor, id=it.root.author_id)
            assert actor is not None
            actor.approves_followers = True
        await noe.send("/follow", actor=actor.uri)
        page = await it.elise.get("/notifications")
        assert "They ask to follow you" in page.words
        wish = re.search(r'name="wish" value="(\d+)"', page.text)
        assert wish is not None
        assert (await noe.send("/notifications/requests", wish=wish[1])).status == 403
        page = await it.elise.send("/notifications/requests", wish=wish[1], answer="accept")
        assert "They ask to follow you" not in page.words
        assert "Elise lets you follow them" in (await noe.get("/notifications")).words

        # What is not wanted is told no more.
        await it.elise.send("/notifications/kinds", like="on")
        page = await it.elise.get("/notifications")
        assert "Noe likes your message" in page.words
        assert "Noe replied" not in page.words
        visitor = it.site.visitor()
        assert (await visitor.get("/notifications")).path.startswith("/sign-in")


async def next_count(answer: aiohttp.ClientResponse) -> int:
    async with asyncio.timeout(30):
        while not (line := await answer.content.readline()).startswith(b"data: "):
            assert line, "the stream has ended"
    count: int = json.loads(line.removeprefix(b"data: "))["count"]
    return count
