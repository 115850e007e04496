"""What other servers read here, over HTTP: addresses, headers, bytes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from factories import make_person, make_remote_actor
from multidict import CIMultiDictProxy
from notes import received
from visitors import Site, pages

from actors.local import network_actor
from actors.models import Actor
from fedi.core.vocab import ACTIVITY_JSON, PUBLIC
from fedi.debates.featured import feature
from fedi.debates.groups import create_group
from fedi.debates.models.post import Post
from fedi.debates.posts import delete_post, write_reply
from fedi.debates.threads import open_thread
from fedi.web import actor_documents

LISBON = "https://lisbon.example"


@dataclass
class Read:
    """An answer to a machine."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def vary(self) -> set[str]:
        return {
            name.strip() for line in self.headers.getall("Vary", []) for name in line.split(",")
        }


@dataclass
class Library:
    """A node with one debate, and a server that reads it."""

    site: Site
    url: str
    group: Actor
    root: Post
    reply: Post

    async def read(
        self, address: str, method: str = "GET", accept: str = ACTIVITY_JSON, **more: str
    ) -> Read:
        """Ask for an address of the node."""
        headers = {"Accept": accept} | {name.replace("_", "-"): text for name, text in more.items()}
        client = self.site.visitor().client
        async with client.request(
            method, address.removeprefix(self.url), headers=headers, allow_redirects=False
        ) as answer:
            return Read(answer.status, answer.headers, await answer.read())


@asynccontextmanager
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with pages(tmp_path) as site:
        async with site.node.db.unit() as unit:
            camille = await make_person(unit, "camille")
            group = await create_group(unit, "climat", "Climat", "Ce qu'on chauffe.")
            thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui paie ?")
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
            reply = await write_reply(unit, camille, root, text="Nous.")
        yield Library(site, site.node.site.url, group, root, reply)


