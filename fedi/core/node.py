"""The node: one frozen value that holds what a running process needs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fedi.core.config import Config
from fedi.core.db import Database, open_engine
from fedi.core.fetch import Fetcher
from fedi.core.seal import Vault, read_secret
from fedi.core.urls import Site
from fedi.core.version import VERSION

#: The loops a unit may wake when it commits.
LOOPS = ("inbox", "outbox", "backfill")


def utc_now() -> datetime:
    """Read the clock; tests give a node another one."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Node:
    """Configuration, database, outbound client and clock of one process."""

    config: Config
    site: Site
    vault: Vault
    db: Database
    fetcher: Fetcher
    clock: Callable[[], datetime]
    signals: dict[str, asyncio.Event] = field(default_factory=dict)

    async def close(self) -> None:
        """Close connections; nothing of the node may be used afterwards."""
        await self.fetcher.close()
        await self.db.close()


def open_node(config: Config, *, clock: Callable[[], datetime] = utc_now) -> Node:
    """Open what a process needs; nothing is read from the database or the network yet.

    Raises `BadSecret` when the key file is missing or damaged.
    """
    site = config.site
    vault = Vault(read_secret(Path(config.secret_path)))
    signals = {name: asyncio.Event() for name in LOOPS}
    url = config.database_url
    database = Database(
        open_engine(url, write=True), open_engine(url, write=False), site, vault, clock, signals
    )
    fetcher = Fetcher(
        site,
        allow_private=config.federation.allow_private_addresses,
        allow_http=config.federation.allow_http,
        user_agent=f"fedi/{VERSION} (+{site.url})",
    )
    return Node(config, site, vault, database, fetcher, clock, signals)
