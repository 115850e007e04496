"""The network of the settings and the network of the database are one."""

from actors.document import write_actor
from actors.followers import follower_targets
from actors.keys import public_keys
from actors.local import network_actor, update_actor
from fedi.cli.refusals import Refused
from fedi.core.node import Node
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from outbox.builders import build_update
from outbox.publish import publish


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
    """Give the network the name and the summary of the settings; tell its followers if new."""
    settings = node.config.network
    async with node.db.unit() as unit:
        network = await network_actor(unit)
        said = (network.name, network.summary, network.language)
        if said == (settings.name, settings.summary, settings.languages[0]):
            return
        await update_actor(
            unit,
            network,
            name=settings.name,
            summary=settings.summary,
            language=settings.languages[0],
        )
        document = write_actor(network, await public_keys(unit, network), unit.site)
        followers = [network.followers] if network.followers else []
        update = build_update(
            unit.site, new_key(), network.uri, document, to=[PUBLIC], cc=followers
        )
        await publish(unit, network, update, to=await follower_targets(unit, network))
