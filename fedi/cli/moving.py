"""`fedi account move`, `fedi group move`: actors that go on elsewhere, or come from there."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, opened_node
from fedi.core.errors import NotFound

if TYPE_CHECKING:
    from actors.models import Actor
    from fedi.core.unit import Unit

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="On this node.")]
Other = Annotated[str, typer.Argument(metavar="HANDLE_OR_URL", help="On another server.")]


def move(
    handle: Handle,
    to: Annotated[str, typer.Option("--to", help="The new id, which must acknowledge this one.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Ask those who follow an actor of this node to follow it elsewhere; what it wrote stays."""
    asyncio.run(_move(config, handle, to))


def alias(handle: Handle, other: Other, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Say that an actor of this node was another one before, so that it can move here."""
    asyncio.run(_alias(config, handle, other))


async def _move(config: Path, handle: str, to: str) -> None:
    from datetime import timedelta

    from actors.models import Actor
    from actors.remote import obtain_actor, obtain_by_handle
    from fedi.app import sign_requests
    from fedi.debates.moving import move_away

    async with opened_node(config) as node:
        await sign_requests(node)
        found = await obtain_by_handle(node, to)
        await obtain_actor(node, found.uri, max_age=timedelta(0))
        async with node.db.unit() as unit:
            actor, target = await _find(unit, handle), await unit.find(Actor, uri=found.uri)
            if target is None:
                raise NotFound(f"{to} has just disappeared")
            await move_away(unit, actor, target)
        print(f"@{actor.acct} has moved to @{target.acct}; `fedi serve` tells its followers")


async def _alias(config: Path, handle: str, other: str) -> None:
    from actors.remote import obtain_by_handle
    from fedi.app import sign_requests
    from fedi.debates.moving import acknowledge

    async with opened_node(config) as node:
        await sign_requests(node)
        uri = other if "://" in other else (await obtain_by_handle(node, other)).uri
        async with node.db.unit() as unit:
            actor = await _find(unit, handle)
            await acknowledge(unit, actor, uri)
        print(f"@{actor.acct} was {uri} before")


async def _find(unit: "Unit", handle: str) -> "Actor":
    from actors.local import get_local

    actor = await get_local(unit, handle.removeprefix("@").partition("@")[0].lower())
    if actor is None:
        raise NotFound(f"there is no {handle} on this node")
    return actor
