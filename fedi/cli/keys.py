"""`fedi keys`: the keys with which the actors of this node sign."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, new_group, opened_node, print_rows
from fedi.core.errors import Invalid, NotFound

if TYPE_CHECKING:
    from actors.models import Actor
    from fedi.core.unit import Unit

app = new_group("Keys of the actors of this node.")

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="Of a member or a group.")]


@app.command("list")
def list_keys(handle: Handle, as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the keys that an actor publishes, retired ones included."""
    asyncio.run(_list(config, handle, as_json))


async def _list(config: Path, handle: str, as_json: bool) -> None:
    from actors.keys import public_keys

    async with opened_node(config) as node, node.db.reading() as unit:
        actor = await _find(unit, handle)
        rows = [
            {"id": key.uri, "kind": key.kind, "since": key.created_at, "retired": key.retired_at}
            for key in await public_keys(unit, actor)
        ]
    print_rows(rows, ("id", "kind", "since", "retired"), as_json=as_json, none="it has no key")


@app.command("rotate")
def rotate(
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="One actor.")] = "",
    everybody: Annotated[bool, typer.Option("--all", help="Every actor of the node.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Give an actor new keys.  What the old ones proved stays proved: they stay published."""
    if everybody == bool(handle):
        raise typer.BadParameter("name one actor, or give --all")
    asyncio.run(_rotate(config, handle))


async def _rotate(config: Path, handle: str) -> None:
    from actors.keys import generate_keys, rotate_keys
    from actors.models import Actor
    from outbox.introduction import introduce

    async with opened_node(config) as node:
        async with node.db.reading() as unit:
            uris = [(await _find(unit, handle)).uri] if handle else await _everybody(unit)
        for uri in uris:
            pair = await generate_keys()  # takes long: nobody waits for the database meanwhile
            async with node.db.unit() as unit:
                actor = await unit.find(Actor, uri=uri)
                if actor is None:
                    raise NotFound(f"{uri} has just disappeared")
                await rotate_keys(unit, actor, pair)
                await introduce(unit, actor)
            print(f"@{actor.acct} signs with key {actor.key_number}")
            if uri == node.site.instance_actor:
                print("restart `fedi serve`: it signs its own requests with the old key until then")


async def _find(unit: "Unit", handle: str) -> "Actor":
    from actors.local import get_local

    actor = await get_local(unit, handle.removeprefix("@").partition("@")[0].lower())
    if actor is None:
        raise NotFound(f"there is no {handle} on this node")
    if actor.suspended_at is not None:
        raise Invalid(f"{handle} is suspended", code="suspended")
    return actor


async def _everybody(unit: "Unit") -> list[str]:
    from sqlalchemy import select

    from actors.models import Actor

    query = select(Actor.uri).where(Actor.role.is_not(None), Actor.suspended_at.is_(None))
    return list(await unit.session.scalars(query.order_by(Actor.id)))
