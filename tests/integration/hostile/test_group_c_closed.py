"""Group C on a node as it runs on the Internet: https, public addresses, servers it knows."""

import ssl
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from factories import remote_document
from hostile import HostilePeer
from inboxes import Neighbour
from siege import Case, Siege, besiege

from actors.document import read_actor
from actors.known import FetchedActor, store_actor
from actors.models import Policy
from actors.policies import set_policy
from fedi.core.jsonld import dumps
from fedi.core.signatures.keys import SigningKey

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Addresses at which a server might be asked on somebody's behalf.
INSIDE = [
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "0.0.0.0",  # noqa: S104  nothing listens there
    "100.64.0.1",
    "[::1]",
    "[::]",
    "[::ffff:7f00:1]",
    "[::7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fec0::1]",
    "[ff02::1]",
]
#: Names that only mean something inside.
NAMES = ["metadata.internal", "printer.local", "hidden.onion", "x.localhost", "1.in-addr.arpa"]


class Absent(Neighbour):
    """A server that is known for long, and of which nothing is there."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, tls=ssl.create_default_context(), port=8443)

    async def __aenter__(self) -> "Absent":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing was opened."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """A node without the settings that are for tests."""

    async def prepare(siege: Siege) -> None:
        text = siege.node.config.read_text()
        for key in ("allow_private_addresses", "allow_http"):
            text = text.replace(f"{key} = true", f"{key} = false")
        text = text.replace("[federation]", '[federation]\nmode = "allowlist"')
        siege.node.config.write_text(text)
        async with siege.unit() as unit:
            for host in ("lisbon.example", "evil.example", *NAMES):
                await set_policy(unit, host, Policy.ALLOWED, "tests")
            for voice in (siege.bob, siege.eve, siege.witness, siege.mallory):
                profile = remote_document(voice.uri.rpartition("/")[2], voice.home.origin)
                await store_actor(unit, FetchedActor(read_actor(profile), dumps(profile)))

    peers = Absent("lisbon.example"), Absent("evil.example")
    async with besiege(tmp_path_factory.mktemp("siege"), prepare, *peers) as siege:
        yield siege


def named(key_id: str) -> Callable[[Siege], bytes]:
    """Signed by Mallory with a key that is said to have this name."""

    def send(siege: Siege) -> bytes:
        key = SigningKey(key_id, siege.mallory.uri, siege.mallory.key.key)
        return siege.post(siege.mallory, siege.mallory.say("View", siege.debate), key=key)

    return send


CASES = [
    Case("C1", named("http://lisbon.example/users/bob#main-key"), 401, "key-plain-http"),
    *(Case(f"C3-{host}", named(f"https://{host}/key"), 401, "key-ip-literal") for host in INSIDE),
    *(Case(f"C3-{name}", named(f"https://{name}/key"), 401, "key-reserved-name") for name in NAMES),
    Case("C3-port", named("https://lisbon.example:22/key"), 401, "key-unusual-port"),
    Case("C5-unknown", named("https://madrid.example/users/bob#main-key"), 403, "peer-blocked"),
    Case("C5-above", named("https://example/users/bob#main-key"), 403, "peer-blocked"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_nobody_makes_the_node_ask_inside(siege: Siege, case: Case) -> None:
    await siege.withstand(case)


async def test_what_listens_on_this_machine_is_never_reached(siege: Siege) -> None:
    async with HostilePeer() as listener:
        for host in ("127.0.0.1", "127.1", "2130706433", "localhost", "[::ffff:7f00:1]"):
            reply = await siege.send(named(f"https://{host}:{listener.port}/key")(siege))
            assert reply.status in (401, 403)
        assert listener.connections == 0
    await siege.is_well()
