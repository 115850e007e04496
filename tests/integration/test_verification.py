"""Who wrote what can be shown years later, and what was touched is named."""

from datetime import timedelta
from hashlib import sha256

from factories import FakeClock, make_group, make_person, make_remote_actor, remote_key
from sqlalchemy import select, update

from actors.keys import generate_keys, rotate_keys
from actors.models import Actor
from fedi.core.jsonld import dumps
from fedi.core.node import Node
from fedi.core.signatures.proof import add_proof
from fedi.core.unit import Unit
from fedi.core.vocab import AS2, PUBLIC
from fedi.debates.archive import Evidence, Trust
from fedi.debates.models.post import ArchivedActivity, Post
from fedi.debates.models.thread import Thread
from fedi.debates.posts import accept_remote_post, delete_post, edit_post, write_reply
from fedi.debates.received_note import read_object
from fedi.debates.threads import open_thread
from fedi.debates.verification import Standing, verify_thread

LISBON = "https://lisbon.example"


async def answer(unit: Unit, author: Actor, root: Post, name: str, trust: Trust) -> Post:
    """A reply of a peer, proved when that is why it is believed."""
    note = {
        "@context": [AS2], "id": f"{LISBON}/notes/{name}", "type": "Note",
        "attributedTo": author.uri, "inReplyTo": root.uri, "content": f"<p>{name}</p>",
        "to": [PUBLIC], "published": unit.now.isoformat(),
    }  # fmt: skip
    if trust == "proof":
        note = add_proof(note, remote_key(author, "ed25519"), unit.now)
    evidence = Evidence(note["id"], "Create", dumps(note), trust, author.uri, "a-key")
    post = await accept_remote_post(unit, read_object(note), author, evidence=evidence)
    assert post is not None
    return post


async def judge(node: Node, thread: Thread) -> dict[str, tuple[Standing, str]]:
    async with node.db.reading() as unit:
        verdicts = await verify_thread(unit, thread)
    return {verdict.uri: (verdict.standing, verdict.reason) for verdict in verdicts}


async def test_each_post_is_judged_by_its_own_evidence(node: Node, clock: FakeClock) -> None:
    async with node.db.unit() as unit:
        camille, group = await make_person(unit, "camille"), await make_group(unit, "communs")
        ana = await make_remote_actor(unit, "ana", LISBON)
        thread = await open_thread(unit, camille, group, title="Clés ?", text="*Combien* & où ?")
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        long = await open_thread(unit, camille, group, title="Long ?", text="## Titre\n\nTexte")
        reply = await write_reply(unit, camille, root, text="Deux.")
        gone = await write_reply(unit, camille, root, text="Trois.")
        proved = await answer(unit, ana, root, "proved", "proof")
        sent = await answer(unit, ana, root, "sent", "signature")
        carried = await answer(unit, ana, root, "carried", "ours")  # as nobody would believe it
    clock.advance(timedelta(minutes=1))
    async with node.db.unit() as unit:
        camille = await unit.find(Actor, uri=camille.uri) or camille
        reply, gone = [await unit.find(Post, uri=post.uri) or post for post in (reply, gone)]
        await edit_post(unit, camille, reply, text="Deux, ou trois.")
        await delete_post(unit, camille, gone)
        await rotate_keys(unit, camille, await generate_keys())
        await make_remote_actor(unit, "ana", LISBON, assertionMethod=[])  # it shows none today

    sound = {
        long.root_uri: (Standing.PROOF, ""),
        root.uri: (Standing.PROOF, ""),
        reply.uri: (Standing.PROOF, ""),
        gone.uri: (Standing.GONE, ""),
        proved.uri: (Standing.PROOF, ""),
        sent.uri: (Standing.ORIGIN, ""),
        carried.uri: (Standing.COPY, "unknown-key"),
    }
    assert await judge(node, long) | await judge(node, thread) == sound

    async def touched(post: Post, model: type, **values: object) -> tuple[Standing, str]:
        """How a post is judged while the database holds something else."""
        column = model.object_uri if model is ArchivedActivity else model.uri
        names = [getattr(model, name) for name in values]
        async with node.db.unit() as unit:
            (before,) = await unit.session.execute(select(*names).where(column == post.uri))
            change = update(model).where(column == post.uri)
            await unit.session.execute(change.values(**values))
        judged = await judge(node, long) | await judge(node, thread)
        async with node.db.unit() as unit:
            await unit.session.execute(change.values(**dict(zip(values, before, strict=True))))
        assert {uri: it for uri, it in judged.items() if uri != post.uri} == {
            uri: it for uri, it in sound.items() if uri != post.uri
        }
        return judged[post.uri]

    async with node.db.reading() as unit:
        query = select(ArchivedActivity.body).where(ArchivedActivity.object_uri == proved.uri)
        body = await unit.session.scalar(query) or b""
    altered = body.replace(b"proved</p>", b"proven</p>")
    broken = Standing.BROKEN
    assert await touched(proved, Post, content="<p>proven</p>") == (broken, "shown-otherwise")
    assert await touched(root, Post, content="<p>Zut</p>") == (broken, "shown-otherwise")
    assert await touched(root, Post, document=b"{}") == (broken, "served-otherwise")
    assert await touched(proved, ArchivedActivity, body=altered) == (broken, "damaged")
    digest = sha256(altered).digest()
    forged = {"body": altered, "sha256": digest}
    assert await touched(proved, ArchivedActivity, **forged) == (broken, "shown-otherwise")
    async with node.db.unit() as unit:
        for model, change in ((ArchivedActivity, forged), (Post, {"content": "<p>proven</p>"})):
            column = model.object_uri if model is ArchivedActivity else model.uri
            await unit.session.execute(update(model).where(column == proved.uri).values(**change))
    assert (await judge(node, thread))[proved.uri] == (broken, "proof"), "whoever did all that"
