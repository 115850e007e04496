"""A network leaves, and takes its debates along: as files, as one file, as followers."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from factories import FakeClock, make_group, make_person, make_remote_actor
from lost import START, Lost, reader
from sqlalchemy import select
from visitors import pages

from actors.followers import accept_follow, request_follow
from actors.models import Actor, Follow
from actors.policies import Policies
from fedi.cli.export.asking import asking
from fedi.cli.export.walk import Walk
from fedi.core.errors import Conflict, Forbidden
from fedi.core.jsonld import parse_document
from fedi.core.node import Node
from fedi.debates.models.post import Post
from fedi.debates.moving import acknowledge, move_away
from fedi.debates.posts import delete_post, write_reply
from fedi.debates.threads import open_thread
from fedi.debates.verification import Standing, verify_thread
from inbox.importing import read_lines, write_lines
from inbox.resolve import Resolver
from outbox.models import Activity, Delivery


async def test_every_address_lives_on_as_a_file(tmp_path: Path, clock: FakeClock) -> None:
    async with pages(tmp_path, clock) as site:
        node, lost = site.node, Lost()
        async with node.db.unit() as unit:
            camille, group = await make_person(unit, "camille"), await make_group(unit, "communs")
            thread = await open_thread(unit, camille, group, title="Clés ?", text="Combien ?")
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
            reply = await write_reply(unit, camille, root, text="Deux.")
            gone = await write_reply(unit, camille, root, text="Trois.")
            await delete_post(unit, camille, gone)
            await lost.tell(unit, 0, 1)
        folder = tmp_path / "static"
        async with asking(node) as answers:
            walk = Walk(node, answers, folder)
            await walk.run()

        def path(uri: str) -> str:
            return uri.removeprefix(node.site.url).lstrip("/")

        visitor = site.visitor()
        for uri in (root.uri, reply.uri, thread.uri, camille.uri, group.uri, f"{root.uri}/replies"):
            shown = await visitor.get(f"/{path(uri)}", Accept="application/activity+json")
            written = (folder / path(uri) / "index.json").read_text()
            assert json.loads(written) == json.loads(shown.text), "the same, proofs included"
        assert (folder / path(thread.uri) / "history" / "index?page=1.json").exists()
        assert (folder / path(root.uri) / "replies" / "index?page=1.json").exists()
        assert (
            json.loads((folder / path(gone.uri) / "index.json").read_text())["type"] == "Tombstone"
        )
        assert f"/{path(gone.uri)}" in walk.gone
        assert "Deux." in (folder / "d" / thread.key / "cles" / "index.html").read_text()
        assert "url=/d/" in (folder / path(root.uri) / "index.html").read_text()
        copy = folder / "m" / lost.context.partition("://")[2] / "index.json"
        assert json.loads(copy.read_text())["mirrorOf"] == lost.context
        finger = f"index?resource=acct:camille@{node.site.domain}.json"
        assert (folder / ".well-known" / "webfinger" / finger).exists()
        assert (folder / "static").is_dir()
        assert not (folder / "sign-in").exists()


async def test_a_debate_travels_as_a_file(node: Node, tmp_path: Path, clock: FakeClock) -> None:
    lost = Lost()
    async with node.db.unit() as unit:
        await lost.meet(unit, "communs", "Group")
        await lost.tell(unit, *range(70))
        await lost.edit(unit, 7, START + timedelta(hours=1))
        await lost.delete(unit, 9)
    async with node.db.reading() as unit:
        lines = await write_lines(unit, await lost.thread(unit))
    async with reader(tmp_path, clock) as (other, _):
        resolver = Resolver(other, Policies(other.db, "open"))
        forged = [line.replace(b"Message 5<", b"Massage 5<") for line in lines]
        imported = await read_lines(other, resolver, forged)
        assert set(imported.refused) == {lost.uri(5)}
        imported = await read_lines(other, resolver, lines)
        assert imported.context == lost.context
        assert await lost.tree(other) == await lost.tree(node)
        async with other.db.reading() as unit:
            verdicts = await verify_thread(unit, await lost.thread(unit))
        assert {verdict.standing for verdict in verdicts} == {Standing.PROOF, Standing.GONE}
        assert {verdict.vouched_by for verdict in verdicts} == {"file:127.0.0.1"}


async def test_a_member_moves_once_and_only_to_whom_they_are(node: Node) -> None:
    lisbon = "https://lisbon.example"
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        new = await make_remote_actor(unit, "camille", lisbon)
        fan = await make_remote_actor(unit, "ana", "https://porto.example")
        await accept_follow(unit, await request_follow(unit, f"{fan.uri}#1", fan, camille))
        with pytest.raises(Forbidden, match="does not say"):
            await move_away(unit, camille, new)
        new = await make_remote_actor(unit, "camille", lisbon, alsoKnownAs=[camille.uri])
        await move_away(unit, camille, new)
        with pytest.raises(Conflict, match="already"):
            await move_away(unit, camille, new)
        await acknowledge(unit, camille, f"{lisbon}/users/older")
        assert camille.also_known_as == [f"{lisbon}/users/older"]
    async with node.db.reading() as unit:
        query = select(Activity.body, Delivery.inbox).join(
            Delivery, Delivery.activity_id == Activity.id
        )
        sent = [
            (document["type"], document.get("target"), inbox)
            for body, inbox in await unit.session.execute(query.order_by(Activity.id))
            if (document := parse_document(body))
        ]
        assert ("Move", new.uri, "https://porto.example/inbox") in sent
        assert [kind for kind, _, _ in sent] == ["Update", "Move", "Update"]
        (follow,) = await unit.session.scalars(select(Follow))
        assert follow.followed_id == camille.id, "what was said stays; whoever follows decides"
        assert (await unit.find(Actor, uri=camille.uri)) is not None
