"""Keys change, what was proved with them stays proved."""

from pathlib import Path

from factories import make_group, make_person, make_remote_actor, remote_key
from sqlalchemy import select

from actors.describing import describe_actor
from actors.document import read_keys
from actors.keys import generate_keys, rotate_keys, signing_key
from actors.models import ActorKey, ActorSnapshot
from actors.snapshots import proving_keys
from fedi.core.jsonld import parse_document
from fedi.core.node import Node
from fedi.core.signatures.keys import write_multikey
from fedi.core.signatures.proof import proof_key_id, verify_proof
from fedi.debates.models.post import Post
from fedi.debates.threads import open_thread
from outbox.introduction import introduce


async def test_a_member_gets_new_keys_and_the_old_ones_go_on_proving(
    node: Node, tmp_path: Path
) -> None:
    async with node.db.unit() as unit:
        camille, group = await make_person(unit, "camille"), await make_group(unit, "communs")
        first = await open_thread(unit, camille, group, title="Clés ?", text="Combien ?")
        before = await signing_key(unit, camille, "ed25519")

    for _ in range(10):
        async with node.db.unit() as unit:
            camille = await unit.find(type(camille), uri=camille.uri) or camille
            await rotate_keys(unit, camille, await generate_keys())
            await introduce(unit, camille)

    async with node.db.unit() as unit:
        camille = await unit.find(type(camille), uri=camille.uri) or camille
        second = await open_thread(unit, camille, group, title="Encore ?", text="Combien ?")
        after = await signing_key(unit, camille, "ed25519")
        assert after.id == f"{camille.uri}#ed25519-key-11"

        shown = read_keys(await describe_actor(unit, camille))
        assert [key.id for key in shown][:2] == [f"{camille.uri}#main-key-11", after.id]
        assert len(shown) == 10, "more would be read by nobody"
        rows = (await unit.session.scalars(select(ActorKey).where(ActorKey.kind == "rsa"))).all()
        assert len([row for row in rows if row.uri.startswith(camille.uri)]) == 1
        old = await unit.find(ActorKey, uri=before.id)
        assert old is not None
        assert old.private_sealed is None, "nobody signs with it again"

        for thread, key in ((first, before), (second, after)):
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
            assert root.document is not None
            document = parse_document(root.document)
            assert proof_key_id(document) == key.id
            verify_proof(document, key.public, unit.now)


async def test_the_keys_of_peers_are_remembered_when_they_show_others(node: Node) -> None:
    lisbon = "https://lisbon.example"
    async with node.db.unit() as unit:
        ana = await make_remote_actor(unit, "ana", lisbon)
        name = remote_key(ana, "ed25519").id
    async with node.db.unit() as unit:
        await make_remote_actor(unit, "ana", lisbon, name="Ana P.")
        assert (await unit.session.scalars(select(ActorSnapshot))).all() == [], "the same keys"
    other = (await generate_keys()).ed25519.public_key()
    key = {"id": name, "type": "Multikey", "controller": ana.uri}
    for _ in range(2):
        async with node.db.unit() as unit:
            changed = [key | {"publicKeyMultibase": write_multikey(other)}]
            ana = await make_remote_actor(unit, "ana", lisbon, assertionMethod=changed)
    async with node.db.reading() as unit:
        (kept,) = await unit.session.scalars(select(ActorSnapshot))
        assert (kept.actor_uri, kept.carried_by) == (ana.uri, None)
        known = (await proving_keys(unit, [ana]))[ana.uri][name]
        assert [write_multikey(key.key) for key in known] == [
            write_multikey(other),
            write_multikey(remote_key(ana, "ed25519").public.key),
        ]
