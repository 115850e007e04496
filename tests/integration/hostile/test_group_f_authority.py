"""Group F: what is well signed and well formed, and not for its actor to say."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from hostile import AS2
from inboxes import Voice
from processes import PUBLIC
from siege import Case, Siege, besiege, move_in
from sqlalchemy import update

from fedi.debates.models.thread import Thread

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What is only known once everybody is there.
Later = Callable[[Siege], Any]

EARLIER, LATER = "2026-11-25T08:05:00Z", "2026-11-25T08:10:00Z"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """As elsewhere, with more that could be taken, changed or brought back."""
    async with besiege(tmp_path_factory.mktemp("siege")) as siege:
        await _say_more(siege)
        yield siege


async def _say_more(siege: Siege) -> None:
    """Posts of Bob's, a Group of Mallory's, a debate that is closed, and a follow not answered."""
    node, bob = siege.node, siege.bob
    siege.others["club"] = club = move_in(siege.evil, "club", type="Group")
    posts = {
        "deleted": bob.note("deleted", inReplyTo=siege.debate),
        "edited": bob.note("edited", inReplyTo=siege.debate),
        "whisper": bob.note("whisper", to=[f"{node.url}/p/camille"]),
    }
    edited = posts["edited"] | {"content": "<p>twice</p>", "updated": LATER}
    await siege.accept(
        *((bob, bob.create(post)) for post in posts.values()),
        (bob, bob.say("Delete", posts["deleted"]["id"])),
        (bob, bob.say("Update", edited)),
        (club, club.say("View", AS2)),
    )
    siege.said |= posts
    siege.said["asked"] = {"id": await node.act("camille", "Follow", bob.uri)}
    closed = await node.open_debate("camille", "Fermé", "<p>Plus rien.</p>")
    siege.said["closed"] = {"id": closed}
    async with siege.unit() as unit:
        lock = update(Thread).where(Thread.root_uri == closed).values(locked_at=unit.now)
        await unit.session.execute(lock)


# --- what is said ------------------------------------------------------------------------


def fill(siege: Siege, value: Any) -> Any:
    """A value, with all in it that was only known later."""
    if callable(value):
        return value(siege)
    if isinstance(value, dict):
        return {name: fill(siege, entry) for name, entry in value.items()}
    return [fill(siege, entry) for entry in value] if isinstance(value, list) else value


def voice(siege: Siege, name: str) -> Voice:
    found: Voice = siege.others.get(name) or getattr(siege, name)
    return found


def actor(name: str) -> Later:
    """The id of an actor."""
    return lambda siege: voice(siege, name).uri


def known(name: str) -> Later:
    """The id of something that was said and is known here."""
    return lambda siege: siege.said[name]["id"]


def ours(path: str) -> Later:
    """An id on the node."""
    return lambda siege: f"{siege.node.url}{path}"


def changed(name: str, **members: Any) -> Later:
    """What was said and is known here, with some things in it said differently."""
    return lambda siege: siege.said[name] | fill(siege, members)


def post(author: str, **members: Any) -> Later:
    """A new answer to Camille, as that actor would write it; no server has it."""

    def make(siege: Siege) -> Any:
        writer = voice(siege, author)
        note = writer.note(inReplyTo=siege.debate)
        del writer.home.scripts[note["id"].removeprefix(writer.home.origin)]
        return note | fill(siege, members)

    return make


def activity(speaker: str, kind: str, about: Any) -> Later:
    """An activity inside another."""
    return lambda siege: voice(siege, speaker).say(kind, fill(siege, about))


def profile(name: str) -> Later:
    """An actor whose post goes to Mallory, and whose key is hers."""
    uri = actor(name)
    key = {"id": lambda siege: f"{uri(siege)}#main-key", "owner": uri, "publicKeyPem": "x"}
    members = {"id": uri, "type": "Person", "inbox": actor("mallory"), "publicKey": key}
    return lambda siege: fill(siege, members)


def says(speaker: str, kind: str, about: Any, **members: Any) -> Later:
    """An activity, signed by who speaks."""

    def send(siege: Siege) -> bytes:
        signer = voice(siege, speaker)
        said = signer.say(kind, fill(siege, about), **fill(siege, members))
        return siege.post(signer, said)

    return send


def ignored(
    name: str, speaker: str, kind: str, about: Any, reason: str, *, gets: int = 0, **members: Any
) -> Case:
    """An activity that is accepted, and has no effect for that reason."""
    return Case(name, says(speaker, kind, about, **members), 202, reason, gets)


BOB, EVE, MALLORY, CAMILLE = actor("bob"), actor("eve"), actor("mallory"), ours("/p/camille")
DEBATE, ANSWER, LIKE, FOLLOW = known("debate"), known("answer"), known("like"), known("follow")
FEATURED = ours("/g/reseau/featured")
PERSON = {"type": "Person"}

CREATE = [
    ignored("F2-of-another-server", "mallory", "Create", post("bob"), "not-the-author"),
    ignored("F2-by-id", "mallory", "Create", ANSWER, "known"),
    ignored("F2-unknown-by-id", "mallory", "Create", BOB, "unrelated", to=[PUBLIC]),
    ignored("F3-for-bob", "mallory", "Create", post("mallory", attributedTo=BOB), "owner"),
    ignored("F3-for-eve", "bob", "Create", post("eve"), "not-the-author"),
    ignored("F3-for-camille", "mallory", "Create", post("mallory", attributedTo=CAMILLE), "owner"),
    ignored("F3-as-ours", "mallory", "Create", post("mallory", id=ours("/o/x")), "owner"),
    ignored(
        "F3-all-ours",
        "mallory",
        "Create",
        post("mallory", id=ours("/o/x"), attributedTo=CAMILLE),
        "not-the-author",
    ),
    *(
        ignored(f"F4-{name}", "mallory", "Create", post("mallory", attributedTo=value), "owner")
        for name, value in {
            "two": [MALLORY, BOB],
            "two-persons": [PERSON | {"id": MALLORY}, PERSON | {"id": BOB}],
            "number": 1,
            "digit": "1",
            "null": None,
            "empty": [],
            "nameless": PERSON,
        }.items()
    ),
    ignored("F5-known", "mallory", "Create", changed("answer", attributedTo=MALLORY), "owner"),
    ignored("F5-neighbours", "eve", "Create", changed("answer", attributedTo=EVE), "known"),
    ignored("F5-again", "bob", "Create", changed("answer", content="<p>!</p>"), "known"),
    ignored("F5-wider", "bob", "Create", changed("whisper", to=[PUBLIC]), "*"),
    ignored("F6-deleted", "bob", "Create", changed("deleted"), "known"),
    ignored("F6-deleted-by-bob", "eve", "Create", changed("deleted", attributedTo=EVE), "known"),
    ignored("F29-private", "mallory", "Create", post("mallory", to=[EVE]), "refused"),
    ignored("F29-for-nobody", "mallory", "Create", post("mallory", to=[]), "refused"),
    ignored("F29-unrelated", "mallory", "Create", post("mallory", inReplyTo=None), "unrelated"),
    *(
        ignored(
            f"F31-{name}", "mallory", "Create", post("mallory", inReplyTo=known(name)), "refused"
        )
        for name in ("closed", "whisper")
    ),
    ignored("vote", "mallory", "Create", post("mallory", name="Oui", content="", to=[BOB]), "vote"),
    ignored("tombstone", "mallory", "Create", post("mallory", type="Tombstone"), "not-a-post"),
    ignored("person", "mallory", "Create", profile("mallory"), "not-a-post"),
]

UPDATE = [
    ignored("F7-stranger", "mallory", "Update", changed("answer", content="!"), "not-the-author"),
    ignored("F7-own", "mallory", "Update", changed("answer", attributedTo=MALLORY), "owner"),
    ignored("F7-eve", "eve", "Update", changed("answer", content="!"), "not-the-author"),
    ignored("F7-eves", "eve", "Update", changed("answer", attributedTo=EVE, content="!"), "stale"),
    ignored("F7-debate", "mallory", "Update", post("mallory", id=DEBATE), "owner"),
    ignored("F8-away", "bob", "Update", changed("answer", attributedTo=EVE), "not-the-author"),
    ignored("F9-older", "bob", "Update", changed("edited", content="!", updated=EARLIER), "stale"),
    ignored("F9-same", "bob", "Update", changed("edited", content="!", updated=LATER), "known"),
    ignored("F9-deleted", "bob", "Update", changed("deleted", content="!"), "stale"),
    ignored("F10-stranger", "mallory", "Update", profile("bob"), "not-a-post"),
    ignored("F10-neighbour", "eve", "Update", profile("bob"), "not-a-post"),
    ignored("F10-camille", "mallory", "Update", PERSON | {"id": CAMILLE}, "not-a-post"),
    ignored("F10-a-hint", "mallory", "Update", profile("mallory"), "done", gets=1),
]

BETWEEN_ACTORS = [
    ignored("F17-never-asked", "bob", "Accept", ours("/a/none"), "no-such-follow"),
    ignored("F17-not-asked", "mallory", "Accept", known("asked"), "no-such-follow"),
    ignored("F17-neighbour", "eve", "Accept", known("asked"), "no-such-follow"),
    ignored("F17-reject", "mallory", "Reject", known("asked"), "no-such-follow"),
    ignored(
        "F17-whole",
        "mallory",
        "Accept",
        {"type": "Follow", "actor": CAMILLE, "object": BOB},
        "no-such-follow",
    ),
    ignored("F20-claimed", "mallory", "Move", MALLORY, "not-acknowledged", gets=1, target=BOB),
    ignored("F20-camille", "mallory", "Move", MALLORY, "not-acknowledged", target=CAMILLE),
    ignored("F20-of-another", "mallory", "Move", BOB, "not-its-debate", target=MALLORY),
    ignored("F20-circle", "mallory", "Move", MALLORY, "not-an-actor", target=MALLORY),
    ignored("F24-oneself", "mallory", "Follow", MALLORY, "not-an-actor"),
    ignored("F24-post", "mallory", "Follow", DEBATE, "not-an-actor"),
    ignored("F24-nobody", "mallory", "Follow", ours("/p/nobody"), "not-an-actor"),
    ignored("F24-instance", "mallory", "Follow", ours("/actor"), "not-followable"),
    ignored("F24-taken", "eve", "Follow", CAMILLE, "follow-id-taken", id=FOLLOW),
    ignored("block-of-another", "mallory", "Block", BOB, "not-an-actor"),
    ignored("block", "mallory", "Block", CAMILLE, "done"),
]

TAKING_AWAY = [
    ignored("F11-stranger", "mallory", "Delete", ANSWER, "not-the-author"),
    ignored("F11-neighbour", "eve", "Delete", ANSWER, "not-the-author"),
    ignored("F11-debate", "mallory", "Delete", DEBATE, "not-the-author"),
    ignored("F12-stranger", "mallory", "Delete", BOB, "done"),
    ignored("F12-neighbour", "eve", "Delete", BOB, "done"),
    ignored("F12-camille", "mallory", "Delete", CAMILLE, "done"),
    ignored("F13-still-there", "mallory", "Delete", MALLORY, "not-gone", gets=1),
    ignored("F14-by-id", "mallory", "Undo", LIKE, "not-the-author"),
    ignored("F14-like", "mallory", "Undo", changed("like"), "not-the-author"),
    ignored("F14-as-own", "mallory", "Undo", changed("like", actor=MALLORY), "not-the-author"),
    ignored("F14-eve", "eve", "Undo", changed("like", actor=EVE), "not-the-author"),
    ignored("F14-follow", "eve", "Undo", FOLLOW, "done"),
    ignored("F14-follow-as-own", "eve", "Undo", changed("follow", actor=EVE), "done"),
    ignored("F15-post", "mallory", "Undo", activity("bob", "Create", ANSWER), "not-the-author"),
    ignored("F16-undo", "bob", "Undo", activity("bob", "Undo", LIKE), "not-undoable"),
]

GROUPS = [
    *(
        ignored(
            f"F18-{kind}", "club", "Announce", activity("bob", kind, CAMILLE), "not-announceable"
        )
        for kind in ("Announce", "Follow", "Accept", "Block", "Flag")
    ),
    ignored("F18-Move", "club", "Announce", activity("bob", "Move", CAMILLE), "no-object"),
    ignored(
        "F18-ours",
        "club",
        "Announce",
        {"type": "Update", "actor": CAMILLE, "object": post("mallory", id=DEBATE)},
        "own-actor",
    ),
    ignored(
        "F18-known",
        "club",
        "Announce",
        activity("bob", "Create", changed("answer", content="!")),
        "known",
    ),
    ignored(
        "F18-invented",
        "club",
        "Announce",
        activity("bob", "Create", post("bob")),
        "not-found",
        gets=1,
    ),
    ignored("F18-undo", "club", "Announce", activity("bob", "Undo", changed("like")), "unverified"),
    ignored(
        "F19-there", "club", "Announce", activity("bob", "Delete", ANSWER), "not-its-debate", gets=1
    ),
    ignored(
        "F19-person",
        "mallory",
        "Announce",
        activity("bob", "Delete", ANSWER),
        "not-a-group",
        gets=1,
    ),
    ignored(
        "F19-debate", "club", "Announce", activity("mallory", "Delete", DEBATE), "not-its-debate"
    ),
    ignored("F21-add", "mallory", "Add", ANSWER, "not-its-collection", target=FEATURED),
    ignored("F21-group", "club", "Add", ANSWER, "not-its-collection", target=FEATURED),
    ignored("F21-remove", "club", "Remove", DEBATE, "not-its-collection", target=FEATURED),
]

REST = [
    ignored("F22-many", "mallory", "Flag", [DEBATE, *[BOB] * 10_000], "done"),
    ignored("F22-elsewhere", "mallory", "Flag", BOB, "nothing-of-ours"),
    ignored("F23-unknown", "mallory", "Frobnicate", DEBATE, "unknown-type"),
    Case("F23-empty", says("mallory", "", DEBATE), 400, "type"),
    ignored("F23-nothing", "mallory", "Like", None, "no-object"),
    Case("F25-2-MB", says("mallory", "Create", DEBATE, to=["x"] * 500_000), 413, "too-large"),
    Case("F25-20001", says("mallory", "Create", DEBATE, to=["x"] * 20_001), 400, "json-size"),
    ignored("like-of-nothing", "mallory", "Like", ours("/o/none"), "unknown-object"),
    ignored("like-again", "bob", "Like", DEBATE, "known"),
    ignored("share-of-the-unknown", "mallory", "Announce", MALLORY, "unrelated"),
]

CASES = CREATE + UPDATE + BETWEEN_ACTORS + TAKING_AWAY + GROUPS + REST


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_nobody_speaks_for_another(siege: Siege, case: Case) -> None:
    await siege.withstand(case)
