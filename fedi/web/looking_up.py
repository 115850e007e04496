"""Looking networks up by what people type: a handle, or the address of a page."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from actors.models import Actor
from actors.remote import obtain_by_handle
from fedi.core.errors import FediError, Invalid, Unreachable
from fedi.core.i18n import N_
from fedi.core.node import Node

#: Servers that are asked at the same time.
AT_ONCE = 4


@dataclass(frozen=True)
class Lookup:
    """What an address led to: a network, or why not, as a sentence to translate."""

    address: str
    network: Actor | None = None
    why: str = ""


async def look_up(node: Node, address: str) -> Lookup:
    """Find the network that an address is of; it may be asked for over the network."""
    try:
        actor = await obtain_by_handle(node, address)
    except Unreachable:
        return Lookup(address, why=N_("that server does not answer; try again a little later"))
    except Invalid as error:
        return Lookup(address, why=str(error))
    except FediError:
        return Lookup(address, why=N_("we found no network at this address"))
    if actor.type != "Group":
        why = N_("this is somebody, not a network: only groups hold debates")
        return Lookup(address, why=why)
    if actor.is_local:
        return Lookup(address, why=N_("this is a group of our own"))
    return Lookup(address, actor)


async def look_up_all(node: Node, addresses: Iterable[str]) -> list[Lookup]:
    """The same for several, in their order."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def find(address: str) -> Lookup:
        async with turns:
            return await look_up(node, address)

    return list(await asyncio.gather(*map(find, addresses)))
