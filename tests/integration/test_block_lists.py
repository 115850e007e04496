"""Lists of servers that others keep: read whole, with a reason for each line that is not taken."""

import json
from collections.abc import Collection

import pytest
from factories import make_person, make_remote_actor
from sqlalchemy import func, select

from actors.followers import accept_follow, request_follow
from actors.models import Follow, Peer, Policy
from fedi.accounts.models import Account, AccountRole
from fedi.accounts.signup import create_account
from fedi.core.errors import Invalid
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.moderation.models import AuditEntry, Decision
from fedi.moderation.servers import (
    MAX_LINES,
    Entry,
    decided_servers,
    read_block_list,
    severed_by,
    take_over,
    write_csv_list,
)

HEADER = "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate"
HIDDEN = "its name is partly hidden, or stands for several"
NO_NAME = "this is not the name of a server"
NOTHING = "the list asks for nothing to be done"
OURS = "this is our own server"
WHOLE = "this is a whole top-level domain"

#: A list; the servers that are taken from it; why others are not.
LISTS: list[tuple[str, dict[str, Policy], list[str]]] = [
    ("a.example\nb.example", {"a.example": Policy.BLOCKED, "b.example": Policy.BLOCKED}, []),
    ("\ufeffa.example\r\n\r\n# all\r\nB.Example # spam\r\n", dict.fromkeys(
        ("a.example", "b.example"), Policy.BLOCKED), []),
    (f"\ufeff{HEADER}\r\na.example,suspend,,,,\r\nc.example,silence,,,Bruit,\r\n",
     {"a.example": Policy.BLOCKED, "c.example": Policy.FILTERED}, []),
    (f"{HEADER}\nd.example,noop,True,False,,False", {}, [NOTHING]),
    (f'{HEADER}\n"x.example","suspend",,,"one, two ""three""",', {"x.example": Policy.BLOCKED}, []),
    (f"{HEADER}\na**.example,suspend,,,,True\n*.bad.example,suspend,,,,", {}, [HIDDEN, HIDDEN]),
    ("büro.example\nXN--BRO-HOA.example", {"xn--bro-hoa.example": Policy.BLOCKED}, []),
    ("*", {}, [HIDDEN]),
    ("com", {}, [WHOLE]),
    ("OWN\nown.", {}, [OURS, OURS]),
    ("a b.example\nhttps://c.example/x\n-\n..\n@d.example", {}, [NO_NAME] * 5),
    ("a.example.\na.example", {"a.example": Policy.BLOCKED}, []),
    (json.dumps([{"domain": "e.example"}, {"domain": "f*.example", "comment": "x"}, 3, {}]),
     {"e.example": Policy.BLOCKED}, [HIDDEN, NO_NAME]),
]  # fmt: skip
REFUSED = {
    "": "empty-list",
    "\ufeff \r\n": "empty-list",
    "[{": "bad-list",
    '{"domain": "a.example"}': "bad-list",
    "[" * 100_000: "bad-list",
    "\n".join(f"h{number}.example" for number in range(MAX_LINES + 1)): "long-list",
}


async def test_each_line_of_a_list_is_taken_or_told_why_not(node: Node):
    site = node.site
    for text, hosts, reasons in LISTS:
        found = read_block_list(text.replace("OWN", site.domain).replace("own", site.domain), site)
        taken = {entry.host: entry.policy for entry in found.entries.values()}
        assert (taken, [why for _, why in found.skipped]) == (hosts, reasons), text
    for text, code in REFUSED.items():
        with pytest.raises(Invalid) as refused:
            read_block_list(text, site)
        assert refused.value.code == code


async def counts(unit: Unit) -> list[int | None]:
    await unit.flush()
    return [
        await unit.session.scalar(select(func.count()).select_from(table))
        for table in (Peer, Follow, Decision, AuditEntry)
    ]


async def stop_midway(node: Node, who: Account, entries: Collection[Entry]) -> None:
    async with node.db.unit() as unit:
        await take_over(unit, who, entries, reason="Liste de Lisbonne")
        raise RuntimeError("the machine stops")


async def test_a_list_is_taken_over_whole_and_told_once_or_not_at_all(node: Node):
    many = "\n".join(f"h{number}.example" for number in range(MAX_LINES - 2))
    entries = read_block_list(f"{many}\nlisbon.example\n=1+1.example", node.site).entries.values()
    async with node.db.unit() as unit:
        omar = await create_account(unit, handle="omar", email="o@mail.example", password="x" * 20)
        omar.role = AccountRole.ADMINISTRATOR
        ana = await make_remote_actor(unit, "ana", "https://sub.lisbon.example")
        elise = await make_person(unit, "elise")
        await accept_follow(unit, await request_follow(unit, f"{ana.uri}#f", ana, elise))
    async with node.db.reading() as unit:
        before = await counts(unit)
        assert await severed_by(unit, ["lisbon.example"]) == 1
    with pytest.raises(RuntimeError):
        await stop_midway(node, omar, entries)
    with pytest.raises(Invalid):
        async with node.db.unit() as unit:
            await take_over(unit, omar, entries, reason=" ")
    async with node.db.reading() as unit:
        assert await counts(unit) == before, "nothing of it is left"
    async with node.db.unit() as unit:
        assert await take_over(unit, omar, entries, reason="Liste de Lisbonne") == len(entries)
    async with node.db.unit() as unit:
        assert await take_over(unit, omar, entries, reason="Encore") == 0
        peers, follows, *_ = await counts(unit)
        assert (follows, peers) == (0, (before[0] or 0) + len(entries))
        ours = await decided_servers(unit)
    again = read_block_list(write_csv_list(ours), node.site)
    assert again.entries.keys() == {entry.host for entry in entries}
