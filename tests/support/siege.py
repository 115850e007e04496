"""A node under siege: a real process, raw requests on real sockets, and what they changed.

    async with besiege(tmp_path) as siege:
        view = siege.bob.say("View", siege.debate)
        await siege.withstand(Case("B9", lambda s: s.post(s.bob, view, covered="date"), 401))

Bob and Eve live on one server, Mallory on another.  Bob has answered Camille's debate here,
liked it, and follows the network, so there is something to take away from him.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from databases import Databases, Onlooker
from hostile import AS2, answer
from inboxes import Document, Neighbour, Voice
from processes import ACTIVITY, NodeProcess, Nodes, eventually
from signing import NOTHING, Fields, craft

from fedi.cli.founding import Founding, found
from fedi.core.node import open_node
from fedi.core.settings import load_config
from fedi.core.signatures.window import write_date
from fedi.core.unit import Unit

#: What nobody may change by a request that is refused or ignored.
TABLES = ("posts", "threads", "actors", "actor_keys", "follows", "reactions", "accounts")
#: When an actor was fetched last says nothing about what is believed of it.
VOLATILE = {"actors": frozenset({"fetched_at", "updated_at"})}
#: What a new post changes in the rows around it.
COUNTED = frozenset({"active_at", "changed_at", "last_author_id", "post_count", "reply_count"})
MOST_MEMORY = 20 * 1024 * 1024
#: Asked once of each server, whatever it sent.
DESCRIPTIONS = ("/.well-known/nodeinfo", "/nodeinfo")
#: Stands in what is sent where a careless answer would repeat it.
MARK = "echo-echo"

Rows = dict[tuple[str, int], dict[str, Any]]


@dataclass(frozen=True)
class Reply:
    """What the node answered; status 0 when it only hung up."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of a refusal."""
        with contextlib.suppress(ValueError, AttributeError):
            return str(json.loads(self.body).get("error", ""))
        return ""


@dataclass(frozen=True)
class Case:
    """One bad input, and what has to come of it.

    `code` is that of the refusal, with wildcards; after a 202 it is the reason why the activity
    is ignored, or `done`.  `gets` is how many documents the node may ask for on account of it.
    """

    name: str
    send: "Callable[[Siege], bytes]"
    status: int | tuple[int, ...]
    code: str = ""
    gets: int = 0

    def __str__(self) -> str:
        return self.name


