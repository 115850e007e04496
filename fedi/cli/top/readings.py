"""Reading a node: its /metrics, or its database when it does not answer."""

import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, generate_latest
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from fedi.core.config import Config

SECONDS = 2.0

Labels = frozenset[tuple[str, str]]


class NoAnswer(Exception):
    """The node cannot be asked; the message says why."""


@dataclass(frozen=True)
class Reading:
    """Every sample of one answer, and when it was taken."""

    samples: Mapping[str, Mapping[Labels, float]]
    at: float
    live: bool = True  # told by the running node itself

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric over all labels that are not given."""
        wanted = set(labels.items())
        return sum(value for key, value in self.samples.get(name, {}).items() if wanted <= set(key))

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """The sums of a metric for each value of one label."""
        sums: dict[str, float] = {}
        wanted = set(labels.items())
        for key, value in self.samples.get(name, {}).items():
            word = dict(key).get(label)
            if word is not None and wanted <= set(key):
                sums[word] = sums.get(word, 0.0) + value
        return sums


@dataclass(frozen=True)
class Change:
    """Two readings: how fast things went between them."""

    before: Reading
    now: Reading
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", max(self.now.at - self.before.at, 0.001))

    def rate(self, name: str, **labels: str) -> float:
        """Events in a second; none when the node began to count anew in between."""
        more = self.now.total(name, **labels) - self.before.total(name, **labels)
        return max(0.0, more) / self.seconds

    def rates(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """The same for each value of a label, those where something happened, the busiest first."""
        before = self.before.by(name, label, **labels)
        found = {
            word: (value - before.get(word, 0.0)) / self.seconds
            for word, value in self.now.by(name, label, **labels).items()
        }
        busy = ((word, rate) for word, rate in found.items() if rate > 0)
        return dict(sorted(busy, key=lambda pair: -pair[1]))

    def quantile(self, share: float, name: str, **labels: str) -> float | None:
        """Below which of its bounds that share of what was observed in between lies.

        None when nothing was; infinity beyond the last bound.
        """
        before = self.before.by(f"{name}_bucket", "le", **labels)
        now = self.now.by(f"{name}_bucket", "le", **labels)
        counts = sorted((float(le), value - before.get(le, 0.0)) for le, value in now.items())
        if not counts or counts[-1][1] <= 0:
            return None
        return next(bound for bound, count in counts if count >= share * counts[-1][1])


def parse(text: str, *, live: bool = True) -> Reading:
    """Read what Prometheus would."""
    samples: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = frozenset(sample.labels.items())
            samples.setdefault(sample.name, {})[labels] = sample.value
    return Reading(samples, time.monotonic(), live)


class _SocketConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask(config: "Config", address: str = "") -> Reading:
    """Ask the node of these settings, at another `HOST:PORT` if given; raises `NoAnswer`."""
    connection = _connection(config, address)
    token = config.metrics.token
    try:
        connection.request(
            "GET", "/metrics", headers={"Authorization": f"Bearer {token}"} if token else {}
        )
        response = connection.getresponse()
        text = response.read().decode()
    except (OSError, HTTPException) as error:
        raise NoAnswer(str(error)) from error
    finally:
        connection.close()
    if response.status != 200:
        raise NoAnswer(text.strip() or f"HTTP {response.status}")
    return parse(text)


def _connection(config: "Config", address: str) -> HTTPConnection:
    if not address and config.listen.socket is not None:
        return _SocketConnection(config.listen.socket, timeout=SECONDS)
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or config.listen.host
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where to ask, not to listen
    return HTTPConnection(
        everywhere.get(host, host), int(port or config.listen.port), timeout=SECONDS
    )


async def look(config: Path) -> Reading:
    """What the database and the disk tell of a node that does not answer."""
    from fedi.app import QUEUES
    from fedi.cli.frame import opened_node
    from fedi.core.survey import Survey

    async with opened_node(config) as node:
        await Survey(node, QUEUES).refresh()
    return parse(generate_latest(REGISTRY).decode(), live=False)


def peers(change: Change) -> Iterator[str]:
    """The classes of servers that something was delivered to, or tried to be."""
    yield from sorted(change.now.by("fedi_deliveries_total", "peer"))