async def test_every_address_an_actor_names_is_served(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        for path in ("/actor", "/p/camille", "/g/climat", "/g/reseau"):
            actor = (await here.read(path)).json
            assert actor["id"] == f"{here.url}{path}"
            for name in ("outbox", "followers", "following"):
                collection = (await here.read(actor[name])).json
                assert (collection["id"], collection["type"]) == (actor[name], "OrderedCollection")
                page = (await here.read(collection["first"])).json
                assert (page["partOf"], page["type"]) == (actor[name], "OrderedCollectionPage")
            for name in {"featured", "attributedTo"} & actor.keys():
                assert (await here.read(actor[name])).json["orderedItems"] == []


async def test_machines_and_people_are_told_apart_at_one_address(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        context = str(here.root.context_uri)
        for address in (here.root.uri, context, here.group.uri, f"{here.url}/p/camille"):
            for accept in (
                ACTIVITY_JSON,
                'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
                "application/ld+json",
                "text/html;q=0.1,application/activity+json",
            ):
                read = await here.read(address, accept=accept)
                assert (read.status, read.headers["Content-Type"]) == (200, ACTIVITY_JSON)
                assert "Accept" in read.vary
            for method in ("GET", "HEAD"):
                page = await here.read(address, method, accept="text/html")
                assert page.headers["Link"] == (
                    f'<{address}>; rel="alternate"; type="application/activity+json"'
                )
                assert "Accept" in page.vary
                assert page.status == 200 or page.headers["Location"].startswith("/d/")


async def test_a_post_is_the_same_bytes_at_its_id_and_in_its_create(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        served = (await here.read(here.root.uri)).body
        assert served == here.root.document
        assert (await here.read(f"{here.root.uri}#create")).body == served
        outbox = await here.read("/p/camille/outbox?page=1")
        assert served in outbox.body


async def test_who_has_a_document_already_is_told_so(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        context = str(here.root.context_uri)
        for address in (context, f"{context}?page=1", here.root.uri, here.group.uri):
            read = await here.read(address)
            etag = read.headers["ETag"]
            assert "Last-Modified" in read.headers
            again = await here.read(address, If_None_Match=etag)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
        before = (await here.read(context)).headers["ETag"]
        async with here.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            await received(unit, ana, "r1", inReplyTo=here.root.uri)
        after = await here.read(context, If_None_Match=before)
        assert (after.status, after.json["totalItems"]) == (200, 3)


async def test_a_context_leads_to_its_page(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        read = await here.read(str(here.root.context_uri))
        assert read.headers["Link"] == f'<{here.root.url}>; rel="alternate"; type="text/html"'
        assert read.json["orderedItems"] == [here.root.uri, here.reply.uri]


async def test_the_address_of_a_reply_finds_its_page_when_the_debate_is_long(
    tmp_path: Path,
) -> None:
    async with library(tmp_path) as here:
        async with here.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", LISBON)
            for number in range(120):
                await received(unit, ana, f"r{number}", inReplyTo=here.root.uri, at=-number - 60)
        address = (await here.read(here.reply.uri)).json["url"]
        page = await here.read(address.partition("#")[0], accept="text/html")
        assert f'id="p-{here.reply.key}"'.encode() in page.body


async def test_what_was_deleted_leaves_a_tombstone_and_actors_never_do(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        async with here.site.node.db.unit() as unit:
            camille = await unit.find(Actor, uri=f"{here.url}/p/camille")
            reply = await unit.find(Post, id=here.reply.id)
            assert camille is not None
            assert reply is not None
            await delete_post(unit, camille, reply)
            camille.suspended_at = unit.now
        gone = await here.read(here.reply.uri)
        assert gone.status == 410
        assert gone.json | {"published": "", "deleted": ""} == {
            "@context": ["https://www.w3.org/ns/activitystreams"],
            "id": here.reply.uri,
            "type": "Tombstone",
            "formerType": "Note",
            "attributedTo": f"{here.url}/p/camille",
            "inReplyTo": here.root.uri,
            "context": here.root.context_uri,
            "audience": here.group.uri,
            "published": "",
            "deleted": "",
        }
        person = await here.read("/p/camille")
        assert (person.status, person.json["suspended"]) == (200, True)
        assert (await here.read("/o/00000000000000000000000000")).status == 404


# --- outboxes ----------------------------------------------------------------------------


async def test_a_group_shows_its_debates_to_who_comes_later(tmp_path: Path) -> None:
    """Nobody followed it when they were opened; replies would bury them, so they are left out."""
    async with library(tmp_path) as here:
        for handle in ("climat", "reseau"):
            group = f"{here.url}/g/{handle}"
            outbox = (await here.read(f"{group}/outbox")).json
            page = (await here.read(outbox["first"])).json
            assert outbox["totalItems"] == 1
            assert page["orderedItems"] == outbox["orderedItems"]
            (announce,) = page["orderedItems"]
            assert (announce["type"], announce["actor"]) == ("Announce", group)
            assert announce["to"] == [PUBLIC]
            assert announce["object"]["id"] == f"{here.root.uri}#create"
            assert (await here.read(announce["id"])).json == announce


async def test_what_is_deleted_leaves_the_outbox_of_its_group(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        async with here.site.node.db.unit() as unit:
            camille = await unit.find(Actor, uri=f"{here.url}/p/camille")
            root = await unit.find(Post, id=here.root.id)
            assert camille is not None
            assert root is not None
            await delete_post(unit, camille, root)
        outbox = (await here.read("/g/climat/outbox")).json
        assert (outbox["totalItems"], outbox["orderedItems"]) == (0, [])


async def test_a_page_of_an_outbox_is_never_too_large_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actor_documents, "ROOM", 20_000)
    async with library(tmp_path) as here:
        async with here.site.node.db.unit() as unit:
            camille = await unit.find(Actor, uri=f"{here.url}/p/camille")
            network = await network_actor(unit)
            assert camille is not None
            for number in range(8):
                text = "Un long texte. " * 400
                await open_thread(unit, camille, network, title=f"Débat {number}", text=text)
        found, address = [], "/g/reseau/outbox?page=1"
        while address:
            read = await here.read(address)
            assert len(read.body) < 60_000
            found += [announce["object"]["object"]["id"] for announce in read.json["orderedItems"]]
            address = read.json.get("next")
        assert len(found) == len(set(found)) == 9
        assert found[-1] == here.root.uri


async def test_a_group_keeps_debates_at_hand_whole(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        async with here.site.node.db.unit() as unit:
            group, root = (
                await unit.find(Actor, id=here.group.id),
                await unit.find(Post, id=here.root.id),
            )
            assert group is not None
            assert root is not None
            await feature(unit, group, root)
        read = await here.read("/g/climat/featured")
        assert here.root.document is not None
        assert here.root.document in read.body
        assert read.json["totalItems"] == 1


# --- finding -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["acct:climat@{host}", "climat@{host}", "{url}/g/climat"])
async def test_an_actor_is_found_by_name_and_by_id(tmp_path: Path, name: str) -> None:
    async with library(tmp_path) as here:
        host = here.url.removeprefix("http://")
        resource = name.format(host=host, url=here.url)
        read = await here.read(f"/.well-known/webfinger?resource={resource}")
        assert read.headers["Content-Type"] == "application/jrd+json"
        assert read.headers["Access-Control-Allow-Origin"] == "*"
        assert read.json["subject"] == f"acct:climat@{host}"
        assert read.json["links"][0] == {
            "rel": "self",
            "type": ACTIVITY_JSON,
            "href": f"{here.url}/g/climat",
        }


async def test_the_software_introduces_itself(tmp_path: Path) -> None:
    async with library(tmp_path) as here:
        links = {
            link["rel"]: link["href"]
            for link in (await here.read("/.well-known/nodeinfo")).json["links"]
        }
        assert links["https://www.w3.org/ns/activitystreams#Application"] == f"{here.url}/actor"
        info = (await here.read(links["http://nodeinfo.diaspora.software/ns/schema/2.1"])).json
        assert (info["version"], info["software"]["name"]) == ("2.1", "fedi")
        assert info["protocols"] == ["activitypub"]
        assert (info["usage"]["localPosts"], info["usage"]["localComments"]) == (1, 1)
        assert info["usage"]["users"] == {"total": 0, "activeMonth": 1, "activeHalfyear": 1}
        assert info["metadata"] == {}
        meta = await here.read("/.well-known/host-meta")
        assert f"{here.url}/.well-known/webfinger?resource={{uri}}".encode() in meta.body
