"""How often a client asks."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hostile import (
    AS2,
    HostilePeer,
    Open,
    answer,
    code_of,
    document,
    redirect,
    silence,
)

from fedi.core.errors import (
    BudgetSpent,
)
from fedi.core.fetch import Budget, Fetcher, Patience


async def test_those_who_ask_at_one_time_share_one_fetch(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    url = peer.serve("/o/1")
    fetched = await asyncio.gather(*(fetcher.get_document(url) for _ in range(20)))
    assert len({id(one) for one in fetched}) == 1
    assert peer.targets == ["/o/1"]
    await fetcher.get_document(url)
    assert peer.targets == ["/o/1", "/o/1"]


async def test_who_gives_up_does_not_take_the_answer_from_others(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    go = asyncio.Event()
    serve = document({"@context": AS2, "id": peer.url("/o/1")})

    async def script(writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await serve(writer)

    url = peer.on("/o/1", script)
    first = asyncio.create_task(fetcher.get_document(url))
    second = asyncio.create_task(fetcher.get_document(url))
    while not peer.requests:
        await asyncio.sleep(0.01)
    first.cancel()
    go.set()
    assert (await second).url == url
    assert peer.targets == ["/o/1"]


async def test_a_failure_is_not_repeated_at_once_unless_asked(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    url = peer.on("/o/1", answer(404))
    for _ in range(3):
        assert await code_of(fetcher.get_document(url)) == "not-found"
    assert peer.targets == ["/o/1"]
    peer.serve("/o/1")
    assert await code_of(fetcher.get_document(url)) == "not-found"
    assert await fetcher.get_document(url, fresh=True)
    assert await fetcher.get_document(url)


async def test_a_budget_bounds_fetches_redirects_included(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    budget = Budget(gets=4)
    await fetcher.get_document(peer.serve("/o/1"), budget)
    peer.serve("/o/2")
    await fetcher.get_document(peer.on("/2", redirect("/o/2")), budget)
    peer.serve("/o/3")
    peer.on("/3", redirect("/o/3"))
    with pytest.raises(BudgetSpent):
        await fetcher.get_document(peer.url("/3"), budget)
    assert peer.targets == ["/o/1", "/2", "/o/2", "/3"]
    assert await fetcher.get_document(peer.url("/3"))


async def test_within_a_budget_nothing_is_fetched_twice_and_circles_end(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    budget = Budget(gets=5)
    url = peer.serve("/o/1")
    for _ in range(5):
        await fetcher.get_document(url, budget)
    with pytest.raises(BudgetSpent):
        await fetcher.get_document(url, budget)
    assert peer.targets == ["/o/1"]


async def test_a_budget_of_servers_holds_for_links(fetcher: Fetcher, stack: AsyncExitStack) -> None:
    budget = Budget(hosts=2)
    servers = [await stack.enter_async_context(HostilePeer()) for _ in range(3)]
    for server in servers[:2]:
        await fetcher.get_document(server.serve("/o/1"), budget)
    assert await code_of(fetcher.get_document(servers[2].serve("/o/1"), budget)) == "budget-hosts"
    assert servers[2].connections == 0


async def test_the_budget_of_who_asked_first_does_not_bind_the_second(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    url = peer.serve("/o/1")
    peer.on("/1", redirect("/o/1"))
    poor = asyncio.create_task(fetcher.get_document(peer.url("/1"), Budget(gets=1)))
    rich = asyncio.create_task(fetcher.get_document(peer.url("/1"), Budget(gets=9)))
    with pytest.raises(BudgetSpent):
        await poor
    assert (await rich).url == url


async def test_a_budget_that_runs_out_ends_the_wait(open_fetcher: Open, peer: HostilePeer) -> None:
    fetcher = open_fetcher(allow_private=True, patience=Patience())
    url = peer.on("/o/1", silence)
    async with asyncio.timeout(5):
        assert await code_of(fetcher.get_document(url, Budget(seconds=0.2))) == "budget-time"
        assert await code_of(fetcher.get_json(url, budget=Budget(seconds=0.2))) == "budget-time"


async def test_who_runs_out_of_time_leaves_the_fetch_to_others(
    fetcher: Fetcher, peer: HostilePeer
) -> None:
    go = asyncio.Event()
    serve = document({"@context": AS2, "id": peer.url("/o/1")})

    async def script(writer: asyncio.StreamWriter) -> None:
        await go.wait()
        await serve(writer)

    url = peer.on("/o/1", script)
    patient = asyncio.create_task(fetcher.get_document(url))
    assert await code_of(fetcher.get_document(url, Budget(seconds=0.1))) == "budget-time"
    go.set()
    assert (await patient).url == url
    assert peer.targets == ["/o/1"]
