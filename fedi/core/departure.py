"""How a process goes: what it still takes, and what it asks of those connected to it."""

from collections.abc import Callable


class Departure:
    """Whether this process is on its way out, and how far."""

    def __init__(self) -> None:
        #: Balancers are to send nothing more.
        self.is_announced = False
        #: Connections end with the answer under way.
        self.is_letting_go = False
        self._listeners: list[Callable[[], object]] = []

    def listen(self, listener: Callable[[], object]) -> None:
        """Call the listener when connections are to end: what has no end of its own ends then."""
        self._listeners.append(listener)

    def let_go(self) -> None:
        """Ask everybody to come again: the connection of each answer is closed after it."""
        if not self.is_letting_go:
            self.is_letting_go = True
            for listener in self._listeners:
                listener()
