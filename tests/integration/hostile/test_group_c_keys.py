"""Group C: keys that are not what they say, and actors that are not who signed."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat as Public
from factories import remote_document
from hostile import Script, answer, document, hang_up
from inboxes import Neighbour, Voice
from siege import MARK, Case, Siege, besiege, move_in

from actors.document import read_actor
from actors.known import FetchedActor, store_actor
from actors.models import Policy
from actors.policies import set_policy
from fedi.core.jsonld import dumps
from fedi.core.signatures.keys import SigningKey, generate_rsa

pytestmark = pytest.mark.asyncio(loop_scope="module")

Send = Callable[[Siege], bytes]

REFUSED_HOST = "127.0.0.3"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def refused() -> AsyncIterator[Neighbour]:
    """A server that the node blocks."""
    async with Neighbour(REFUSED_HOST) as peer:
        yield peer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory, database: str) -> AsyncIterator[Siege]:
    """As elsewhere, with a server blocked and an actor suspended before the node starts."""

    async def prepare(siege: Siege) -> None:
        profile = remote_document("banned", siege.evil.origin)
        siege.others["banned"] = move_in(siege.evil, "banned")
        async with siege.unit() as unit:
            await set_policy(unit, REFUSED_HOST, Policy.BLOCKED, "tests")
            actor = await store_actor(unit, FetchedActor(read_actor(profile), dumps(profile)))
            actor.suspended_at = unit.now

    async with besiege(tmp_path_factory.mktemp("siege"), prepare) as siege:
        yield siege


# --- the key -----------------------------------------------------------------------------


def named(key_id: str) -> Send:
    """Signed by Mallory with a key that is said to have this name."""

    def send(siege: Siege) -> bytes:
        ports = {"own": siege.node.port, "port": siege.evil.port}
        name = key_id.format(node=siege.node.url, evil=siege.evil.origin, **ports)
        key = SigningKey(name, siege.mallory.uri, siege.mallory.key.key)
        return siege.post(siege.mallory, siege.mallory.say("View", siege.debate), key=key)

    return send


def served(name: str, script: Script | None = None, /, **members: Any) -> Send:
    """Signed by a stranger whose server answers so, or whose document says so."""

    def send(siege: Siege) -> bytes:
        stranger = move_in(siege.evil, name, **members)
        if script is not None:
            siege.evil.on(f"/users/{name}", script)
        return siege.post(stranger, stranger.say("View", siege.debate))

    return send


def claiming(name: str, uri: Callable[[Siege], str]) -> Send:
    """Signed by a stranger whose document has another id than its address."""

    def send(siege: Siege) -> bytes:
        profile = remote_document(name, siege.evil.origin) | {"id": uri(siege)}
        return served(name, document(profile))(siege)

    return send


def published(name: str, pem: str) -> Send:
    """Signed by a stranger who publishes this for its key."""

    def send(siege: Siege) -> bytes:
        uri = siege.evil.url(f"/users/{name}")
        key = {"id": f"{uri}#main-key", "owner": uri, "publicKeyPem": pem}
        return served(name, publicKey=key)(siege)

    return send


def owned_by(owner: Callable[[Siege], Voice], name: str) -> Send:
    """Signed with a key that has an address of its own, and names its owner there."""

    def send(siege: Siege) -> bytes:
        uri = siege.evil.url(f"/keys/{name}")
        owner_uri = owner(siege).uri
        siege.evil.on(f"/keys/{name}", document({"id": uri, "type": "Key", "owner": owner_uri}))
        return named(uri)(siege)

    return send


def pem_of(key: Any) -> str:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, Public.SubjectPublicKeyInfo)
    return pem.decode()


def oversized_rsa() -> str:
    """No key at all: checking one signature of this size would take seconds."""
    numbers = rsa.RSAPublicNumbers(65537, (1 << 16383) + 1)
    pem = numbers.public_key().public_bytes(Encoding.PEM, Public.SubjectPublicKeyInfo)
    return pem.decode()


def private_pem() -> str:
    pem = generate_rsa().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


KEYS = [
    ("garbage", MARK),
    ("empty", ""),
    ("private", private_pem()),
    ("curve", pem_of(ec.generate_private_key(ec.SECP256R1()))),
    (
        "512-bits",
        "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL\n-----END PUBLIC KEY-----",
    ),
    ("1024-bits", pem_of(rsa.generate_private_key(65537, 1024))),  # noqa: S505  meant to be weak
    ("16384-bits", oversized_rsa()),
    ("two", pem_of(generate_rsa()) * 2),
]

# --- the actor ---------------------------------------------------------------------------


def signed_by(name: str, kind: str, about: str = "{node}/p/camille") -> Send:
    """Said in Bob's name, signed by somebody else."""

    def send(siege: Siege) -> bytes:
        signer: Voice = getattr(siege, name)
        return siege.post(signer, siege.bob.say(kind, about.format(node=siege.node.url)))

    return send


