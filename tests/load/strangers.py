"""The servers around the node: a few origins with one actor each, that take whatever they get."""

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ACTIVITY = "application/activity+json"
SENDERS, FOLLOWERS = 8, 5
#: Origins that take what is delivered; most rows need those that can be busy at once: a node
#: has at most two deliveries to one origin under way, and 64 in all.
PLACES, BUSY = 2_000, 32
#: The end of the path of inboxes whose server closes the connection after each answer.
CLOSING = "/closing/inbox"


def key_id(actor: str) -> str:
    """The id of the key of an actor."""
    return f"{actor}#main-key"


@dataclass(frozen=True)
class Stranger:
    """An actor of a server."""

    origin: str
    name: str = "ada"

    @property
    def uri(self) -> str:
        return f"{self.origin}/users/{self.name}"

    @property
    def key_id(self) -> str:
        return key_id(self.uri)


@dataclass
class World:
    """Everybody the node meets in the bench; all sign with one key.

    `senders` write replies from ordinary microblogs; `followers` are nodes like ours, which
    want to hear everything; `places` are origins behind TLS with inboxes and nothing else.
    """

    directory: Path
    sockets: Sequence[socket.socket] = field(
        default_factory=lambda: [_listening() for _ in range(SENDERS + FOLLOWERS + PLACES)]
    )
    key: RSAPrivateKey = field(default_factory=lambda: generate_private_key(65537, 2048))
    authority: trustme.CA = field(default_factory=trustme.CA)

    @property
    def senders(self) -> Sequence[Stranger]:
        return [Stranger(f"http://localhost:{_port(one)}") for one in self.sockets[:SENDERS]]

    @property
    def followers(self) -> Sequence[Stranger]:
        chosen = self.sockets[SENDERS : SENDERS + FOLLOWERS]
        return [Stranger(f"http://localhost:{_port(one)}") for one in chosen]

    @property
    def pem(self) -> Path:
        """The file with the public key of everybody."""
        return self.directory / "world.pem"

    @property
    def certificates(self) -> Path:
        """The file with the only authority to be trusted."""
        return self.directory / "authority.pem"

    def inboxes(self, *, closing: bool, count: int = BUSY) -> list[str]:
        """One inbox on each of so many places behind TLS."""
        path = CLOSING if closing else "/inbox"
        return [f"{place}{path}" for place in self.places(count)]

    def places(self, count: int) -> list[str]:
        """So many of the places behind TLS."""
        chosen = self.sockets[SENDERS + FOLLOWERS :][:count]
        return [f"https://localhost:{_port(place)}" for place in chosen]

    def crowd(self, count: int) -> list[Stranger]:
        """So many people, on the servers of the senders in turn."""
        senders = self.senders
        return [
            Stranger(senders[number % SENDERS].origin, f"ada{number}") for number in range(count)
        ]

    @asynccontextmanager
    async def open(self) -> AsyncIterator["World"]:
        """Answer on all origins until the end of the block."""
        self.pem.write_text(_pem(self.key))
        self.authority.cert_pem.write_to_path(str(self.certificates))
        runner = web.AppRunner(self._app(), access_log=None)
        await runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        for number, listening in enumerate(self.sockets):
            tls = context if number >= SENDERS + FOLLOWERS else None
            await web.SockSite(runner, listening, ssl_context=tls).start()
        try:
            yield self
        finally:
            await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/users/{name}", self._actor)
        app.router.add_get("/.well-known/nodeinfo", _nodeinfo_links)
        app.router.add_get("/nodeinfo", self._nodeinfo)
        app.router.add_post("/{path:.*}", _take)
        return app

    async def _actor(self, request: web.Request) -> web.Response:
        stranger = Stranger(_origin(request), request.match_info["name"])
        key = {"id": stranger.key_id, "owner": stranger.uri, "publicKeyPem": _pem(self.key)}
        document = {
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": stranger.uri,
            "type": "Person",
            "preferredUsername": stranger.name,
            "name": stranger.name.capitalize(),
            "inbox": f"{stranger.uri}/inbox",
            "outbox": f"{stranger.uri}/outbox",
            "followers": f"{stranger.uri}/followers",
            "endpoints": {"sharedInbox": f"{stranger.origin}/inbox"},
            "publicKey": key,
        }
        return web.json_response(document, content_type=ACTIVITY)

    async def _nodeinfo(self, request: web.Request) -> web.Response:
        follows = Stranger(_origin(request)) in self.followers
        software = {"name": "fedi", "version": "0.1"} if follows else {"name": "mastodon"}
        return web.json_response({"version": "2.1", "software": {"version": "4.5"} | software})


async def _nodeinfo_links(request: web.Request) -> web.Response:
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.1"
    return web.json_response({"links": [{"rel": rel, "href": f"{_origin(request)}/nodeinfo"}]})


async def _take(request: web.Request) -> web.Response:
    await request.read()
    response = web.Response(status=202)
    if request.path == CLOSING:
        response.force_close()
    return response


def _listening() -> socket.socket:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    return listening


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def _origin(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _pem(key: RSAPrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
