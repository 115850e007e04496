"""Who speaks: from a signed request to the actor behind it.

The order is what protects us.  Policies come first, then what can be told from the name of
the key alone, then keys we hold; only then is a server asked, sparingly.  And nothing is
stored about a stranger before one of its signatures has held.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urldefrag

from actors.journal import Journal
from actors.keyring import KEYS, Fading, KeyRing, KnownKey
from actors.keys import to_public_key
from actors.models import Actor, ActorKey
from actors.policies import Policies
from actors.remote import FetchedActor, fetch_actor, forget_actor, remember_actor
from fedi.core.errors import (
    Blocked,
    BudgetSpent,
    FediError,
    Gone,
    Malformed,
    Unauthenticated,
    Unreachable,
)
from fedi.core.fetch import Budget
from fedi.core.node import Node
from fedi.core.signatures.errors import BadSignature
from fedi.core.signatures.keys import PublicKey
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import SignatureClaim, read_key_id, verify
from fedi.core.unit import Unit
from fedi.core.urls import origin_of, read_id

#: `code` of the refusal when the server of a key says that its owner is no more.
ACTOR_GONE = "actor-gone"

#: Documents of strangers kept until one of their signatures holds: few, for they may be large.
STRANGERS = 16
RECENTLY = timedelta(minutes=1)

#: Faults that another key than the one we hold could explain.
_PERHAPS_ANOTHER_KEY = frozenset({"mismatch", "algorithm"})
#: What a suspended actor may still do: take back, withdraw, leave.
_PARTING = frozenset({"Delete", "Undo", "Reject"})

Result = TypeVar("Result")


class Signer(NamedTuple):
    """The actor whose key signed a request."""

    uri: str
    actor_id: int | None  # None: a reader who has no row here
    origin: str
    key_id: str
    suspended: bool = False

    def check_standing(self, activity_type: str) -> None:
        """Raise `Blocked` if the actor is suspended, unless it is only taking its leave."""
        if self.suspended and activity_type not in _PARTING:
            raise Blocked(f"{self.uri} is suspended on this node", code="actor-suspended")


class Authenticator:
    """Finds out who signed a request; one per process, shared by the doors."""

    def __init__(self, node: Node, policies: Policies, journal: Journal) -> None:
        self._node = node
        self._policies = policies
        self._journal = journal
        self._ring = KeyRing(node.clock)
        self._recent: Fading[FetchedActor] = Fading(node.clock, limit=STRANGERS)
        self._flights: dict[str, asyncio.Task[Any]] = {}
        self._origin_of = lru_cache(maxsize=KEYS)(self._read_origin)
        node.signals.listen("keys", self._ring.hear)

    async def authenticate(self, request: Request, claim: SignatureClaim | None = None) -> Signer:
        """Say which actor signed this request; every refusal is noted in the journal.

        `claim` is what `read_key_id` says of it, where that was asked already.
        A stranger that POSTs is stored, with its server, once its signature holds.
        Raises `Unauthenticated` (`ACTOR_GONE` among its codes, `UnreadableSignature` for what
        is no signature at all), `Blocked` for a server that policies refuse, and `Unreachable`
        when the key could not be had and the peer should try again.  Whether a suspended actor
        may say what it says is asked of the `Signer`.
        """
        key_id = origin = ""
        try:
            claim = claim or read_key_id(request)
            key_id = claim.key_id
            origin = self._origin_of(key_id)
            book = await self._policies.book()
            book.check(origin)
            known = await self._verify(request, claim, origin)
        except (Unauthenticated, Blocked, Unreachable) as error:
            self._journal.note(
                direction="in", origin=origin, code=error.code, subject=key_id, detail=str(error)
            )
            raise
        uri = known.public.owner
        return Signer(uri, known.actor_id, origin, key_id, book.is_suspended(uri))

    async def knows(self, key_id: str) -> bool:
        """Whether we hold this key; nobody is asked."""
        try:
            return await self._find(key_id) is not None
        except Unauthenticated:
            return False

    def claimed_origin(self, key_id: str) -> str:
        """The server that a key is said to be of, before anything is verified; empty for none."""
        try:
            return self._origin_of(key_id)
        except Unauthenticated:
            return ""

    def _read_origin(self, key_id: str) -> str:
        """What the name of a key alone tells; most nonsense ends here, at no cost."""
        federation = self._node.config.federation
        try:
            origin = origin_of(read_id(key_id))
        except Malformed as error:
            raise Unauthenticated("the key has no usable id", code="key-id") from error
        if origin == self._node.site.origin:
            raise Unauthenticated("our own actors do not write to us", code="key-own-origin")
        if origin.scheme != "https" and not federation.allow_http:
            raise Unauthenticated("a key over plain http proves nothing", code="key-plain-http")
        if origin.is_ip_literal and not federation.allow_private_addresses:
            raise Unauthenticated("a server has a name", code="key-ip-literal")
        return str(origin)

    async def _verify(self, request: Request, claim: SignatureClaim, origin: str) -> KnownKey:
        """Check the signature with the key we hold, or else with the one its server shows."""
        known = await self._find(claim.key_id)
        just_asked = known is None
        if known is None:
            known, _ = await self._fetch(claim.key_id, origin)
        now = self._node.clock()
        try:
            verify(request, claim, known.public, now)
        except BadSignature as error:
            if just_asked or not self._may_have_changed(error, known, origin):
                raise
            known, _ = await self._fetch(claim.key_id, origin)
            verify(request, claim, known.public, now)
        if known.actor_id is None and request.method == "POST":
            store = partial(self._store, known.public, origin)
            known = await self._once(f"store {known.public.owner}", store)
        return known

    def _may_have_changed(self, error: BadSignature, known: KnownKey, origin: str) -> bool:
        """Whether the key may have been replaced, and its server may be asked about it."""
        if error.code not in _PERHAPS_ANOTHER_KEY:
            return False
        return self._ring.may_refetch(known.public.owner, origin)

    async def _find(self, key_id: str) -> KnownKey | None:
        """The key we hold, in memory or in the database; in memory also if it just came."""
        known = self._ring.get(key_id) or await self._stored(key_id)
        return known or self._ring.get(key_id)

    async def _stored(self, key_id: str) -> KnownKey | None:
        """The key in the database; `Unauthenticated` when its owner is gone."""
        heard = self._ring.heard
        async with self._node.db.reading() as unit:
            row = await unit.find(ActorKey, uri=key_id)
            if row is None:
                owner = await unit.find(Actor, uri=urldefrag(key_id).url)
                if owner is not None and owner.gone_at is not None:
                    raise Unauthenticated(f"{owner.uri} is gone", code=ACTOR_GONE)
                return None
            owner = await unit.find(Actor, id=row.actor_id)
        if owner is None or owner.is_local or owner.vouched_by is not None:
            return None  # what others carried here is good for proofs alone
        known = KnownKey(to_public_key(row, owner.uri), owner.id)
        if heard == self._ring.heard:  # or else it may have been replaced while we read
            self._ring.keep(known)
        return known

    async def _fetch(self, key_id: str, origin: str) -> tuple[KnownKey, FetchedActor]:
        """Ask the server of a key for it; everybody who needs it now shares the answer."""
        return await self._once(f"fetch {key_id}", partial(self._fetch_key, key_id, origin))

    async def _fetch_key(self, key_id: str, origin: str) -> tuple[KnownKey, FetchedActor]:
        self._ring.check_refused(key_id)
        if not self._ring.may_fetch(origin):
            raise Unreachable(f"{origin} was asked for too many keys", code="too-many-keys")
        try:
            budget = Budget(gets=6, hosts=1, seconds=8)
            fetched = await fetch_actor(self._node, key_id, budget, fresh=True)
            return await self._read_key(key_id, fetched), fetched
        except FediError as error:
            if isinstance(error, Gone):
                await self._forget_gone(key_id)
            refusal = _refusal_for(error)
            self._ring.refuse(key_id, refusal)
            raise refusal from error

    async def _read_key(self, key_id: str, fetched: FetchedActor) -> KnownKey:
        """Take a key from its owner's document, and bring the owner's row up to date.

        The owner has to list the key: a key document alone could name anybody as its owner.
        """
        owner = fetched.document.uri
        actor_id = await self._update_known(fetched)
        self._recent.put(owner, fetched, RECENTLY)
        self._ring.forget(owner)
        known: KnownKey | None = None
        for public in fetched.document.keys:
            if public.id == key_id:
                known = KnownKey(public, actor_id)
                self._ring.keep(known)
        if known is None:
            raise Unauthenticated(f"{owner} does not publish {key_id}", code="key-not-listed")
        return known

    async def _update_known(self, fetched: FetchedActor) -> int | None:
        """Store what an actor says of itself if we know it already; its id here."""
        async with self._node.db.reading() as unit:
            if await unit.find(Actor, uri=fetched.document.uri) is None:
                return None
        return (await remember_actor(self._node, fetched)).id

    async def _store(self, public: PublicKey, origin: str) -> KnownKey:
        """Store a stranger whose signature held; somebody else may have met it meanwhile."""
        known = await self._stored(public.id)
        if known is not None:
            return known
        fetched = self._recent.get(public.owner)
        if fetched is None:
            _, fetched = await self._fetch(public.id, origin)
        known = KnownKey(public, (await remember_actor(self._node, fetched)).id)
        self._ring.keep(known)
        return known

    async def _forget_gone(self, key_id: str) -> None:
        """A server says that the owner of a key is no more: so it is for us."""
        async with self._node.db.unit() as unit:
            actor = await self._owner(unit, key_id)
            if actor is not None and not actor.is_local:
                self._ring.forget(actor.uri)
                await forget_actor(unit, actor)

    async def _owner(self, unit: Unit, key_id: str) -> Actor | None:
        row = await unit.find(ActorKey, uri=key_id)
        if row is not None:
            return await unit.find(Actor, id=row.actor_id)
        return await unit.find(Actor, uri=urldefrag(key_id).url)

    async def _once(self, name: str, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Do it once for all who ask meanwhile; one who goes away stops it for nobody."""
        flight: asyncio.Task[Result] | None = self._flights.get(name)
        if flight is None:
            flight = self._flights[name] = asyncio.create_task(work())
            flight.add_done_callback(partial(self._land, name))
        return await asyncio.shield(flight)

    def _land(self, name: str, flight: asyncio.Task[Any]) -> None:
        del self._flights[name]
        if not flight.cancelled():
            flight.exception()  # seen: those who waited may all have gone away


def _refusal_for(error: FediError) -> Unauthenticated | Unreachable:
    """What failing to get a key means for the request: wrong for good, or to be sent again."""
    if isinstance(error, Unauthenticated):
        return error
    if isinstance(error, Gone):
        return Unauthenticated("the owner of the key is gone", code=ACTOR_GONE)
    if isinstance(error, Unreachable | BudgetSpent):
        return Unreachable(f"the key cannot be had now: {error}", code=f"key-{error.code}")
    return Unauthenticated(f"the key cannot be had: {error}", code=f"key-{error.code}")
