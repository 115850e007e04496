"""Waiting for a thing to be so, and finding a place to listen at."""

import itertools
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

#: Below the ports that the system gives to those who connect; each process begins elsewhere.
_FIRST, _NUMBER = 10_000, 22_000
_ports = itertools.count(os.getpid() * 97)


def free_port() -> int:
    """A port nobody listens on now, and that this process has not named before."""
    while True:
        port = _FIRST + next(_ports) % _NUMBER
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(true: Callable[[], Any], *, seconds: float = 30) -> None:
    """Ask again until it is so; fail when time is up."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "still not, after all this time"
        time.sleep(0.05)
