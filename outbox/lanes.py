"""Which parcel may go next: one lane per peer, so that a slow peer only delays itself.

Nothing here waits or touches the database.  Parcels come in as they are claimed, and leave
one by one as there is room: two at a time for a peer that answers quickly, one for any other,
and only half of all slots for the peers known to be in trouble.
"""

from collections import deque
from dataclasses import dataclass, field

from outbox.delivery import Parcel

SLOTS = 64  # deliveries in flight
DOUBTFUL_SLOTS = 32  # of them, to peers in trouble
WIDTH = 2  # to one peer
IN_TURN = 256  # in flight, or the first to wait for their peer
IN_HAND = 1024  # claimed, all included


@dataclass(slots=True)
class Lane:
    """What is in hand for one peer, and how it answered last."""

    waiting: deque[Parcel] = field(default_factory=deque)
    active: int = 0
    proven: bool = False  # it took something, quickly
    doubtful: bool = False  # it fails or is slow

    @property
    def width(self) -> int:
        """How many deliveries may be in flight."""
        return WIDTH if self.proven and not self.doubtful else 1

    @property
    def is_busy(self) -> bool:
        """Whether claiming more for this peer would only hold it up."""
        return bool(self.waiting) or self.active >= self.width


class Lanes:
    """Every parcel in hand, by peer."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._ready: dict[str, None] = {}  # origins with parcels that wait, in turn
        self._waiting = 0
        self._active = 0
        self._doubtful_active = 0

    @property
    def in_hand(self) -> int:
        """How many parcels are in flight or wait."""
        return self._active + self._waiting

    @property
    def room(self) -> int:
        """How many more parcels can be taken in hand.

        What queues behind others for one peer takes no room from the other peers.
        """
        in_turn = self._active + len(self._ready)
        return max(0, min(IN_TURN - in_turn, IN_HAND - self.in_hand))

    @property
    def admits_doubtful(self) -> bool:
        """Whether a slot is left for peers in trouble."""
        return self._doubtful_active < DOUBTFUL_SLOTS

    def busy(self) -> list[str]:
        """The origins for which nothing more should be claimed now."""
        return [
            origin
            for origin, lane in self._lanes.items()
            if lane.is_busy or (lane.doubtful and not self.admits_doubtful)
        ]

    def add(self, parcel: Parcel) -> None:
        """Take a parcel in hand."""
        lane = self._lanes.setdefault(parcel.origin, Lane())
        self._mark(lane, doubtful=parcel.doubtful or lane.doubtful)
        lane.waiting.append(parcel)
        self._waiting += 1
        self._ready[parcel.origin] = None

    def next(self) -> Parcel | None:
        """Give a parcel that may be sent now, each peer in its turn; `finish` it afterwards."""
        if self._active >= SLOTS:
            return None
        for origin in self._ready:
            lane = self._lanes[origin]
            if lane.active < lane.width and (not lane.doubtful or self.admits_doubtful):
                return self._pop(origin, lane)
        return None

    def _pop(self, origin: str, lane: Lane) -> Parcel:
        parcel = lane.waiting.popleft()
        self._waiting -= 1
        lane.active += 1
        self._active += 1
        self._doubtful_active += lane.doubtful
        del self._ready[origin]
        if lane.waiting:
            self._ready[origin] = None
        return parcel

    def finish(self, origin: str, *, well: bool) -> list[Parcel]:
        """Note how a peer answered; `well` means at all and in time.

        What else waits for a peer that did not is given back: it would wait here in vain.
        """
        lane = self._lanes[origin]
        lane.active -= 1
        self._active -= 1
        self._doubtful_active -= lane.doubtful
        self._mark(lane, doubtful=not well)
        lane.proven = well
        return [] if well else self._empty(origin)

    def _mark(self, lane: Lane, *, doubtful: bool) -> None:
        if doubtful is not lane.doubtful:
            self._doubtful_active += lane.active if doubtful else -lane.active
            lane.doubtful = doubtful

    def _empty(self, origin: str) -> list[Parcel]:
        self._ready.pop(origin, None)
        waiting = list(self._lanes[origin].waiting)
        self._lanes[origin].waiting.clear()
        self._waiting -= len(waiting)
        return waiting

    def empty(self) -> list[Parcel]:
        """Let go of everything that is not in flight."""
        return [parcel for origin in list(self._ready) for parcel in self._empty(origin)]
