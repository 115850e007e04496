"""The network of the settings and the network of the database are one."""

from actors.local import network_actor, update_actor
from fedi.cli.refusals import Refused
from fedi.core.choices import read_choices
from fedi.core.node import Node
from outbox.introduction import introduce


async def check_identity(node: Node) -> None:
    """Return when the settings name the network whose ids are in the database.

    Raises `Refused` when they do not: others would take the two for different networks, and
    `NotFound` before `fedi init`.
    """
    async with node.db.reading() as unit:
        network = await network_actor(unit)
        named = unit.site.actor("network", node.config.network.handle)
    if network.uri != named:
        raise Refused(
            f"the database is that of {network.uri}, the settings say {named}: "
            "node.domain, node.url and network.handle can never change",
            code="other-network",
        )


async def introduce_network(node: Node) -> None:
    """Give the network the name and the summary that hold; tell its followers if they are new."""
    async with node.db.unit() as unit:
        chosen = await read_choices(unit, node.config)
        network = await network_actor(unit)
        said = (network.name, network.summary, network.language)
        if said == (chosen.name, chosen.summary, chosen.languages[0]):
            return
        await update_actor(
            unit,
            network,
            name=chosen.name,
            summary=chosen.summary,
            language=chosen.languages[0],
        )
        await introduce(unit, network)
