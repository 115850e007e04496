"""One delivery: sign it, POST it, understand the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Literal, get_args

from actors.keys import Kind
from actors.models import Dialect
from fedi.core.errors import Malformed, Unreachable
from fedi.core.fetch import Answer, Fetcher
from fedi.core.signatures.keys import SigningKey
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import Scheme, sign
from fedi.core.text import strip_controls
from fedi.core.urls import parse_url
from fedi.core.vocab import ACTIVITY_JSON

#: How a request may be signed; the last is RFC 9421 with the key for proofs (docs/adr/0008).
Way = Literal["cavage", "rfc9421", "ed25519"]
WAYS: tuple[Way, ...] = get_args(Way)
_MEANS: Mapping[Way, tuple[Scheme, Kind]] = {
    "cavage": ("cavage", "rsa"),
    "rfc9421": ("rfc9421", "rsa"),
    "ed25519": ("rfc9421", "ed25519"),
}
#: The way to try when another was not understood.
_OTHER: Mapping[Way, Way] = {"cavage": "rfc9421", "rfc9421": "cavage", "ed25519": "cavage"}

#: Answers by which peers say that they cannot read this kind of signature: GoToSocial and
#: Mastodon 401, NodeBB 400; who knows no Ed25519 may as well say that he forbids it.
_UNREAD: Mapping[Way, frozenset[int]] = {
    "cavage": frozenset({400, 401}),
    "rfc9421": frozenset({400, 401}),
    "ed25519": frozenset({400, 401, 403}),
}
#: Refusals that may pass: a key that could not be fetched, a slow request, too many of them.
_PASSING = frozenset({401, 408, 429})
#: For a peer that says "too many requests" without saying how long that lasts.
_BREATH = timedelta(minutes=1)
_MAX_REMARK = 200


@dataclass(frozen=True, slots=True)
class Message:
    """An activity as it travels, the same for all its deliveries."""

    uri: str
    type: str
    body: bytes
    object_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for one inbox, claimed and ready to be sent."""

    id: int  # of the Delivery row
    message: Message
    inbox: str
    origin: str
    signer_id: int
    keys: Mapping[Kind, SigningKey]
    way: Way  # to sign for its peer
    is_way_known: bool  # so that it is no news when its peer takes that
    doubtful: bool  # its peer failed the last time
    reached_lately: bool  # so that it is no news when its peer takes this
    dialect: Dialect  # in which its peer is told of debates
    attempts: int  # this one included
    created_at: datetime
    leased_until: datetime


class Verdict(StrEnum):
    """What an attempt comes to."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # for good
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended, and what it taught about the peer."""

    parcel: Parcel
    verdict: Verdict
    code: str  # machine word: http-403, time-out …
    status: int | None = None
    detail: str = ""
    silent: bool = False  # the peer did not answer, or is in trouble of its own
    retry_after: timedelta | None = None  # that the peer asked for
    learned: Way | None = None  # how it takes signatures, when that is news


async def deliver(fetcher: Fetcher, parcel: Parcel, clock: Callable[[], datetime]) -> Result:
    """Send a parcel once; what a peer may do wrong is in the result and never raised.

    A peer that cannot read the signature is asked again at once, signed in another way.
    """
    try:
        answer, way = await _knock(fetcher, parcel, clock)
    except Unreachable as error:
        return Result(parcel, Verdict.RETRY, error.code, detail=str(error), silent=True)
    except Malformed as error:
        return Result(parcel, Verdict.REFUSED, error.code, detail=str(error))
    except ValueError as error:  # of `sign`: an address that no header can hold
        return Result(parcel, Verdict.REFUSED, "url", detail=str(error))
    return _judge(parcel, answer, way)


async def _knock(
    fetcher: Fetcher, parcel: Parcel, clock: Callable[[], datetime]
) -> tuple[Answer, Way]:
    """POST, and again in another way if need be; the telling answer and its way.

    The second answer only tells something when it is not one more refusal of a signature:
    NodeBB says 400 to every RFC 9421 request, whatever was wrong with the first.
    """
    way = parcel.way
    answer = await _post(fetcher, parcel, way, clock())
    if answer.status not in _UNREAD[way]:
        return answer, way
    other = _OTHER[way]
    second = await _post(fetcher, parcel, other, clock())
    return (second, other) if second.accepted or _is_passing(second) else (answer, way)


async def _post(fetcher: Fetcher, parcel: Parcel, way: Way, now: datetime) -> Answer:
    scheme, kind = _MEANS[way]
    headers = {"Content-Type": ACTIVITY_JSON}
    address = _address(parcel.inbox)
    request = Request("POST", *address, list(headers.items()), parcel.message.body)
    headers |= sign(request, parcel.keys[kind], scheme, now)
    return await fetcher.post(parcel.inbox, parcel.message.body, headers)


@lru_cache(maxsize=512)
def _address(inbox: str) -> tuple[str, str, str]:
    """An inbox as a signature names it: scheme, authority, target."""
    url = parse_url(inbox)
    origin = url.origin
    return origin.scheme, origin.authority, url.request.removeprefix(str(origin))


def _judge(parcel: Parcel, answer: Answer, way: Way) -> Result:
    code = f"http-{answer.status}"
    if answer.accepted:
        learned = None if way == parcel.way and parcel.is_way_known else way
        return Result(parcel, Verdict.DELIVERED, code, answer.status, learned=learned)
    verdict = Verdict.RETRY if _is_passing(answer) else Verdict.REFUSED
    return Result(
        parcel,
        verdict,
        code,
        answer.status,
        detail=strip_controls(answer.text)[:_MAX_REMARK],
        silent=answer.status >= 500 or answer.status == 408,
        retry_after=_retry_after(answer),
    )


def _is_passing(answer: Answer) -> bool:
    """Whether the same request may succeed later.

    A redirect may: it is what a site under maintenance or a misconfigured proxy answers, and
    an inbox that really moved is named by its actor's document.
    """
    return answer.status in _PASSING or 300 <= answer.status < 400 or answer.status >= 500


def _retry_after(answer: Answer) -> timedelta | None:
    if answer.retry_after is not None and _is_passing(answer):
        return timedelta(seconds=answer.retry_after)
    return _BREATH if answer.status == 429 else None
