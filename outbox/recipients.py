"""Which inboxes get an activity: each server once, and nobody for nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from actors.followers import Target
from actors.models import Dialect
from fedi.core.urls import origin_of

#: Whom a GoToSocial server must hear about an activity through, the best first.  Having taken
#: part in a thread, or keeping it, is no reason there: it would drop the activity, remember
#: its id, and then drop the copy that a Group sends to its followers.
_RANKS = {"addressed": 0, "follower": 1}


@dataclass(frozen=True, slots=True)
class Destination:
    """An inbox to POST to, and the server it is on."""

    inbox: str
    origin: str
    once: bool = False  # whether the whole server drops a second POST of an activity


def inboxes(targets: Iterable[Target]) -> list[Destination]:
    """The inboxes through which all targets are reached.

    A server with a shared inbox is told once.  GoToSocial has none, and drops the second
    POST of an activity for the whole server: it gets exactly one, through the actor who is
    addressed, or else through a follower.
    """
    found: dict[str, None] = {}
    chosen: dict[str, Target] = {}
    for target in targets:
        if target.dialect is not Dialect.GOTOSOCIAL:
            found[target.shared_inbox or target.inbox] = None
        elif target.reason in _RANKS:
            best = chosen.get(target.origin)
            if best is None or _RANKS[target.reason] < _RANKS[best.reason]:
                chosen[target.origin] = target
    return [
        *(Destination(inbox, str(origin_of(inbox))) for inbox in found),
        *(
            Destination(target.inbox, str(origin_of(target.inbox)), once=True)
            for target in chosen.values()
        ),
    ]
