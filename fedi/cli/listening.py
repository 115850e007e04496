"""The sockets on which a node listens: bound once, and handed from program to program.

They are handed on as systemd does it (sd_listen_fds(3)): from descriptor 3 upwards, with
their number and whom they are for in the environment.  So a node can be started by a systemd
socket, by the supervisor, or by hand, and finds its sockets in the same place.
"""

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fedi.cli.refusals import Refused
from fedi.core.config import ListenSection

FIRST = 3  # SD_LISTEN_FDS_START
COUNT, FOR = "LISTEN_FDS", "LISTEN_PID"


@dataclass(frozen=True)
class Listen:
    """Where to listen when it is not where the settings say."""

    host: str | None = None
    port: int | None = None
    socket: Path | None = None


def bind(settings: ListenSection, listen: Listen) -> list[socket.socket]:
    """Take the addresses of a node, without answering yet.

    Raises `Refused` when another program listens there, or it is not allowed.
    """
    path = listen.socket or settings.socket
    if path is not None and listen.host is None and listen.port is None:
        return [_bind_path(path)]
    host = listen.host or settings.host
    port = settings.port if listen.port is None else listen.port
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise Refused(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return [
        _bind(family, address, f"{host}:{port}")
        for family, address in dict.fromkeys((place[0], place[4]) for place in places)
    ]


def _bind(family: int, address: object, name: str) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != socket.AF_UNIX:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # IPv4 has a socket of its own
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)  # type: ignore[arg-type]  # what its family calls an address
    except OSError as error:
        bound.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "another program listens there" if taken else error.strerror
        raise Refused(f"cannot listen on {name}: {reason}") from error
    return bound


def _bind_path(path: Path) -> socket.socket:
    with suppress(OSError):
        if stat.S_ISSOCK(path.stat().st_mode):  # left behind by the process before us
            path.unlink()
    bound = _bind(socket.AF_UNIX, str(path), str(path))
    path.chmod(0o660)  # the proxy is in the group of the node
    return bound


def is_given() -> bool:
    """Whether sockets were handed to this process."""
    return os.environ.get(FOR) == str(os.getpid())


def given() -> list[socket.socket]:
    """The sockets handed to this process, if any."""
    count = int(os.environ.get(COUNT, "0")) if is_given() else 0
    return [socket.socket(fileno=number) for number in range(FIRST, FIRST + count)]


def hand_on(sockets: Sequence[socket.socket]) -> None:
    """Put sockets where the program that replaces this one finds them."""
    end = FIRST + len(sockets)
    copies = [fcntl.fcntl(item.fileno(), fcntl.F_DUPFD, end) for item in sockets]
    for item in sockets:
        item.close()  # it may stand in one of those places
    for place, copy in enumerate(copies, FIRST):
        os.dup2(copy, place)
        os.close(copy)
    os.environ |= {COUNT: str(len(sockets)), FOR: str(os.getpid())}


def name_of(listening: socket.socket) -> str:
    """Its address, as it is written."""
    address = listening.getsockname()
    if isinstance(address, str):
        return address
    host = f"[{address[0]}]" if listening.family == socket.AF_INET6 else address[0]
    return f"{host}:{address[1]}"
