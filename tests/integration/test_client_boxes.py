"""What members' own programs say and read: their outbox and their inbox (ActivityPub, C2S)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from visitors import Site, pages

from actors.local import get_local, network_actor
from actors.models import Actor
from fedi.accounts.models import Account
from fedi.accounts.tokens import create_token
from fedi.core.vocab import AS2, PUBLIC


@dataclass
class Program:
    """A member's program."""

    site: Site
    name: str
    token: str

    async def say(self, document: dict[str, Any], box: str = "") -> tuple[int, str]:
        """POST to the outbox; the status, and the id of what came of it."""
        client = self.site.visitor().client
        async with client.post(
            f"/p/{box or self.name}/outbox",
            data=json.dumps({"@context": AS2} | document),
            headers={"Authorization": f"Bearer {self.token}"},
        ) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def heard(self, box: str = "") -> list[tuple[str, str]]:
        """Type and id of what is in the inbox, newest first."""
        client = self.site.visitor().client
        headers = {"Authorization": f"Bearer {self.token}"}
        async with client.get(f"/p/{box or self.name}/inbox", headers=headers) as answer:
            if answer.status != 200:
                return [("refused", str(answer.status))]
            items = json.loads(await answer.read())["orderedItems"]
            return [(item["type"], item["id"]) for item in items]


@asynccontextmanager
async def programs(tmp_path: Path, *names: str) -> AsyncIterator[list[Program]]:
    async with pages(tmp_path) as site:
        made = []
        for name in names:
            await site.account(name)
            async with site.node.db.unit() as unit:
                person = await get_local(unit, name)
                assert person is not None
                query = select(Account).where(Account.actor_id == person.id)
                account = (await unit.session.scalars(query)).one()
                token = await create_token(unit, account, ("read", "write"))
            made.append(Program(site, name, token))
        yield made


async def open_debate(program: Program) -> str:
    async with program.site.node.db.reading() as unit:
        group = (await network_actor(unit)).uri
    article = {"type": "Article", "name": "Ateliers", "content": "<p>Qui paie ?</p>"}
    status, create = await program.say(article | {"audience": group})
    assert status == 201
    return create.removesuffix("#create")


async def test_a_member_finds_in_the_inbox_what_others_here_say(tmp_path: Path) -> None:
    async with programs(tmp_path, "camille", "leo") as (camille, leo):
        root = await open_debate(camille)
        _, reply = await leo.say({"type": "Note", "inReplyTo": root, "content": "<p>Nous.</p>"})
        _, like = await leo.say({"type": "Like", "object": root})
        _, mine = await camille.say({"type": "Like", "object": root})

        assert await camille.heard() == [("Like", like), ("Create", reply)]
        assert mine not in dict(await leo.heard()).values()
        assert await leo.heard("camille") == [("refused", "403")]


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"type": "Note", "content": "<p>À qui ?</p>"}, 422),
        ({"type": "Move", "object": "https://lisbon.example/o/1"}, 422),
        ({"type": "Like"}, 400),
        ({"type": "Create", "object": 4}, 400),
        ({"type": "Like", "object": "http://127.0.0.1:9/o/1"}, 502),
    ],
)
async def test_what_cannot_be_done_is_refused(
    tmp_path: Path, document: dict[str, Any], status: int
) -> None:
    async with programs(tmp_path, "camille") as (camille,):
        assert (await camille.say(document))[0] == status


async def test_nobody_speaks_for_another(tmp_path: Path) -> None:
    async with programs(tmp_path, "camille", "leo") as (camille, leo):
        root = await open_debate(camille)
        assert (await leo.say({"type": "Delete", "object": root}))[0] == 403
        edit = {"id": root, "type": "Article", "content": "<p>Autre chose.</p>"}
        assert (await leo.say({"type": "Update", "object": edit}))[0] == 403
        assert (await leo.say({"type": "Like", "object": root}, "camille"))[0] == 403
        note = {"type": "Note", "inReplyTo": root, "content": "<p>Non.</p>", "to": [PUBLIC]}
        async with camille.site.node.db.reading() as unit:
            uri = await unit.session.scalars(select(Actor.uri).where(Actor.handle == "camille"))
            forged = {"type": "Create", "actor": uri.one(), "object": note}
        assert (await leo.say(forged))[0] == 422
