"""What a member has here: all of it in one file, and nothing of it left once they have gone."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from factories import FakeClock, make_group, make_person, make_remote_actor
from photos import photo
from sqlalchemy import JSON, LargeBinary, insert, select, text
from visitors import PASSWORD, Page, Site, Visitor, pages

from actors.models import Actor
from fedi.accounts.models import Account
from fedi.accounts.signup import create_account
from fedi.belongings.closing import GRACE
from fedi.belongings.erasing import erase_who_left, open_hold
from fedi.belongings.exports import Exporter, place_of, take_down_exports
from fedi.belongings.inventory import NOT_THEIRS, THEIRS
from fedi.belongings.writing import write_export
from fedi.core.errors import Conflict
from fedi.core.jsonld import parse_document
from fedi.core.node import Node
from fedi.core.text import safe_cell
from fedi.core.unit import Unit
from fedi.debates.likes import like
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import write_reply
from fedi.debates.relations import follow
from fedi.debates.search.keeping import Indexer
from fedi.debates.threads import open_thread
from fedi.migrations.tables import TABLES
from fedi.moderation.models import AuditEntry
from outbox.models import Activity, Delivery

PORTRAIT = ("portrait", "moi.jpg", photo())
NAME, EMAIL, IP = "Zénobie Quatrefages", "zenobie@courriel.example", "203.0.113.77"


async def everything(node: Node) -> str:
    """All that is in any table, the words of search included, as one text."""
    async with node.db.reading() as unit:
        names = list(TABLES.tables)
        if not node.db.is_shared:
            found = await unit.session.scalars(
                text("SELECT name FROM sqlite_master WHERE type = 'table'")
            )
            names = list(found)
        rows = [
            f"{name} {tuple(bytes(c) if isinstance(c, memoryview) else c for c in row)!r}"
            for name in names
            for row in await unit.session.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608
        ]
    return "\n".join(rows)


async def sign_in(visitor: Visitor) -> Page:
    return await visitor.send("/sign-in", login="zenobie", password=PASSWORD)


def page_of(thread: Thread) -> str:
    return f"/d/{thread.key}"


async def settle_search(node: Node) -> None:
    """Let search read what changed, as a loop of the leader does."""
    indexer = Indexer(node.db)
    while await indexer.run_once():
        pass


async def fill(unit: Unit, account: Account, actor: Actor, post: Post) -> dict[str, int]:
    """Put one row about a member into every table that holds such rows; their ids by table."""
    ids: dict[str, int] = {}
    for number, (name, table) in enumerate(TABLES.tables.items(), start=1):
        if name not in THEIRS or name in ("accounts", "actors", "posts"):
            continue
        values: dict[str, Any] = {"id": 9_000_000_000 + number}
        for column in table.c:
            target = next((key.column.table.name for key in column.foreign_keys), None)
            whose = {"accounts": account.id, "actors": actor.id, "posts": post.id}
            whose["threads"] = post.thread_id
            if target in whose:
                values[column.name] = whose[target]
            elif column.name == "actor_uri":
                values[column.name] = actor.uri
            elif column.name in ("email", "recipient"):
                values[column.name] = account.email
            elif column.name == "media_type":
                values[column.name] = "image/png"
            elif column.name not in values and not column.nullable:
                values[column.name] = _some(column, unit, number)
        if name in ("readings", "participations"):
            await unit.session.execute(table.delete().where(table.c.actor_id == actor.id))
        if name == "follows":
            values["followed_id"] = (await unit.find(Actor, uri=unit.site.instance_actor)).id
        await unit.session.execute(insert(table).values(values))
        ids[name] = values["id"]
    return ids


def _some(column: Any, unit: Unit, number: int) -> Any:
    """A value that the column takes."""
    if isinstance(column.type, JSON):
        return []
    kind = bytes if isinstance(column.type, LargeBinary) else column.type.python_type
    if issubclass(kind, Enum):
        return next(iter(kind))
    known = {int: 0, bool: False, bytes: b"{}", str: f"row {number}"}
    return known.get(kind, unit.now)


async def test_every_row_about_a_member_is_in_their_file_or_said_not_to_be_theirs(
    node: Node, tmp_path: Path
) -> None:
    assert set(THEIRS) | set(NOT_THEIRS) == set(TABLES.tables)
    assert not set(THEIRS) & set(NOT_THEIRS)
    assert safe_cell("=1+1") == "'=1+1"
    async with node.db.unit() as unit:
        account = await create_account(
            unit, handle="zenobie", email=EMAIL, password=PASSWORD, display_name=NAME
        )
        actor = await unit.find(Actor, id=account.actor_id)
        assert actor is not None
        group = await make_group(unit, "communs")
        thread = await open_thread(unit, actor, group, title="Clés ?", text="**Combien** ?")
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        ids = await fill(unit, account, actor, root)
        account_id = account.id
    path = tmp_path / "file.zip"
    assert await write_export(node, account_id, path, "en") == path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        read = {name: archive.read(name) for name in archive.namelist()}
    for name, row_id in ids.items():
        rows = json.loads(read[f"rows/{name}.json"])
        assert row_id in [row["id"] for row in rows], name
    assert "password_hash" not in read["rows/accounts.json"].decode()
    assert json.loads(read["rows/accounts.json"])[0]["email"] == EMAIL
    assert NAME in read["README.txt"].decode()
    assert json.loads(read["actor.json"])["id"] == actor.uri
    said = json.loads(read["outbox.json"])["orderedItems"]
    assert {"Create"} <= {item["type"] for item in said if "type" in item}
    (markdown,) = [text for name, text in read.items() if name.endswith(".md")]
    assert "**Combien** ?" in markdown.decode()
    (html,) = [text for name, text in read.items() if name.endswith(".html")]
    assert "<strong>Combien</strong>" in html.decode()
    (head, followed) = csv.reader(io.StringIO(read["following.csv"].decode()))
    assert head[0] == "Account address"
    assert followed[0].endswith(f"@{node.site.domain}")


async def take_along(site: Site, visitor: Visitor, noe: Visitor) -> str:
    """A file made by the worker, for its owner alone; returns its key."""
    node, exporter = site.node, Exporter(site.node)
    assert "being made" in (await visitor.send("/settings/data")).words
    await visitor.send("/settings/data")
    assert [await exporter.run_once(), await exporter.run_once()] == [1, 0]
    page = await visitor.get("/settings/data")
    (link,) = page.links("/settings/data/")
    async with visitor.client.get(link) as response:
        names = zipfile.ZipFile(io.BytesIO(await response.read())).namelist()
        assert response.headers["Cache-Control"] == "private, no-store"
    assert [name for name in names if name.startswith("media/")]
    assert (await noe.get(link)).status == 404
    assert (await site.visitor().get(link)).path.startswith("/sign-in")
    key = link.rpartition("/")[2]
    assert place_of(node, key).exists()
    return key


async def leave_and_come_back(
    site: Site, visitor: Visitor, noe: Visitor, key: str, thread: Thread, clock: FakeClock
) -> None:
    """Who leaves shows who they are, and is hidden for a month; the last administrator stays."""
    node = site.node
    clock.advance(timedelta(minutes=16))
    for address in (f"/settings/data/{key}", "/settings/data/leave"):
        page = await (visitor.get(address) if "leave" not in address else visitor.send(address))
        assert page.path.startswith("/settings/proof")
    await visitor.send("/settings/proof", password=PASSWORD, next="/settings/data")
    await noe.send("/settings/proof", password=PASSWORD, next="/settings/data")
    page = await noe.send("/settings/data/leave", sure="on")
    assert "else must administer" in page.words
    assert (await visitor.send("/settings/data/leave", sure="on")).path == "/left"
    assert (await visitor.get("/settings")).path.startswith("/sign-in")
    assert (await noe.get("/p/zenobie")).status == 404
    assert "Signé" not in (await noe.get(page_of(thread))).words
    clock.advance(GRACE - timedelta(days=1))
    assert await erase_who_left(node) == 0
    wrong = await visitor.send("/sign-in", login="zenobie", password="autre chose encore")
    assert wrong.status == 403
    assert (await sign_in(visitor)).status == 200
    assert (await noe.get("/p/zenobie")).status == 200
    assert f"Signé {NAME}" in (await noe.get(page_of(thread))).words


async def see_what_stays(
    site: Site, zenobie: Actor, mine: Post, thread: Thread, noe: Visitor
) -> None:
    """The answer, tombstones, the name that nobody takes; and what peers hear."""
    node, visitor = site.node, site.visitor()
    page = await noe.get(page_of(thread))
    assert "Deux." in page.words
    document = {"Accept": "application/activity+json"}
    async with visitor.client.get("/p/zenobie", headers=document) as response:
        assert (response.status, (await response.json())["type"]) == (410, "Tombstone")
    assert (await noe.get("/p/zenobie")).status == 410
    async with visitor.client.get(f"/o/{mine.key}", headers=document) as response:
        assert response.status == 410
    async with node.db.unit() as unit:
        query = select(Activity).where(Activity.actor_id == zenobie.id)
        said = list(await unit.session.scalars(query.order_by(Activity.id)))
        assert {activity.type for activity in said} == {"Delete"}
        assert said[-1].object_uri == zenobie.uri
        assert parse_document(said[-1].body)["proof"]["cryptosuite"] == "eddsa-jcs-2022"
        inboxes = select(Delivery.inbox).where(Delivery.activity_id == said[-1].id)
        assert set(await unit.session.scalars(inboxes)) == {
            "https://lisbon.example/inbox",
            "https://porto.example/inbox",
        }
        with pytest.raises(Conflict):
            await create_account(unit, handle="zenobie", email=EMAIL, password=PASSWORD)
    async with node.db.unit() as unit:
        (kept,) = await open_hold(unit, "zenobie", "réquisition 2026-114")
        assert (kept["name"], kept["email"]) == (NAME, EMAIL)
        await unit.flush()
        acts = list(await unit.session.scalars(select(AuditEntry.act)))
    assert acts[-2:] == ["erase-account", "open-legal-hold"]


async def test_a_member_takes_everything_along_leaves_comes_back_and_leaves_for_good(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with pages(tmp_path, clock) as site:
        node, visitor, noe = site.node, site.visitor(), site.visitor()
        async with node.db.unit() as unit:
            account = await create_account(
                unit, handle="zenobie", email=EMAIL, password=PASSWORD, display_name=NAME
            )
            await create_account(
                unit, handle="noe", email="noe@mail.example", password=PASSWORD, admin=True
            )
            zenobie = await unit.find(Actor, id=account.actor_id)
            assert zenobie is not None
            camille, group = await make_person(unit, "camille"), await make_group(unit, "communs")
            ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
            await make_remote_actor(unit, "eve", "https://porto.example")
            thread = await open_thread(unit, zenobie, group, title="Combien ?", text=f"{NAME} ?")
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
            answer = await write_reply(unit, camille, root, text="Deux.")
            mine = await write_reply(unit, zenobie, answer, text=f"Signé {NAME}, {EMAIL}")
            await like(unit, zenobie, answer)
            await follow(unit, zenobie, ana)
        await sign_in(visitor)
        await visitor.send(
            "/settings/profile", name=NAME, summary=f"{NAME} <{EMAIL}>", files=[PORTRAIT],
            consents="on", approves_followers="on",
        )  # fmt: skip
        async with node.db.reading() as unit:
            told = await unit.find(Actor, id=zenobie.id)
            assert told is not None
            assert (told.approves_followers, told.discoverable) == (True, False)
        hats = {"hat-name": "La Fabrique", "hat-place": NAME}
        assert (await visitor.send("/settings/hats", **hats)).status == 200

        assert (await noe.send("/sign-in", login="noe", password=PASSWORD)).status == 200
        key = await take_along(site, visitor, noe)
        await leave_and_come_back(site, visitor, noe, key, thread, clock)

        # for good
        await visitor.send("/settings/data/leave", sure="on")
        clock.advance(GRACE)
        assert (await visitor.send("/sign-in", login="zenobie", password=PASSWORD)).status == 403
        assert EMAIL in await everything(node)
        assert await erase_who_left(node) == 1
        assert await erase_who_left(node) == 0
        await settle_search(node)
        found = await everything(node)
        for trace in (NAME, "Quatrefages", "quatrefag", EMAIL, "courriel.example", IP):
            assert trace not in found, [line for line in found.splitlines() if trace in line]
        assert await take_down_exports(node) == 1
        assert not place_of(node, key).exists()
        assert not [path for path in node.config.media_dir.rglob("*") if path.is_file()]

        await see_what_stays(site, zenobie, mine, thread, noe)