def forged(name: str) -> Send:
    """A post in Bob's name that Bob's server does not have."""

    def send(siege: Siege) -> bytes:
        signer: Voice = getattr(siege, name)
        post = siege.bob.note(f"forged_by_{name}", inReplyTo=siege.debate)
        siege.home.scripts.pop(f"/notes/forged_by_{name}")
        return siege.post(signer, siege.bob.create(post))

    return send


def spoken_by(actor: object) -> Send:
    """Something in the place of an actor."""
    return lambda siege: siege.post(
        siege.mallory, siege.mallory.say("View", siege.debate, actor=actor)
    )


def banned(kind: str) -> Send:
    """Said by somebody who is suspended here."""

    def send(siege: Siege) -> bytes:
        voice = siege.others["banned"]
        return siege.post(voice, voice.say(kind, siege.evil.url("/notes/none")))

    return send


def farewell(siege: Siege) -> bytes:
    """The Delete of an actor that nobody here has heard of, and whose server is closed."""
    uri = siege.evil.url("/users/unheard")
    key = SigningKey(f"{uri}#main-key", uri, generate_rsa())
    activity = siege.mallory.say("Delete", uri, actor=uri)
    return siege.post(siege.mallory, activity, key=key)


CASES = [
    *(
        Case(f"C2-{name}", named(text), 401, "key-id")
        for name, text in (
            ("acct", "acct:mallory@127.0.0.2"),
            ("did", "did:key:z6Mk"),
            ("data", "data:application/json,1"),
            ("file", "file:///etc/passwd"),
            ("relative", "/users/mallory#main-key"),
            ("scheme-relative", "//127.0.0.2/users/mallory"),
            ("user-name", "http://localhost@127.0.0.2:{port}/"),
            ("disguised-address", "http://2130706434:{port}/"),
            ("not-canonical", "http://127.0.0.2.:{port}/"),
            ("port", "http://127.0.0.2:0/"),
        )
    ),
    Case("C2-empty", named(""), 401, "no-key-id"),
    Case("C2-long", named("{evil}/" + "x" * 5000), 400, "too-long"),
    Case("C6-ours", named("{node}/p/camille#main-key"), 401, "key-own-origin"),
    Case("C6-our-instance", named("{node}/actor#main-key"), 401, "key-own-origin"),
    Case("C7-500", served("c7a", answer(500)), 503, "key-http-500", gets=1),
    Case("C7-hangs-up", served("c7b", hang_up), 503, "key-connection", gets=2),
    Case("C7-tls", named("https://127.0.0.1:{own}/users/mallory"), 503, "key-tls"),
    Case("C7-closed", named("http://127.0.0.2:1/users/mallory"), 503, "key-connect"),
    Case("C8-404", served("c8a", answer(404)), 401, "key-not-found", gets=1),
    Case("C8-410", served("c8b", answer(410)), 401, "actor-gone", gets=1),
    Case("C9-html", served("c9a", answer(200, b"<html>", "text/html")), 401, "key-media-type", 1),
    Case("C9-json", served("c9b", document({}, "application/json")), 401, "key-media-type", 1),
    Case(
        "C9-no-json",
        served("c9c", answer(200, b"{", "application/activity+json")),
        401,
        "key-json",
        1,
    ),
    Case("C10-other-id", claiming("c10a", lambda s: s.bob.uri), 401, "key-id-mismatch", 1),
    Case(
        "C10-elsewhere",
        claiming("c10b", lambda s: s.evil.url("/users/none")),
        401,
        "key-not-found",
        gets=2,
    ),
    Case("C11-not-listed", owned_by(lambda s: s.mallory, "c11"), 401, "key-not-listed", gets=2),
    Case("C12-other-server", owned_by(lambda s: s.bob, "c12"), 401, "key-key-owner", gets=1),
    *(
        Case(
            f"C16-{name}", published(f"c16_{name.replace('-', '_')}", pem), 401, "key-not-listed", 1
        )
        for name, pem in KEYS
    ),
    Case("C13-neighbour", signed_by("eve", "Follow"), 403, "not-the-signer"),
    Case("C13-neighbour-creates", forged("eve"), 202, "not-found", gets=1),
    Case("C14-stranger", signed_by("mallory", "Follow"), 403, "not-the-signer"),
    Case("C14-stranger-undoes", signed_by("mallory", "Undo"), 403, "not-the-signer"),
    Case("C14-stranger-creates", forged("mallory"), 202, "not-found", gets=1),
    *(
        Case(f"C15-{name}", spoken_by(actor), 400, "actor")
        for name, actor in (
            ("null", None),
            ("number", 1),
            ("text", "mallory"),
            ("empty", ""),
            ("object-without-id", {"type": "Person"}),
            ("list", ["http://127.0.0.2/users/mallory", "http://127.0.0.1/users/bob"]),
            ("empty-list", []),
            ("nested", [["http://127.0.0.2/users/mallory"]]),
        )
    ),
    Case(
        "C15-ours",
        lambda s: s.post(
            s.mallory,
            s.mallory.say(
                "View", s.debate, actor=f"{s.node.url}/p/camille", id=f"{s.node.url}/a/1"
            ),
        ),
        403,
        "own-actor",
    ),
    *(
        Case(f"C19-{kind}", banned(kind), 403, "actor-suspended")
        for kind in ("Create", "Follow", "Like", "Announce", "Update", "Flag")
    ),
    Case("C19-Undo", banned("Undo"), 202, "done"),
    Case("C19-Reject", banned("Reject"), 202, "no-such-follow"),
    Case("C19-Delete", banned("Delete"), 202, "done"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_only_who_holds_an_actors_own_key_speaks_for_it(siege: Siege, case: Case) -> None:
    await siege.withstand(case)


async def test_a_blocked_server_is_not_even_asked(siege: Siege, refused: Neighbour) -> None:
    voice = refused.actor("anybody")
    raw = siege.post(voice, voice.say("View", siege.debate))
    await siege.withstand(Case("C4", lambda _: raw, 403, "peer-blocked"))
    assert refused.connections == 0


async def test_a_stranger_may_leave_without_being_asked_for(siege: Siege) -> None:
    raw = farewell(siege)
    await siege.withstand(Case("C20", lambda _: raw, 202))


async def test_of_many_keys_the_first_ten_count(siege: Siege) -> None:
    uri = siege.evil.url("/users/janitor")
    plain = remote_document("janitor", siege.evil.origin)["publicKey"]
    keys = [plain | {"id": f"{uri}#key-{number}"} for number in range(50)]
    janitor = move_in(siege.evil, "janitor", publicKey=keys, proofs=False)

    def signed(number: int) -> bytes:
        key = SigningKey(f"{uri}#key-{number}", uri, janitor.key.key)
        return siege.post(janitor, janitor.say("View", siege.debate), key=key)

    await siege.take(signed(9))
    for number in (10, 49):
        raw = signed(number)
        await siege.withstand(Case("C17", lambda _, raw=raw: raw, 401, "key-not-listed", gets=1))
    kept = "select count(*) as number from actor_keys where uri like ?"
    assert siege.query(kept, f"{uri}#%") == [{"number": 10}]


async def test_a_new_key_is_learned_once_and_forgeries_do_not_ask_again(siege: Siege) -> None:
    careful = move_in(siege.evil, "careful", proofs=False)
    await siege.take(siege.post(careful, careful.say("View", siege.debate)))
    renewed = SigningKey(careful.key.id, careful.uri, generate_rsa())
    profile = remote_document("careful", siege.evil.origin, proofs=False)
    profile["publicKey"]["publicKeyPem"] = pem_of(renewed.key)
    siege.evil.on("/users/careful", document(profile))
    asked = siege.gets.count("/users/careful")
    assert (await siege.send(_said(siege, careful, renewed))).status == 202
    for _ in range(20):
        assert (await siege.send(_said(siege, careful, careful.key))).code == "mismatch"
    assert siege.gets.count("/users/careful") == asked + 1
    await siege.is_well()


def _said(siege: Siege, voice: Voice, key: SigningKey) -> bytes:
    return siege.post(voice, voice.say("View", siege.debate), key=key)
