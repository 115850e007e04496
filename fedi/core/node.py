"""The node: one frozen value that holds what a running process needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fedi.core.config import Config
from fedi.core.db import Database, open_engine
from fedi.core.fetch import Fetcher
from fedi.core.lines import Postgres, Sockets
from fedi.core.seal import Vault, read_secret
from fedi.core.urls import Site
from fedi.core.version import VERSION
from fedi.core.wakes import Wakes


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
    signals: Wakes

    async def close(self) -> None:
        """Close connections; nothing of the node may be used afterwards."""
        await self.fetcher.close()
        await self.signals.close()
        await self.db.close()


def open_node(config: Config, *, clock: Callable[[], datetime] = utc_now) -> Node:
    """Open what a process needs; nothing is read from the database or the network yet.

    Raises `BadSecret` when the key file is missing or damaged.
    """
    site = config.site
    vault = Vault(read_secret(Path(config.secret_path)))
    url = config.database_url
    writer, reader = open_engine(url, write=True), open_engine(url, write=False)
    is_ours = writer.dialect.name == "sqlite"
    line = Sockets(config.node.data_dir / "wakes") if is_ours else Postgres(reader)
    signals = Wakes(line)
    database = Database(writer, reader, site, vault, clock, signals)
    fetcher = Fetcher(
        site,
        allow_private=config.federation.allow_private_addresses,
        allow_http=config.federation.allow_http,
        user_agent=f"fedi/{VERSION} (+{site.url})",
    )
    return Node(config, site, vault, database, fetcher, clock, signals)
