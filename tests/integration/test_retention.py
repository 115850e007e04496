"""What a node lets go of in the course of time, and what it never does."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import fedi, init
from factories import FakeClock, make_person, make_remote_actor
from sqlalchemy import func, select

from actors.followers import Target
from actors.journal import record
from actors.local import network_actor
from actors.models import Actor, Dialect
from fedi.accounts.sessions import recognise, start_session
from fedi.accounts.signup import create_account, create_setup_link
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.post import Post
from fedi.debates.posts import delete_post
from fedi.debates.threads import open_thread
from fedi.migrations.tables import TABLES
from fedi.retention import BATCH, RULES, count_prunable, prune
from inbox.models import InboxItem
from outbox.builders import build_like
from outbox.models import Delivery, Reception
from outbox.publish import publish

ROOT = Path(__file__).parents[2]
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FakeClock:
    """Keys tell the time of the machine, so these tests begin at that time."""
    return FakeClock(datetime.now(UTC))


async def count(node: Node, model: Any) -> int:
    async with node.db.reading() as unit:
        return await unit.session.scalar(select(func.count()).select_from(model)) or 0


def hear(unit: Unit, name: str, **more: Any) -> None:
    """An activity that was received and read."""
    values: dict[str, Any] = {
        "fingerprint": name.encode(), "activity_uri": f"https://far.example/{name}",
        "type": "Like", "signer_uri": "https://far.example/users/ana",
        "origin": "https://far.example", "recipient": None, "body": b"{}",
        "received_at": unit.now, "attempts": 1, "next_attempt_at": None, "locked_until": None,
        "finished_at": unit.now, "last_error": None, "outcome": "done", "reason": None,
    }  # fmt: skip
    unit.write(InboxItem, **(values | more))


async def names(node: Node) -> Sequence[str]:
    """What is left of what was received."""
    async with node.db.reading() as unit:
        uris = await unit.session.scalars(select(InboxItem.activity_uri).order_by(InboxItem.id))
        return [(uri or "").rpartition("/")[2] for uri in uris]


async def test_what_was_read_goes_after_two_weeks(node: Node, clock: FakeClock):
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        hear(unit, "read")
        hear(unit, "listed")
        hear(unit, "parked", outcome="parked")
        hear(unit, "waiting", outcome=None, finished_at=None, next_attempt_at=unit.now)
        uri = "https://far.example/listed"
        unit.write(Reception, actor_id=camille.id, activity_uri=uri, received_at=unit.now)
    clock.advance(13 * DAY)
    await prune(node)
    assert await names(node) == ["read", "listed", "parked", "waiting"]
    clock.advance(2 * DAY)
    assert (await count_prunable(node))["inbox_items"] == 1
    assert (await prune(node))["inbox_items"] == 1
    assert await names(node) == ["listed", "parked", "waiting"]
    clock.advance(400 * DAY)
    await prune(node)
    assert await names(node) == ["parked", "waiting"]


async def test_a_long_queue_goes_in_short_transactions(node: Node, clock: FakeClock):
    async with node.db.unit() as unit:
        for number in range(2 * BATCH + 1):
            hear(unit, str(number))
    clock.advance(30 * DAY)
    assert (await prune(node))["inbox_items"] == 2 * BATCH + 1
    assert await count(node, InboxItem) == 0


async def told(node: Node) -> list[str]:
    """The inboxes of deliveries that are still known."""
    async with node.db.reading() as unit:
        return sorted(await unit.session.scalars(select(Delivery.inbox)), reverse=True)


async def test_who_was_told_of_a_post_is_known_as_long_as_it_stands(node: Node, clock: FakeClock):
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        ana = await make_remote_actor(unit, "ana", "https://far.example")
        group = await network_actor(unit)
        thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui décide ?")
        post = await unit.find(Post, id=thread.root_id)
        assert post is not None
        post_id, camille_id = post.id, camille.id
        target = Target(
            ana.id, ana.uri, ana.inbox, None, "https://far.example", Dialect.NODE, "addressed"
        )
        like = build_like(unit.site, new_key(), camille.uri, "https://far.example/o/1")
        await publish(unit, camille, like, to=[target])
        unit.write(
            Delivery,
            activity_id=(await _create_of(unit, post)), signer_id=camille.id,
            inbox="https://far.example/inbox", origin="https://far.example", subject=post.uri,
            status=202, outcome="delivered", created_at=unit.now, attempts=1,
            next_attempt_at=None, locked_until=None, finished_at=unit.now, last_error=None,
        )  # fmt: skip
    clock.advance(60 * DAY)
    await prune(node)
    assert await told(node) == [ana.inbox, "https://far.example/inbox"], "one is under way"
    await _end_all(node)
    await prune(node)
    assert await told(node) == ["https://far.example/inbox"]
    async with node.db.unit() as unit:
        post, author = await unit.find(Post, id=post_id), await unit.find(Actor, id=camille_id)
        assert post is not None
        assert author is not None
        await delete_post(unit, author, post)
    await _end_all(node)
    clock.advance(31 * DAY)
    await prune(node)
    assert await told(node) == []


async def _create_of(unit: Unit, post: Post) -> int:
    await unit.flush()
    activities = TABLES.tables["activities"]
    found = select(activities.c.id).where(
        activities.c.object_uri == post.uri, activities.c.type == "Create"
    )
    identity: int = (await unit.session.scalars(found)).one()
    return identity


async def _end_all(node: Node) -> None:
    async with node.db.unit() as unit:
        for row in await unit.session.scalars(select(Delivery)):
            row.next_attempt_at, row.outcome = None, "delivered"


async def test_sessions_links_and_the_journal_fade(node: Node, clock: FakeClock):
    async with node.db.unit() as unit:
        await create_account(
            unit, handle="elise", email="elise@mail.example", password="quatre mots bien choisis"
        )
        await create_setup_link(unit)
        await record(unit, direction="in", origin="", code="digest", subject="somebody")
    account = await recognise(node.db, "elise", "quatre mots bien choisis")
    async with node.db.unit() as unit:
        start_session(unit, account)
    gone = await prune(node)
    assert not any(gone.values())
    clock.advance(400 * DAY)
    gone = await prune(node)
    assert {table for table, number in gone.items() if number} >= {
        "sessions",
        "one_time_links",
        "journal",
    }


def test_every_table_is_explained_to_operators():
    text = (ROOT / "docs/operator/storage.md").read_text(encoding="utf-8")
    rows = {
        match[1]: match[0]
        for match in re.finditer(r"^\| `(\w+)` \|.*$", text, re.MULTILINE)
        if match[1] not in ("database", "media", "other")
    }
    assert set(rows) == set(TABLES.tables) - {"alembic_version"}
    for rule in RULES:
        if rule.days:
            assert f"{rule.days} days" in rows[rule.table]


async def test_the_command_line_tells_and_lets_go(tmp_path: Path):
    config = init(tmp_path)
    before = fedi("storage", "report", "--json", "--config", config).json
    assert {row["table"] for row in before} == set(TABLES.tables)
    assert fedi("storage", "prune", "--dry-run", "--json", "--config", config).code == 0
    ended = fedi("storage", "prune", "--config", config)
    assert (ended.code, ended.err.strip()) == (0, "nothing is old enough")
