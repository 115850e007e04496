"""What `fedi serve --workers N` becomes: a small program that keeps N processes at work.

    python -OO -m fedi.cli.supervisor N COMMAND...

It holds the sockets on which all of them listen, starts them one after the other, and starts
again what dies.  SIGHUP replaces each by a new one: new program, new settings.  SIGTERM, SIGINT
and SIGQUIT are passed on.  It loads nothing of the node, so it takes what Python takes.

All share one socket, which is never closed while this program runs.  With a socket for each
process (SO_REUSEPORT) the kernel puts every connection in the queue of one of them, and what is
in the queue of a process that ends is refused.  In a shared queue it waits for whoever is there.

Processes tell that they are ready, and which one it is that tells is the kernel's word
(SCM_CREDENTIALS).  One that cannot get ready changes nothing for the others.
"""

import os
import select
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

from fedi.cli.notify import ADDRESS, CHILD, notify

#: Tells a process that its successor is there: to take nothing more, and to end in peace.
HAND_OVER = signal.SIGUSR1
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
#: Seconds to get ready, and to end, before a process is killed.
START_SECONDS, END_SECONDS = 60.0, 60.0
#: Seconds before what died is started again: at most, and after how long a life at once.
LONGEST_PAUSE, LONG_LIFE = 30.0, 30.0
_SCM_CREDENTIALS = 2
_CREDENTIALS = struct.Struct("3i")
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process at work."""

    pid: int
    edition: int  # how many upgrades there were when it was started
    since: float
    is_ready: bool = False
    is_leaving: bool = False


@dataclass
class Supervisor:
    """Keeps `count` processes of one command at work until told to end."""

    count: int
    command: list[str]
    children: dict[int, Child] = field(default_factory=dict)
    started: int = 0
    edition: int = 0
    is_ending: bool = False
    code: int = 0  # with which to end
    pause: float = 0.0
    not_before: float = 0.0

    def __post_init__(self) -> None:
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.told.bind("")  # the kernel chooses a name that is no file
        self.told.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.address = "@" + self.told.getsockname()[1:].decode()
        self.woken, self.waking = socket.socketpair()
        for end in (self.woken, self.waking):
            end.setblocking(False)

    def run(self) -> int:
        """Work until told to end and all have ended; the exit code."""
        signal.set_wakeup_fd(self.waking.fileno(), warn_on_full_buffer=False)
        for number in (*PASSED_ON, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        while self.children or not self.is_ending:
            self._advance()
            select.select([self.woken, self.told], [], [], 1.0)
            self._hear_children()
            self._hear_signals()
            self._bury()
            self._lose_patience()
        return self.code

    # --- one step at a time --------------------------------------------------------------

    def _advance(self) -> None:
        """Take the next step towards `count` processes of this edition, if nothing is under way.

        One at a time, so that an upgrade takes the memory of one process more, and not of all.
        """
        if self.is_ending or any(
            child.is_leaving or not child.is_ready for child in self.children.values()
        ):
            return
        old = [child for child in self.children.values() if child.edition < self.edition]
        if len(self.children) > self.count:
            self._tell(old[0], HAND_OVER)
        elif (old or len(self.children) < self.count) and time.monotonic() >= self.not_before:
            self._start()

    def _start(self) -> None:
        self.started += 1
        pid = os.fork()
        if pid == 0:
            try:
                self._become_child()
            finally:
                os._exit(127)
        self.children[pid] = Child(pid, self.edition, time.monotonic())

    def _become_child(self) -> None:
        import ctypes  # only here: the supervisor itself need not carry it

        # Whoever kills this program ends its children too.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        own = {ADDRESS: self.address, CHILD: str(self.started), "LISTEN_PID": str(os.getpid())}
        os.execvpe(self.command[0], self.command, os.environ | own)  # noqa: S606  no shell: good

    def _tell(self, child: Child, number: int) -> None:
        child.is_leaving, child.since = True, time.monotonic()
        os.kill(child.pid, number)

    # --- what it hears -------------------------------------------------------------------

    def _hear_children(self) -> None:
        size = socket.CMSG_SPACE(_CREDENTIALS.size)
        while True:
            try:
                state, extra, _, _ = self.told.recvmsg(4096, size)
            except BlockingIOError:
                return
            for _, kind, data in extra:
                pid = _CREDENTIALS.unpack(data)[0] if kind == _SCM_CREDENTIALS else None
                if pid in self.children and b"READY=1" in state.split():
                    self._note_ready(self.children[pid])

    def _note_ready(self, child: Child) -> None:
        child.is_ready = True
        if sum(other.is_ready for other in self.children.values()) == self.count:
            notify("READY=1")

    def _hear_signals(self) -> None:
        try:
            numbers = self.woken.recv(4096)
        except BlockingIOError:
            return
        if signal.SIGHUP in numbers and not self.is_ending:
            self.edition += 1
            say(f"replacing {self.count} processes, one after the other")
        for number in set(numbers) & set(PASSED_ON):
            self._end(number)

    def _end(self, number: int) -> None:
        self.is_ending = True
        notify("STOPPING=1")
        for child in self.children.values():
            self._tell(child, number)

    def _bury(self) -> None:
        """See who has ended."""
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is not None and not (child.is_leaving or self.is_ending):
                self._note_death(child, os.waitstatus_to_exitcode(status))

    def _note_death(self, child: Child, code: int) -> None:
        say(f"process {child.pid} ended by itself, with {code}")
        if not self.children and not child.is_ready and self.started == 1:
            self.is_ending, self.code = True, max(code, 1)  # it has said why
        elif not child.is_ready and len(self.children) >= self.count:
            say("the upgrade is given up: the processes before it go on")
            for other in self.children.values():
                other.edition = self.edition
        else:
            lived_long = child.is_ready and time.monotonic() - child.since > LONG_LIFE
            self.pause = 0.0 if lived_long else min(LONGEST_PAUSE, self.pause * 2 or 0.5)
            self.not_before = time.monotonic() + self.pause

    def _lose_patience(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            waited = now - child.since
            if (child.is_leaving and waited > END_SECONDS) or (
                not child.is_ready and waited > START_SECONDS
            ):
                say(f"process {child.pid} takes too long: it is killed")
                os.kill(child.pid, signal.SIGKILL)


def say(line: str) -> None:
    """Write to the log, which is standard error."""
    print(f"fedi: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(Supervisor(int(sys.argv[1]), sys.argv[2:]).run())
