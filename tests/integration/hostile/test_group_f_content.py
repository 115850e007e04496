"""Group F: posts that are their author's to write, and hold too much, or what makes no sense."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hostile import document
from processes import PUBLIC
from siege import MARK, Case, Siege, move_in

pytestmark = pytest.mark.asyncio(loop_scope="module")


def stored(siege: Siege, uri: str) -> dict[str, Any]:
    """The row of a post."""
    (row,) = siege.query("select * from posts where uri = ?", uri)
    return row


async def write(siege: Siege, **members: Any) -> dict[str, Any]:
    """Let Mallory answer Camille with these members; the row that it becomes."""
    note = siege.mallory.note(inReplyTo=siege.debate) | members
    await siege.take(siege.post(siege.mallory, siege.mallory.create(note)))
    return stored(siege, note["id"])


# --- what is fetched ---------------------------------------------------------------------


async def test_a_post_sent_by_its_id_is_fetched_once(siege: Siege) -> None:
    mallory = siege.mallory
    note = mallory.note("fetched", inReplyTo=siege.debate)
    create = mallory.say("Create", note["id"], to=[f"{siege.node.url}/p/camille"])
    await siege.take(siege.post(mallory, create))
    assert stored(siege, note["id"])["content"] == note["content"]
    assert siege.gets.count("/notes/fetched") == 1


async def test_what_a_group_passes_on_is_what_its_author_serves(siege: Siege) -> None:
    club = move_in(siege.evil, "club", type="Group")
    note = siege.bob.note("original", inReplyTo=siege.debate)
    altered = siege.bob.create(note | {"content": f"<p>{MARK}</p>"})
    await siege.take(siege.post(club, club.say("Announce", altered)))
    assert stored(siege, note["id"])["content"] == note["content"]


async def test_a_crowd_of_mentions_asks_nobody(siege: Siege) -> None:
    hosts = [f"http://127.0.0.{number}:9" for number in range(3, 253)]
    tags = [{"type": "Mention", "href": f"{host}/users/x", "name": "@x"} for host in hosts]
    asked = len(siege.gets)
    row = await write(siege, tag=tags, cc=[tag["href"] for tag in tags])
    assert len(siege.gets) == asked
    assert len(json.loads(row["mentions"])) == 16


# --- what is bounded ---------------------------------------------------------------------


async def test_the_first_256_recipients_count(siege: Siege) -> None:
    row = await write(siege, to=[PUBLIC, *(f"http://127.0.0.2/{n}" for n in range(300))])
    assert len(json.loads(row["addressed"])) == 255


async def test_the_first_twenty_options_are_shown(siege: Siege) -> None:
    options = [{"type": "Note", "name": f"Option {number}"} for number in range(3000)]
    row = await write(siege, type="Question", oneOf=options)
    assert row["content"].count("<li>") == 20


async def test_the_first_pictures_are_shown_as_links(siege: Siege) -> None:
    pictures = [
        {"type": "Image", "url": f"http://127.0.0.2/{n}.svg", "mediaType": "image/svg+xml"}
        for n in range(1000)
    ]
    row = await write(siege, attachment=pictures)
    assert row["content"].count("<a ") == 4
    assert "<img" not in row["content"]


async def test_blind_copies_leave_no_trace(siege: Siege) -> None:
    hidden = f"{siege.node.url}/p/camille"
    row = await write(siege, bto=[hidden], bcc=[hidden, f"http://127.0.0.2/{MARK}"])
    assert json.loads(row["addressed"]) == []
    assert MARK not in "".join(str(value) for value in row.values())


REFUSED = [
    ("F-too-long", {"content": "x" * (64 * 1024 + 1)}, "content-too-large"),
    (
        "F-too-long-in-map",
        {"content": None, "contentMap": {"fr": "é" * 40_000}},
        "content-too-large",
    ),
]


@pytest.mark.parametrize(("name", "members", "code"), REFUSED)
async def test_a_text_that_is_too_long_is_not_cut(
    siege: Siege, name: str, members: dict[str, Any], code: str
) -> None:
    note = siege.mallory.note(inReplyTo=siege.debate) | members
    raw = siege.post(siege.mallory, siege.mallory.create(note))
    await siege.withstand(Case(name, lambda _: raw, 202, code))


# --- what makes no sense -----------------------------------------------------------------

_NAMES = """
name summary content contentMap nameMap source mediaType url published updated context audience cc
tag attachment replies likes shares sensitive icon image quote quoteUri language oneOf endTime
generator conversation interactionPolicy
"""
FIELDS = _NAMES.split()
NONSENSE = [
    None, True, 1, 1.5, "", "x", "\u202e" * 50, [], {}, [None], [[["x"]]], {"id": 1}, {"id": ["x"]},
    {"type": ["x", {}]}, [{"type": "Mention", "href": {}}], {"href": "javascript:1"},
]  # fmt: skip


@pytest.mark.parametrize("value", NONSENSE, ids=repr)
async def test_nonsense_in_every_field_is_left_out(siege: Siege, value: Any) -> None:
    note = siege.mallory.note(inReplyTo=siege.debate) | dict.fromkeys(FIELDS, value)
    await siege.take(siege.post(siege.mallory, siege.mallory.create(note)))
    row = stored(siege, note["id"])
    (thread,) = siege.query("select key from threads where id = ?", row["thread_id"])
    async with siege.node.session.get(f"{siege.node.url}/d/{thread['key']}") as page:
        assert page.status == 200


NO_MOMENTS = [
    "-001-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "1969-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "10000-01-01T00:00:00Z", "yesterday", 1e10, "2026-02-30T00:00:00Z", "2026-11-25",
    "2026-11-25T08:00:00", "2026-11-25T08:00:00+99:00", "2026-11-25T25:00:00Z",
]  # fmt: skip


async def test_a_date_that_is_none_is_now(siege: Siege) -> None:
    mallory = siege.mallory
    dates = [{"published": moment, "updated": moment} for moment in NO_MOMENTS]
    notes = [mallory.note(inReplyTo=siege.debate) | date for date in dates]
    await siege.accept(*((mallory, mallory.create(note)) for note in notes))
    for note in notes:
        row = stored(siege, note["id"])
        assert (row["published_at"], row["updated_at"]) == (row["received_at"], None), note
    await siege.is_well()


async def test_nothing_is_dated_in_the_future_for_ever(siege: Siege) -> None:
    mallory = siege.mallory
    row = await write(siege, published="2099-01-01T00:00:00Z")
    (thread,) = siege.query("select active_at from threads where id = ?", row["thread_id"])
    soon = f"{datetime.now(UTC) + timedelta(minutes=6):%Y-%m-%d %H:%M}"
    assert str(thread["active_at"]) < soon
    note = {"id": row["uri"], "type": "Note", "attributedTo": mallory.uri, "content": "later"}
    edit = mallory.say("Update", note | {"updated": "2099-01-01T00:00:00Z", "to": [PUBLIC]})
    assert (await siege.send(siege.post(mallory, edit))).status == 202
    assert await siege.outcome(json.dumps(edit).encode()) == "done"
    assert str(stored(siege, row["uri"])["updated_at"]) < soon


async def test_numbers_that_a_peer_claims_count_for_nothing(siege: Siege) -> None:
    for total in (-5, "12", 1e300, 10**15, None):
        claimed = {"type": "Collection", "totalItems": total}
        row = await write(siege, likes=claimed, shares=claimed, replies=claimed)
        assert (row["like_count"], row["share_count"], row["reply_count"]) == (0, 0, 0)


async def test_an_edit_changes_words_and_nothing_else(siege: Siege) -> None:
    mallory = siege.mallory
    row = await write(siege)
    changed = {
        "id": row["uri"], "type": "Article", "attributedTo": mallory.uri, "content": "<p>new</p>",
        "published": "2001-01-01T00:00:00Z", "inReplyTo": siege.said["answer"]["id"],
        "context": row["uri"], "audience": mallory.uri, "to": [mallory.uri],
        "updated": f"{datetime.now(UTC):%FT%TZ}",
    }  # fmt: skip
    edit = mallory.say("Update", changed)
    assert (await siege.send(siege.post(mallory, edit))).status == 202
    assert await siege.outcome(json.dumps(edit).encode()) == "done"
    now = stored(siege, row["uri"])
    different = {name for name in row if row[name] != now[name]}
    assert different == {"content", "updated_at", "stamp"}


async def test_a_post_that_answers_itself_begins_a_thread(siege: Siege) -> None:
    uri = siege.evil.url("/notes/itself")
    row = await write(siege, id=uri, inReplyTo=uri, cc=[f"{siege.node.url}/g/reseau"])
    assert (row["parent_id"], row["parent_uri"], row["depth"]) == (None, None, 0)


@pytest.mark.parametrize("length", [2, 3])
async def test_answers_in_a_circle_are_shown_all_the_same(siege: Siege, length: int) -> None:
    names = [f"circle_{length}_{number}" for number in range(length)]
    urls = [siege.evil.url(f"/notes/{name}") for name in names]
    notes = []
    for number, name in enumerate(names):
        note = siege.mallory.note(
            name, inReplyTo=urls[number - 1], cc=[siege.node.url + "/p/camille"]
        )
        siege.evil.on(f"/notes/{name}", document(note))
        notes.append(note)
    for note in notes:
        await siege.take(siege.post(siege.mallory, siege.mallory.create(note)))
    rows = [stored(siege, url) for url in urls]
    assert len({row["thread_id"] for row in rows}) == 1
    (thread,) = siege.query("select * from threads where id = ?", rows[0]["thread_id"])
    async with siege.node.session.get(f"{siege.node.url}/d/{thread['key']}") as page:
        assert page.status == 200
