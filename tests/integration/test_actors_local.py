"""Our own actors: made with their keys, found by name and by id."""

import pytest
from factories import make_group, make_person, make_remote_actor
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from actors.document import write_actor
from actors.keys import create_keys, generate_keys, public_keys, signing_key, to_public_key
from actors.local import (
    create_actor,
    find_local,
    get_local,
    instance_actor,
    local_groups,
    network_actor,
    update_actor,
)
from actors.models import Actor, ActorKey, Role
from fedi.core.errors import Conflict, Invalid, NotFound
from fedi.core.jsonld import dumps
from fedi.core.node import Node
from fedi.core.signatures.keys import dump_private
from fedi.core.trouble import Contended
from fedi.core.unit import Unit


async def test_a_new_member_has_addresses_and_two_keys(unit: Unit) -> None:
    camille = await create_actor(unit, role=Role.PERSON, handle="camille", name="Camille R.")

    assert camille.uri == "https://node.test/p/camille"
    assert camille.inbox == "https://node.test/p/camille/inbox"
    assert camille.shared_inbox == "https://node.test/inbox"
    assert camille.acct == "camille@node.test"
    assert camille.moderators is None
    assert [key.kind for key in await public_keys(unit, camille)] == ["rsa", "ed25519"]


async def test_a_group_has_collections_of_its_own(unit: Unit) -> None:
    climat = await make_group(unit, "climat", summary="Le climat", language="fr")

    assert climat.uri == "https://node.test/g/climat"
    assert climat.featured == "https://node.test/g/climat/featured"
    assert climat.moderators == "https://node.test/g/climat/moderators"


@pytest.mark.parametrize(
    "handle", ["a", "Camille", "camille r", "../x", "é", "a" * 31, "x@y", "", "undefined", "admin"]
)
async def test_a_name_that_cannot_be_used_is_refused(unit: Unit, handle: str) -> None:
    with pytest.raises(Invalid):
        await make_person(unit, handle)


async def test_a_group_and_a_person_cannot_share_a_name(unit: Unit) -> None:
    await make_person(unit, "camille")

    with pytest.raises(Conflict):
        await make_group(unit, "camille")
    with pytest.raises(Conflict):
        await make_person(unit, "reseau")


async def test_actors_are_found_by_name_and_by_id(node: Node) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        climat = await make_group(unit, "climat")
        ana = await make_remote_actor(unit, "ana", "https://lisbon.example")
    async with node.db.reading() as unit:
        for actor in (camille, climat):
            found = await get_local(unit, actor.handle)
            assert found is not None
            assert found.id == actor.id
            assert await find_local(unit, actor.uri) is found
        assert await get_local(unit, "personne") is None
        assert await find_local(unit, "https://node.test/p/personne") is None
        assert await find_local(unit, ana.uri) is None


async def test_the_node_speaks_as_an_application_named_after_its_host(unit: Unit) -> None:
    application = await instance_actor(unit)

    assert (application.uri, application.type) == ("https://node.test/actor", "Application")
    assert await get_local(unit, "node.test") is application


async def test_the_group_of_the_network_comes_first(unit: Unit) -> None:
    await make_group(unit, "velo")
    await make_group(unit, "atelier")
    closed = await make_group(unit, "ferme")
    closed.suspended_at = unit.now

    assert [group.handle for group in await local_groups(unit)] == ["reseau", "atelier", "velo"]
    assert (await network_actor(unit)).handle == "reseau"


async def test_a_node_without_actors_says_what_to_do(node: Node) -> None:
    async with node.db.unit() as unit:
        await unit.session.execute(delete(Actor))
    async with node.db.reading() as unit:
        for search in (network_actor, instance_actor):
            with pytest.raises(NotFound, match="fedi init"):
                await search(unit)


async def test_each_actor_signs_with_its_own_key(unit: Unit) -> None:
    camille, noe = await make_person(unit, "camille"), await make_person(unit, "noe")

    for kind in ("rsa", "ed25519"):
        key, other = await signing_key(unit, camille, kind), await signing_key(unit, noe, kind)
        assert key.owner == camille.uri
        signature = key.sign(b"bonjour")
        [row] = [row for row in await public_keys(unit, camille) if row.kind == kind]
        assert to_public_key(row, camille.uri).verifies(signature, b"bonjour")
        assert not other.public.verifies(signature, b"bonjour")


async def test_private_keys_are_sealed_in_the_database(unit: Unit) -> None:
    pair = await generate_keys()
    camille = await create_actor(
        unit, role=Role.PERSON, handle="camille", name="Camille", keys=pair
    )

    for row, private in zip(
        await public_keys(unit, camille), (pair.rsa, pair.ed25519), strict=True
    ):
        assert row.private_sealed is not None
        assert dump_private(private) not in row.private_sealed
        assert unit.vault.open(row.private_sealed) == dump_private(private)


async def test_nobody_signs_for_a_peer(unit: Unit) -> None:
    ana = await make_remote_actor(unit, "ana", "https://lisbon.example")

    with pytest.raises(NotFound):
        await signing_key(unit, ana)


async def test_keys_made_before_the_unit_are_used(unit: Unit) -> None:
    pair = await generate_keys()
    camille = await create_actor(
        unit, role=Role.PERSON, handle="camille", name="Camille", keys=pair
    )

    assert (await signing_key(unit, camille)).public.key == pair.rsa.public_key()


async def test_the_document_is_the_same_before_and_after_it_is_stored(node: Node) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille", summary="La Fabrique")
        before = dumps(write_actor(camille, await public_keys(unit, camille), node.site))
    async with node.db.reading() as unit:
        again = await get_local(unit, "camille")
        assert again is not None
        after = dumps(write_actor(again, await public_keys(unit, again), node.site))

    assert before == after


async def test_a_profile_changes_only_where_it_is_told_to(unit: Unit) -> None:
    camille = await make_person(unit, "camille", summary="La Fabrique")

    await update_actor(
        unit, camille, name="Camille R.", fields=[{"name": "Lieu", "value": "Lille"}]
    )

    assert (camille.name, camille.summary) == ("Camille R.", "La Fabrique")
    assert camille.updated_at == unit.now


async def test_a_second_pair_of_keys_cannot_take_the_place_of_the_first(node: Node) -> None:
    async with node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        first = await signing_key(unit, camille)
    with pytest.raises((IntegrityError, Contended)):
        async with node.db.unit() as unit:
            await create_keys(unit, camille)
    async with node.db.reading() as unit:
        row = await unit.find(ActorKey, uri=first.id)
        assert row is not None
        assert (await signing_key(unit, camille)).public.key == first.public.key