@dataclass
class Siege:
    """A node, those who attack it and those who could suffer."""

    node: NodeProcess
    onlooker: Onlooker
    home: Neighbour
    evil: Neighbour
    bob: Voice
    eve: Voice  # on Bob's server
    witness: Voice  # likewise; its requests are always right
    mallory: Voice
    debate: str = ""  # Camille's
    said: dict[str, Document] = field(default_factory=dict)  # that, and Bob's answer, like, follow
    others: dict[str, Voice] = field(default_factory=dict)
    log_read: int = 0  # characters

    # --- sending ---------------------------------------------------------------------------

    def post(
        self,
        signer: Voice,
        body: bytes | Document,
        *,
        target: str = "/inbox",
        headers: Fields = NOTHING,
        fields: Fields = NOTHING,
        lines: bytes = b"",
        **crafted: Any,
    ) -> bytes:
        """The bytes of a POST signed by an actor: as it should be, unless told otherwise.

        `fields` changes header fields before signing and `headers` after it, `lines` adds
        some; everything else is for `craft`.
        """
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        signed = {"host": f"localhost:{self.node.port}", "date": write_date(datetime.now(UTC))}
        fields = signed | dict(fields)
        key = crafted.pop("key", signer.key)
        request = craft(key, target=target, body=body, fields=fields, **crafted)
        plain = {"content-type": ACTIVITY, "content-length": str(len(body))}
        sent = dict(request.headers) | plain | dict(headers)
        head = [f"{name}: {value}\r\n" for name, value in sent.items() if value is not None]
        start = f"{request.method} {target} HTTP/1.1\r\n"
        return "".join([start, *head]).encode("latin-1") + lines + b"\r\n" + body

    async def send(self, raw: bytes) -> Reply:
        """Write these bytes on a connection of their own, and read the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.node.port)
        try:
            async with asyncio.timeout(30):
                with contextlib.suppress(ConnectionError):  # it may answer before the end
                    writer.write(raw)
                    await writer.drain()
                return await read_reply(reader)
        finally:
            writer.close()

    async def accept(self, *activities: tuple[Voice, Document]) -> None:
        """Send what is right, and wait until all of it has been read."""
        sent = [self.post(signer, activity) for signer, activity in activities]
        for raw in sent:
            reply = await self.send(raw)
            assert reply.status == 202, reply
        for raw in sent:
            await self.outcome(body_of(raw))

    # --- watching --------------------------------------------------------------------------

    def query(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What is in the database now; `?` stands for a value."""
        return self.onlooker.query(statement, *values)

    @contextlib.asynccontextmanager
    async def unit(self) -> AsyncIterator[Unit]:
        """A transaction on the node's database, for what no request brings about."""
        node = open_node(load_config(self.node.config))
        try:
            async with node.db.unit() as unit:
                yield unit
        finally:
            await node.close()

    def rows(self) -> Rows:
        """Every row that nobody may change."""
        return {
            (table, row["id"]): {name: row[name] for name in row.keys() - VOLATILE.get(table, ())}
            for table in TABLES
            for row in self.query(f"select * from {table}")  # noqa: S608  our own words
        }

    async def settle(self) -> None:
        """Wait until everything received has been read; all of it could be."""

        async def unread() -> list[dict[str, Any]]:
            return self.query(
                "select type, activity_uri from inbox_items"
                " where finished_at is null and (locked_until is not null or attempts = 0)"
            )

        await eventually(unread, lambda rows: not rows, seconds=60)
        assert self.query("select activity_uri from inbox_items where outcome = 'parked'") == []

    async def outcome(self, body: bytes) -> str:
        """Wait until an activity has been read; what became of it, or what it waits for."""

        async def item() -> list[dict[str, Any]]:
            return self.query(
                "select outcome, reason, last_error from inbox_items where body = ?"
                " and locked_until is null and attempts > 0",
                body,
            )

        (found,) = await eventually(item, bool, pause=0.02)
        return found["reason"] or found["outcome"] or found["last_error"]

    @property
    def gets(self) -> list[str]:
        """The documents that the peers were asked for."""
        return [
            request.target
            for peer in (self.home, self.evil)
            for request in peer.requests
            if request.method == "GET" and not request.target.startswith(DESCRIPTIONS)
        ]

    @property
    def memory(self) -> int:
        """Bytes of memory that the node holds."""
        assert self.node.process is not None
        pages = Path(f"/proc/{self.node.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def check_log(self) -> None:
        """See that the node logged no traceback since it was looked at last."""
        log = (self.node.home / "serve.log").read_text()
        news, self.log_read = log[self.log_read :], len(log)
        assert "Traceback" not in news, news

    # --- judging ---------------------------------------------------------------------------

    async def withstand(self, case: Case) -> None:
        """Send a case twice, and see that nothing has come of it but the answer."""
        raw = case.send(self)
        rows, gets, memory = self.rows(), len(self.gets), self.memory
        for _ in range(2):
            judge(case, await self.send(raw))
        if case.code and case.status == 202:
            outcome = await self.outcome(body_of(raw))
            assert fnmatch(outcome, case.code), outcome
        assert self.rows() == rows, _difference(rows, self.rows())
        assert len(self.gets) - gets <= case.gets, self.gets[gets:]
        assert self.memory - memory < MOST_MEMORY, self.memory - memory
        await self.is_well()

    async def take(self, raw: bytes) -> None:
        """Send what is kept, if only in part; nothing that was there changes."""
        kept = _without_counters(self.rows())
        reply = await self.send(raw)
        assert reply.status == 202, reply
        await self.outcome(body_of(raw))
        found = _without_counters(self.rows())
        assert kept == {name: found.get(name) for name in kept}, _difference(kept, found)
        await self.is_well()

    async def is_well(self) -> None:
        """See that the node answers, takes what is right, and met nothing it did not expect."""
        async with self.node.session.get(f"{self.node.url}/readyz") as ready:
            assert ready.status == 200
        reply = await self.send(self.post(self.witness, self.witness.say("View", self.debate)))
        assert reply.status == 202, reply
        self.check_log()


def judge(case: Case, reply: Reply) -> None:
    """Compare an answer with what is right."""
    right = case.status if isinstance(case.status, tuple) else (case.status,)
    assert reply.status in right, reply
    if case.code and reply.status != 202:
        assert fnmatch(reply.code, case.code), reply
    if reply.status in (429, 503):
        assert "retry-after" in reply.headers
    assert MARK.encode() not in reply.body, "an answer repeats nothing of the request"


def body_of(raw: bytes) -> bytes:
    """What follows the header."""
    return raw.partition(b"\r\n\r\n")[2]


def _without_counters(rows: Rows) -> dict[tuple[str, int], dict[str, Any]]:
    return {
        name: {column: row[column] for column in row.keys() - COUNTED} for name, row in rows.items()
    }


def _difference(before: Rows, after: Rows) -> list[Any]:
    names = {name for name in before | after if before.get(name) != after.get(name)}
    return [(name, before.get(name), after.get(name)) for name in names]


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """Read an answer up to the length it announces, past any `100 Continue`."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head.rstrip().split("\r\n")
        status = int(start.split(" ")[1])
        if status == 100:
            return await read_reply(reader)
        pairs = (line.partition(": ") for line in lines)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return Reply(0, {}, b"")
    return Reply(status, headers, body)


# --- the scene ---------------------------------------------------------------------------

Preparation = Callable[[Siege], Awaitable[None]]


@contextlib.asynccontextmanager
async def besiege(
    directory: Path, prepare: Preparation | None = None, *peers: Neighbour
) -> AsyncIterator[Siege]:
    """A node with one member, two servers of others, and a debate.

    `prepare` is called before the node starts.  In the end its log holds no surprises.
    """
    bobs, mallorys = peers or (Neighbour(), Neighbour("127.0.0.2"))
    async with Nodes(directory) as nodes, bobs as home, mallorys as evil:
        node = nodes.prepare("reseau")
        domain = f"localhost:{node.port}"
        await found(
            Founding(
                node.config,
                domain,
                node.url,
                node.handle,
                "Réseau",
                data_dir=node.home / "data",
                database=Databases.lend_bare(),
            )
        )
        with node.config.open("a") as config:
            config.write("\n[limits]\ninbox_per_minute = 1000000\n")
        await node.admit("camille")
        voices = {name: move_in(home, name) for name in ("bob", "eve", "witness")}
        onlooker = Onlooker(load_config(node.config).database_url)
        siege = Siege(node, onlooker, home, evil, mallory=move_in(evil, "mallory"), **voices)
        if prepare is not None:
            await prepare(siege)
        await node.start()
        await _debate(siege)
        with contextlib.closing(onlooker):
            yield siege
            await siege.settle()
        siege.check_log()


def move_in(peer: Neighbour, name: str, /, **members: Any) -> Voice:
    """Make an actor of a server whose inboxes take what they are sent."""
    for inbox in ("/inbox", f"/users/{name}/inbox"):
        peer.on(inbox, answer(202))
    return peer.actor(name, **members)


async def _debate(siege: Siege) -> None:
    """Let everybody speak once, so that all are known here."""
    node, bob = siege.node, siege.bob
    siege.debate = await node.open_debate("camille", "Que défendre ?", "<p>Nos murs.</p>")
    siege.said = {
        "debate": {"id": siege.debate},
        "answer": bob.note("answer", inReplyTo=siege.debate),
        "like": bob.say("Like", siege.debate),
        "follow": bob.say("Follow", f"{node.url}/g/{node.handle}"),
    }
    others = (siege.eve, siege.mallory, siege.witness)
    await siege.accept(
        (bob, bob.create(siege.said["answer"])),
        (bob, siege.said["like"]),
        (bob, siege.said["follow"]),
        *((voice, voice.say("View", AS2)) for voice in others),
    )
    assert siege.query("select uri from reactions") == [{"uri": siege.said["like"]["id"]}]
