"""Finding out whether a hint is true: by the author's proof, or by asking the author's server.

Somebody who carries what another said lends it no authority (FEP-fe34).  These functions wait
for the network, so none of them may be called inside a unit.
"""

from datetime import timedelta

from actors.keys import public_keys, to_public_key
from actors.models import Actor
from actors.policies import Policies
from actors.remote import obtain_actor
from fedi.core.errors import Forbidden, Malformed, NotFound, Unauthenticated
from fedi.core.fetch import Budget, Fetched
from fedi.core.jsonld import Document, dumps, embed, id_of
from fedi.core.node import Node
from fedi.core.signatures.keys import PublicKey
from fedi.core.signatures.proof import proof_key_id, verify_proof
from fedi.core.urls import origin_of, same_origin
from fedi.core.vocab import AS2
from fedi.debates.received_note import read_object
from inbox.frame import has_proof_of
from inbox.parse import is_tombstone
from inbox.types import Received


class Unverified(Forbidden):
    """Nothing that can be asked confirms what was said."""

    code = "unverified"


async def vouch(node: Node, policies: Policies, received: Received, budget: Budget) -> None:
    """Give an activity its `trust`, and the words its author's server has for it.

    Raises `Unverified` when it is not so or nobody can tell, `Blocked` for an actor we do
    not hear, and `Unreachable` when the same question may be answered later.
    """
    await policies.check(origin_of(received.actor_uri))
    if received.trust is None and await _is_proved(node, received, budget):
        received.trust = "proof"
        if received.object is not None or received.type not in ("Create", "Update"):
            return
    match received.type:
        case "Create" | "Update":
            await _ask_for_object(node, received, budget)
        case "Delete":
            await _ask_whether_gone(node, received, budget)
        case "Like" | "Dislike" | "EmojiReact" | "Announce" if not received.inner:
            await _ask_for_activity(node, received, budget)
        case _:
            raise Unverified


# --- proofs ------------------------------------------------------------------------------


async def _is_proved(node: Node, received: Received, budget: Budget) -> bool:
    """Whether the activity, or the post in it, bears its author's proof (FEP-8b32).

    Somebody whose proof fails may still be telling the truth: their server will say.
    """
    candidates = [received.activity]
    if received.post is not None and received.object is not None:
        candidates.append(received.object)
    for document in candidates:
        if has_proof_of(document, received.actor_uri):
            key = await _find_key(node, received.actor_uri, document, budget)
            if key is not None and _holds(document, key, node):
                return True
    return False


def _holds(document: Document, key: PublicKey, node: Node) -> bool:
    try:
        verify_proof(document, key, node.clock())
    except Unauthenticated:
        return False
    return True


async def _find_key(
    node: Node, actor_uri: str, document: Document, budget: Budget
) -> PublicKey | None:
    """The key a proof names, if it is the actor's; the actor is fetched again for a new key."""
    key_id = proof_key_id(document)
    for max_age in (timedelta(days=1), timedelta(0)):
        actor = await obtain_actor(node, actor_uri, budget, max_age=max_age)
        for key in await _keys_of(node, actor):
            if key.id == key_id:
                return key
    return None


async def _keys_of(node: Node, actor: Actor) -> list[PublicKey]:
    async with node.db.reading() as unit:
        return [to_public_key(row, actor.uri) for row in await public_keys(unit, actor)]


# --- asking the author's server ----------------------------------------------------------


async def _ask_for_object(node: Node, received: Received, budget: Budget) -> None:
    """Take the post as its server serves it, in place of the one that was carried here."""
    again = received.attempts > 1  # It failed once: ask in spite of that.
    fetched = await node.fetcher.get_document(_subject(received), budget, fresh=again)
    if is_tombstone(fetched.document):
        raise Unverified(code="deleted")
    post = read_object(fetched.document)
    if post.uri != received.object_uri or post.author_uri != received.actor_uri:
        raise Unverified(code="not-the-author")
    received.post, received.object = post, fetched.document
    received.body = _rebuild(received, fetched)
    received.trust = received.trust or "fetched"


def _rebuild(received: Received, fetched: Fetched) -> bytes:
    """The activity with nothing in it but what the author's server said."""
    if received.uri is None:
        return fetched.body
    addressed = {name: fetched.document.get(name, []) for name in ("to", "cc")}
    return dumps(
        {
            "@context": [AS2],
            "id": received.uri,
            "type": received.type,
            "actor": received.actor_uri,
            **addressed,
            "object": embed(fetched.body),
        }
    )


async def _ask_whether_gone(node: Node, received: Received, budget: Budget) -> None:
    """A post is deleted when its own server no longer has it, whoever says so."""
    uri = _subject(received)
    if not same_origin(uri, received.actor_uri):
        raise Unverified(code="object-origin")
    try:
        fetched = await node.fetcher.get_document(uri, budget, fresh=True)
    except NotFound:
        received.trust = "fetched"
        return
    if not is_tombstone(fetched.document):
        raise Unverified(code="still-there")
    received.trust = "fetched"


async def _ask_for_activity(node: Node, received: Received, budget: Budget) -> None:
    """Take a reaction as its server serves it; ids with a fragment lead to something else."""
    if received.uri is None or "#" in received.uri:
        raise Unverified
    fetched = await node.fetcher.get_document(received.uri, budget)
    document = fetched.document
    said = (document.get("type"), id_of(document.get("actor")), id_of(document.get("object")))
    if said != (received.type, received.actor_uri, received.object_uri):
        raise Unverified
    received.activity, received.body, received.trust = document, fetched.body, "fetched"


def _subject(received: Received) -> str:
    if received.object_uri is None:
        raise Malformed("the activity is about nothing", code="no-object")
    return received.object_uri
