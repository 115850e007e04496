"""Who follows whom, and where what an actor says has to go."""

import pytest
from factories import make_group, make_person, make_remote_actor
from sqlalchemy import event

from actors.followers import (
    Target,
    accept_follow,
    count_followers,
    count_following,
    find_follow,
    follower_targets,
    followers_page,
    following_page,
    reject_follow,
    remove_follow,
    request_follow,
    targets_of,
)
from actors.models import Actor, Dialect, Follow
from fedi.core.errors import Conflict
from fedi.core.node import Node
from fedi.core.unit import Unit

LISBON = "https://lisbon.example"


async def follow(unit: Unit, follower: Actor, followed: Actor) -> Follow:
    request = await request_follow(
        unit, f"{follower.uri}/follows/{followed.handle}", follower, followed
    )
    await accept_follow(unit, request)
    return request


async def uris(unit: Unit, actor: Actor) -> list[str]:
    return [target.uri for target in await follower_targets(unit, actor)]


async def test_a_request_counts_once_it_is_accepted(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    request = await request_follow(unit, f"{ana.uri}/f/1", ana, climat)
    assert await count_followers(unit, climat) == 0
    assert await follower_targets(unit, climat) == []

    await accept_follow(unit, request)

    assert await count_followers(unit, climat) == 1
    assert await count_following(unit, ana) == 1
    assert await uris(unit, climat) == [ana.uri]


async def test_a_repeated_request_is_the_same_one_under_its_new_id(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    first = await follow(unit, ana, climat)
    accepted = first.accepted_at

    again = await request_follow(unit, f"{ana.uri}/f/2", ana, climat)

    assert again is first
    assert again.uri == f"{ana.uri}/f/2"
    assert again.accepted_at == accepted
    assert await find_follow(unit, uri=f"{ana.uri}/f/2") is first
    assert await find_follow(unit, uri=f"{ana.uri}/follows/climat") is None
    assert await request_follow(unit, f"{ana.uri}/f/2", ana, climat) is first


async def test_the_id_of_a_request_cannot_be_used_for_another(unit: Unit) -> None:
    climat, velo = await make_group(unit, "climat"), await make_group(unit, "velo")
    ana = await make_remote_actor(unit, "ana", LISBON)
    await request_follow(unit, f"{ana.uri}/f/1", ana, climat)

    with pytest.raises(Conflict):
        await request_follow(unit, f"{ana.uri}/f/1", ana, velo)


async def test_a_rejected_follower_hears_nothing_more(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON)
    accepted = await follow(unit, ana, climat)
    assert await uris(unit, climat) == [ana.uri]

    await reject_follow(unit, accepted)

    assert accepted.rejected_at == unit.now
    assert await uris(unit, climat) == []


async def test_a_follow_ends_and_may_begin_again(node: Node) -> None:
    async with node.db.unit() as unit:
        climat = await make_group(unit, "climat")
        ana = await make_remote_actor(unit, "ana", LISBON)
        await follow(unit, ana, climat)
    async with node.db.unit() as unit:
        assert await find_follow(unit, pair=(ana, climat)) is not None
        assert await remove_follow(unit, ana, climat)
        assert not await remove_follow(unit, ana, climat)
        assert await find_follow(unit, pair=(ana, climat)) is None
        assert await uris(unit, climat) == []
        await follow(unit, ana, climat)
        assert await uris(unit, climat) == [ana.uri]
    async with node.db.reading() as unit:
        assert await count_followers(unit, climat) == 1


async def test_a_follow_is_found_by_something(unit: Unit) -> None:
    with pytest.raises(ValueError, match="by its id or by its pair"):
        await find_follow(unit)


async def test_targets_tell_how_their_server_wants_to_be_spoken_to(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    ana = await make_remote_actor(unit, "ana", LISBON, dialect=Dialect.FORUM)
    zoe = await make_remote_actor(unit, "zoe", "https://gts.example", dialect=Dialect.GOTOSOCIAL)
    for actor in (ana, zoe):
        await follow(unit, actor, climat)

    assert await follower_targets(unit, climat) == [
        Target(ana.id, ana.uri, ana.inbox, f"{LISBON}/inbox", LISBON, Dialect.FORUM, "follower"),
        Target(
            zoe.id, zoe.uri, zoe.inbox, None, "https://gts.example", Dialect.GOTOSOCIAL, "follower"
        ),
    ]
    [target] = await targets_of(unit, [zoe], "addressed")
    assert (target.dialect, target.reason) == (Dialect.GOTOSOCIAL, "addressed")


async def test_only_those_who_can_hear_us_are_targets(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    member = await make_person(unit, "camille")
    ana = await make_remote_actor(unit, "ana", LISBON)
    gone = await make_remote_actor(unit, "gone", LISBON)
    suspended = await make_remote_actor(unit, "mallory", LISBON)
    everybody = [member, ana, gone, suspended]
    for actor in everybody:
        await follow(unit, actor, climat)
    gone.gone_at = suspended.suspended_at = unit.now

    assert await uris(unit, climat) == [ana.uri]
    assert [target.uri for target in await targets_of(unit, everybody, "addressed")] == [ana.uri]


async def test_followers_are_asked_of_the_database_once_a_unit(node: Node) -> None:
    async with node.db.unit() as unit:
        climat = await make_group(unit, "climat")
        for name in ("ana", "bob", "carla"):
            await follow(unit, await make_remote_actor(unit, name, LISBON), climat)
    statements: list[str] = []
    event.listen(
        node.db.reader.sync_engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: statements.append(statement),
    )
    async with node.db.reading() as unit:
        for _ in range(5):
            assert len(await follower_targets(unit, climat)) == 3
    assert len(statements) == 1


async def test_only_groups_and_those_who_agreed_are_listed_and_all_are_counted(unit: Unit) -> None:
    climat = await make_group(unit, "climat")
    shy = await make_remote_actor(unit, "shy", LISBON, discoverable=False)
    group = await make_remote_actor(unit, "grp", LISBON, "Group", discoverable=False)
    ana, bob = [await make_remote_actor(unit, name, LISBON) for name in ("ana", "bob")]
    for actor in (shy, group, ana, bob):
        await follow(unit, actor, climat)
        await follow(unit, climat, actor)

    assert await count_followers(unit, climat) == 4
    assert await followers_page(unit, climat, None, 2) == [ana.uri, bob.uri]
    assert await followers_page(unit, climat, bob.uri, 2) == [group.uri]
    assert await following_page(unit, climat, None, 10) == [ana.uri, bob.uri, group.uri]
