"""The networks this node knows, as pages show them: a name, a colour, a mark, an address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, lru_cache
from time import monotonic
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup
from sqlalchemy import or_, select

from actors.local import network_actor
from actors.models import Actor, Dialect, Follow, Peer
from fedi.core.unit import Unit
from fedi.core.wakes import Wakes
from fedi.web.colours import Ink, ink, inks, text_on
from fedi.web.marks import mark

#: Seconds after which the networks are read again.
LASTS = 60.0


@dataclass(frozen=True)
class Network:
    """A network: ours, or one that ours follows or is followed by."""

    actor: Actor
    peer: Peer | None = None  # None: ours
    followed_at: datetime | None = None  # by us; accepted or not
    accepted_at: datetime | None = None
    follows_since: datetime | None = None  # it follows us

    @property
    def name(self) -> str:
        """What it is called."""
        return self.actor.name or self.actor.domain

    @property
    def css(self) -> str:
        """The class that carries its colour."""
        return f"n-{self.actor.id}"

    @property
    def path(self) -> str:
        """Where its page is on this node."""
        return actor_path(self.actor)

    @property
    def mark(self) -> Markup:
        """Its ornament, in the colour of the text around it."""
        return mark(self.actor.uri)

    @property
    def debates_here(self) -> bool:
        """Whether it is a network like ours, whose debates come here."""
        return self.accepted_at is not None and self.gathers_people

    @property
    def gathers_people(self) -> bool:
        """Whether everybody on its server is one of it, as on our own nodes.

        A forum's server holds many groups: following one does not give its name to all.
        """
        peer = self.peer
        return peer is None or peer.dialect is Dialect.NODE


class Label(NamedTuple):
    """Where somebody writes from: a network, or a server that is none."""

    name: str
    css: str
    path: str | None


@dataclass(frozen=True, eq=False)  # each reading of them is another one
class Networks:
    """Ours first, then those we follow in the order in which we met them, then our followers."""

    ours: Network
    others: tuple[Network, ...]
    by_origin: Mapping[str, Network]

    def label(self, origin: str) -> Label:
        """How an author's origin is told."""
        return self._labels.get(origin) or Label(origin.partition("://")[2], "host", None)

    @cached_property
    def _labels(self) -> Mapping[str, Label]:
        return {
            origin: Label(network.name, network.css, network.path)
            for origin, network in self.by_origin.items()
        }

    @property
    def followed(self) -> list[Network]:
        """Those whose debates come here."""
        return [network for network in self.others if network.followed_at is not None]

    @property
    def following(self) -> list[Network]:
        """Those to whom our debates go."""
        return [network for network in self.others if network.follows_since is not None]


async def read_networks(unit: Unit) -> Networks:
    """Read the networks that a page may have to name; `NotFound` before `fedi init`."""
    us = await network_actor(unit)
    query = (
        select(Follow, Actor, Peer)
        .join(Actor, or_(Actor.id == Follow.followed_id, Actor.id == Follow.follower_id))
        .join(Peer, Peer.uri == Actor.origin)
        .where(
            or_(Follow.follower_id == us.id, Follow.followed_id == us.id),
            Follow.rejected_at.is_(None),
            Actor.id != us.id,
            Actor.type == "Group",
            Actor.gone_at.is_(None),
        )
        .order_by(Follow.follower_id != us.id, Follow.created_at, Follow.id)
    )
    met: dict[int, Network] = {}
    for follow, actor, peer in await unit.session.execute(query):
        if follow.follower_id == us.id:
            met[actor.id] = Network(actor, peer, follow.created_at, follow.accepted_at)
        else:
            known = met.get(actor.id, Network(actor, peer))
            met[actor.id] = replace(known, follows_since=follow.accepted_at)
    ours = Network(us)
    by_origin = {n.actor.origin: n for n in reversed(met.values()) if n.gathers_people}
    return Networks(ours, tuple(met.values()), by_origin | {us.origin: ours})


async def with_health(unit: Unit, networks: Iterable[Network]) -> list[Network]:
    """The same, each with what is known of its server now."""
    shown = list(networks)
    await unit.load(Peer, uri=[network.actor.origin for network in shown])
    return [
        replace(network, peer=await unit.find(Peer, uri=network.actor.origin)) for network in shown
    ]


class KnownNetworks:
    """The networks as pages name them; their health, which is another by the minute, is not told.

    Every page asks, and hardly ever is the answer another one: to find the networks among ten
    thousand followers takes 15 ms.  They are read again when a network changed (the wake
    `networks`), and every minute, for a wake may be lost.
    """

    def __init__(self, signals: Wakes) -> None:
        self._known: Networks | None = None
        self._until = 0.0
        self._changes = 0
        signals.listen("networks", self._forget)

    async def read(self, unit: Unit) -> Networks:
        """The networks; the same object for as long as they are the same."""
        if self._known is not None and monotonic() < self._until:
            return self._known
        changes, until = self._changes, monotonic() + LASTS
        networks = await read_networks(unit)
        if changes == self._changes:
            self._known, self._until = networks, until
        return networks

    def _forget(self, _: str) -> None:
        self._known = None
        self._changes += 1


def actor_path(actor: Actor) -> str:
    """The page of a person or a group on this node: `/p/NAME`, `/g/NAME@host`."""
    name = actor.handle if actor.is_local else actor.acct
    return name_path(name, group=actor.type == "Group")


@lru_cache(maxsize=4096)
def name_path(name: str, *, group: bool = False) -> str:
    """The same, of a handle, with its host when it is not one of ours."""
    return f"/{'g' if group else 'p'}/{quote(name, safe='@:')}"


def stylesheet(networks: Networks, theme: str) -> str:
    """The colours of this node and of the networks it knows, by day and by night."""
    own, palette = ink(theme), inks(theme)
    colours = {networks.ours.css: own} | {
        network.css: given for network, given in zip(networks.others, palette, strict=False)
    }
    light = _rules(own, colours, "light")
    dark = _rules(own, colours, "dark")
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _rules(own: Ink, colours: Mapping[str, Ink], scheme: str) -> str:
    accent = getattr(own, scheme)
    lines = [f":root {{ --accent: {accent}; --on-accent: {text_on(accent)} }}"]
    lines += [f".{css} {{ --net: {getattr(given, scheme)} }}" for css, given in colours.items()]
    return "".join(f"{line}\n" for line in lines)
