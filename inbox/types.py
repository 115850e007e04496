"""What travels through this room: an activity as received, and what became of it."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from actors.models import Actor
from fedi.core.jsonld import Document
from fedi.core.unit import Unit
from fedi.debates.received_note import PostDocument

#: Why an activity is believed: its actor signed the request, or the document itself, or it was
#: fetched from the actor's own server.
Trust = Literal["signature", "proof", "fetched"]

#: How an activity came: sent to us, wrapped in somebody's Announce, or read from a collection.
Way = Literal["sent", "announced", "collected"]

#: What the network said when it was asked.
Answer = Literal["found", "gone", "failed"]


@dataclass(frozen=True, slots=True)
class Need:
    """Something to ask of the network before an activity can be handled.

    `vouch`: whether the activity is true · `actor`: an actor unknown here · `refresh`: an actor as
    it is now · `post`: a post unknown here, with what it answers · `peer`: what a server runs.
    """

    kind: Literal["vouch", "actor", "refresh", "post", "peer"]
    uri: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an activity.

    `later`: what it is about may still arrive · `waiting`: the network has to be asked first ·
    `failed`: its handler raised, which is our fault more often than its own.
    """

    name: Literal["done", "ignored", "later", "waiting", "failed"]
    reason: str | None = None


DONE = Outcome("done")
WAITING = Outcome("waiting")


def ignored(reason: str) -> Outcome:
    """Refuse an activity without an effect; the reason is a code for the journal."""
    return Outcome("ignored", reason)


def later(reason: str) -> Outcome:
    """Put an activity off; when it has been put off too often, the reason is why it is ignored."""
    return Outcome("later", reason)


@dataclass
class Received:
    """An activity on its way to its handler.

    Until `trust` is set nobody has vouched for it: it is a hint, and no handler sees it.
    """

    activity: Document
    body: bytes  # what may be archived and passed on: exactly what was vouched for
    uri: str | None
    type: str
    actor_uri: str
    signer_uri: str  # who brought it
    trust: Trust | None
    way: Way = "sent"
    object_uri: str | None = None
    object: Document | None = None  # when it was embedded
    post: PostDocument | None = None  # the object, read and cleaned, when it is a post
    inner: list["Received"] = field(default_factory=list)  # what an Announce wraps
    item_id: int | None = None  # the row it came from
    origin: str | None = None  # of the verified signer of the request
    received_at: datetime | None = None
    attempts: int = 0
    recipient: str | None = None  # the local actor whose own inbox was used
    refusal: str | None = None  # a code: it cannot be true, or cannot be verified
    wants: tuple[Need, ...] = ()
    answers: dict[Need, Answer] = field(default_factory=dict)
    _actor: Actor | None = None

    @property
    def actor(self) -> Actor:
        """Who speaks; handlers are only called once the actor is known."""
        if self._actor is None:
            raise LookupError(f"{self.actor_uri} has not been introduced")
        return self._actor

    def introduce(self, actor: Actor) -> None:
        """Tell the handlers of this unit who speaks."""
        self._actor = actor

    def ask(self, *needs: Need) -> Outcome | None:
        """WAITING when one of these has not been asked of the network yet, else None.

        A handler asks before it writes anything; it is called again with the answers.
        """
        self.wants = tuple(need for need in needs if need not in self.answers)
        return WAITING if self.wants else None

    def parts(self) -> Iterator["Received"]:
        """This activity and those that it wraps."""
        yield self
        yield from self.inner

    @property
    def is_relayed(self) -> bool:
        """Whether somebody other than its actor brought it here."""
        return self.signer_uri != self.actor_uri


Handler = Callable[[Unit, Received], Awaitable[Outcome]]
