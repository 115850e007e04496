"""How the processes of the bench are run: a reference, or a part of the node on its own.

A process is either a server, which says that it is ready and is measured from outside, or
does rounds: it reads how many operations on a line, and answers what they cost.
"""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web
from measuring import Round, family_seconds

HERE = Path(__file__).parent
READY = "ready"
#: Tells a process which server's work is its own.
DATABASE_PID = "BENCH_DATABASE_PID"


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process of the bench on the event loop that `fedi serve` would take."""
    try:
        import uvloop  # noqa: PLC0415 - an extra, as for the node
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


async def answer(turn: Callable[[int], Awaitable[Round]]) -> None:
    """Do a round for each number on standard input, until it ends."""
    say(READY)
    while line := await asyncio.to_thread(sys.stdin.readline):
        say(json.dumps(asdict(await turn(int(line)))))


def spent() -> float:
    """Processor time that this process has used so far, and the server of its database."""
    return time.process_time() + family_seconds(int(os.environ.get(DATABASE_PID, 0)))


async def serve(app: web.Application) -> None:
    """Answer on a port of its own choice, which it tells, until killed."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    say(f"{READY} {listening.getsockname()[1]}")
    await asyncio.Event().wait()


def say(line: str) -> None:
    """Tell whoever started this process."""
    print(line, flush=True)


class Child:
    """A process of the bench, as seen by whoever started it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.port = 0  # of a server

    @property
    def pid(self) -> int:
        """Whose processor time to look at."""
        return self._process.pid

    async def round(self, count: int) -> Round:
        """Have it do a round."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{count}\n".encode())
        return Round(**json.loads(await self.line()))

    async def line(self) -> str:
        """The next line it says; an error when it ended instead."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the bench has failed; what it said is above")
        return line.decode().strip()


@asynccontextmanager
async def running(script: str, *arguments: object, **environment: str) -> AsyncIterator[Child]:
    """Run a script of this folder, from when it is ready to the end of the block."""
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / script),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path} | environment,
    )
    try:
        child = Child(process)
        word, _, port = (await child.line()).partition(" ")
        assert word == READY
        child.port = int(port or 0)
        yield child
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
