"""One node at work in several processes, on a SQLite file or on PostgreSQL.

Its web processes share the node's port; its workers are processes of their own, as on
other machines.
"""

import asyncio
import signal
import sys
from pathlib import Path

import aiohttp
from processes import NodeProcess, eventually


class Staffed(NodeProcess):
    """A node whose web processes are kept by a supervisor, beside any number of workers."""

    def __init__(
        self, home: Path, handle: str, session: aiohttp.ClientSession, database: str = ""
    ) -> None:
        super().__init__(home, handle, session, database)
        self.workers: list[asyncio.subprocess.Process] = []
        self._logs: list[Path] = []

    async def create(self, *people: str) -> None:
        """Make the node, in its database, with one account per name."""
        await super().create()
        await self.admit(*people)

    async def start(self, *options: str) -> None:
        """Serve with two web processes."""
        await super().start(*(options or ("--role", "web", "--workers", "2")))

    async def hire(self) -> asyncio.subprocess.Process:
        """Start one more worker; return once it works."""
        log = self.home / f"worker{len(self._logs)}.log"
        self._logs.append(log)
        with log.open("wb") as file:
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "fedi", "serve", "--role", "worker",
                "--config", str(self.config), stdout=file, stderr=file,
            )  # fmt: skip
        self.workers.append(worker)

        async def said() -> str:
            assert worker.returncode is None, log.read_text()
            return log.read_text()

        await eventually(said, lambda text: "started" in text)
        return worker

    async def led(self) -> list[asyncio.subprocess.Process]:
        """The workers that came to lead, one after the other."""
        moments = [
            (line.split()[0], number)
            for number, log in enumerate(self._logs)
            for line in log.read_text(encoding="utf-8").splitlines()
            if "leading" in line.split()
        ]
        return [self.workers[number] for _, number in sorted(moments)]

    def said(self) -> str:
        """What its processes wrote to their logs."""
        logs = (self.home / "serve.log", *self._logs)
        return "".join(log.read_text(encoding="utf-8") for log in logs)

    def web_processes(self) -> list[int]:
        """The processes behind the node's port."""
        assert self.process is not None
        pid = self.process.pid
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(word) for word in words]

    async def dismiss(self) -> None:
        """End everything."""
        for worker in self.workers:
            if worker.returncode is None:
                worker.terminate()
        if self.process is not None:
            await self.stop(signal.SIGTERM)
        for worker in self.workers:
            await asyncio.wait_for(worker.wait(), 30)
