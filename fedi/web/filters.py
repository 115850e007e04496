"""Which debates a list shows: of a group, of a network, under a tag, or all of these at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.tags import fold, label_of
from fedi.web.networks import Network, Networks

#: What members may choose to see.
SHOWN = ("unread", "followed")


@dataclass(frozen=True)
class Filters:
    """What was chosen; `path` leads to another choice."""

    group: str | None = None  # its handle
    network: str | None = None  # the host, with its port
    tag: str | None = None  # as it was written last
    show: str | None = None  # of all these, a member may want what is unread, or followed
    origin: str | None = None  # of the network

    @property
    def tag_name(self) -> str | None:
        """The name under which the tag is found."""
        return fold(self.tag) if self.tag else None

    @property
    def is_none(self) -> bool:
        """Whether all debates are shown."""
        return not (self.group or self.network or self.tag or self.show)

    def path(self, **others: str | None) -> str:
        """The list with these choices instead; what is not named stays chosen."""
        mine = {name: getattr(self, name) for name in ("group", "network", "tag", "show")}
        chosen = mine | others
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"/?{query}" if query else "/"


async def read_filters(
    unit: Unit, query: Mapping[str, str], groups: Sequence[Actor], networks: Networks
) -> Filters:
    """What the address of a list asks for; a choice that is none chooses nothing."""
    group = next((group for group in groups if group.handle == query.get("group")), None)
    network = next(
        (one for one in choices(networks) if one.actor.domain == query.get("network")), None
    )
    wanted = query.get("tag", "").removeprefix("#")
    name = fold(wanted[:100])
    label = (await label_of(unit, name) or wanted[:100]) if name else None
    return Filters(
        group=group.handle if group is not None else None,
        network=network.actor.domain if network is not None else None,
        tag=label,
        show=query.get("show") if query.get("show") in SHOWN else None,
        origin=network.actor.origin if network is not None else None,
    )


def choices(networks: Networks) -> list[Network]:
    """The networks whose debates are here: ours, and those we follow; none to choose when alone."""
    others = [network for network in networks.followed if network.debates_here]
    return [networks.ours, *others] if others else []
