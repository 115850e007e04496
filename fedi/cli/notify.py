"""The talk with who started this process: systemd, or `fedi.cli.supervisor`."""

import os
import socket

ADDRESS = "NOTIFY_SOCKET"
#: How many processes the supervisor has started, this one included.
CHILD = "FEDI_CHILD"


def is_first() -> bool:
    """Whether there is nobody before us to say what is to be said once."""
    return os.environ.get(CHILD, "1") == "1"


def notify(state: str) -> None:
    """Send `READY=1` or another word of sd_notify(3); nothing when nobody asked to be told."""
    address = os.environ.get(ADDRESS)
    if not address:
        return
    if address.startswith("@"):  # how an address that is no file is written
        address = f"\0{address[1:]}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), address)
