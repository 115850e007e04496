"""One network of the demonstration: its directory, its node and the process that serves it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fedi.accounts.sessions import find_account
from fedi.accounts.signup import create_account
from fedi.accounts.tokens import create_token
from fedi.cli.demo.cast import PASSWORD, Network
from fedi.cli.demo.client import is_ready
from fedi.cli.founding import Founding, found
from fedi.cli.frame import opened_node
from fedi.cli.refusals import Refused
from fedi.core.errors import NotFound
from fedi.core.node import Node
from fedi.debates.groups import create_group

HOST = "localhost"
START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True)
class Stand:
    """A network, its node opened here too, and the process that serves it."""

    network: Network
    node: Node
    directory: Path
    process: asyncio.subprocess.Process

    @property
    def network_uri(self) -> str:
        """The id of its network Group."""
        return self.node.site.actor("network", self.network.handle)

    @property
    def group_uri(self) -> str:
        """The id of its working group."""
        return self.node.site.actor("group", self.network.group)

    @property
    def member_uri(self) -> str:
        """The id of its member."""
        return self.node.site.actor("person", self.network.member.handle)

    async def token(self) -> str:
        """A new token for a program of its member."""
        async with self.node.db.unit() as unit:
            account = await find_account(unit, self.network.member.handle)
            if account is None:
                raise NotFound(f"{self.directory} has no member any more: remove it")
            return await create_token(unit, account, ("read", "write"))


async def build(directory: Path, network: Network, port: int) -> None:
    """Make the node of a network, with a working group and a member who administers it."""
    config = directory / "config.toml"
    domain = f"{HOST}:{port}"
    await found(
        Founding(
            config,
            domain,
            f"http://{domain}",
            network.handle,
            network.name,
            network.summary,
            data_dir=directory,
        )
    )
    async with opened_node(config) as node, node.db.unit() as unit:
        await create_group(unit, network.group, network.group_name, network.group_summary)
        await create_account(
            unit,
            handle=network.member.handle,
            email=f"{network.member.handle}@{network.handle}.example",
            password=PASSWORD,
            display_name=network.member.name,
            admin=True,
        )


@asynccontextmanager
async def opened(directory: Path, network: Network) -> AsyncIterator[Stand]:
    """Serve the node of a network by a process of its own, as long as the block lasts.

    It may not answer yet when the block begins: see `until_ready`.
    """
    config = directory / "config.toml"
    async with opened_node(config) as node, _serving(config, directory / "log.txt") as process:
        yield Stand(network, node, directory, process)


@asynccontextmanager
async def _serving(config: Path, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    arguments = [sys.executable, "-m", "fedi", "serve", "--config", str(config)]
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(*arguments, stdout=file, stderr=file)
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def until_ready(stand: Stand) -> None:
    """Return once the node answers; `Refused`, with the end of its log, when it does not."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while not await is_ready(stand.node.site.url):
        late = asyncio.get_running_loop().time() > deadline
        if late or stand.process.returncode is not None:
            lines = (stand.directory / "log.txt").read_text(encoding="utf-8").splitlines()
            last = lines[-1] if lines else "nothing in its log"
            raise Refused(f"{stand.network.name} does not start: {last}")
        await asyncio.sleep(0.1)
