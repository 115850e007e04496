"""The door of this room for requests: who claims to have signed, is it so, and our own signature.

Two schemes are spoken: draft-cavage, which everybody understands, and RFC 9421.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from fedi.core.signatures import cavage, rfc9421
from fedi.core.signatures.errors import UnreadableSignature, Unsigned
from fedi.core.signatures.keys import PublicKey, SigningKey
from fedi.core.signatures.message import Request

Scheme = Literal["cavage", "rfc9421"]

_LONGEST_HEADER = 4096
_METHOD = re.compile(r"[A-Z]+")
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_TARGET = re.compile(r"/[!-~]*")
#: What can stand between the quotes of both schemes.
_KEY_ID = re.compile(r"[!#-\[\]-~]+")


class SignatureClaim(NamedTuple):
    """What a request says about its signature; nothing is proved until `verify` returns."""

    scheme: Scheme
    key_id: str


def read_key_id(request: Request) -> SignatureClaim:
    """Find out which key is needed to check a request.

    Raises `Unsigned` when there is no signature, and `BadSignature` when it is not worth
    fetching a key for: `UnreadableSignature` if it cannot even be read.
    """
    if "signature" not in request.fields:
        raise Unsigned
    _check_frame(request)
    if "signature-input" in request.fields:
        return SignatureClaim("rfc9421", rfc9421.read_key_id(request))
    return SignatureClaim("cavage", cavage.read_key_id(request))


def verify(request: Request, claim: SignatureClaim, key: PublicKey, now: datetime) -> None:
    """Return if the holder of `key` signed this request, with its body, around `now`.

    `claim` comes from `read_key_id` and `key` is the key it names; raises `BadSignature`.
    Whether `key` belongs to whom the activity calls its actor is for the caller to compare.
    """
    _check_frame(request)
    if claim.scheme == "rfc9421":
        rfc9421.verify(request, key, now)
    else:
        cavage.verify(request, key, now)


def sign(request: Request, key: SigningKey, scheme: Scheme, now: datetime) -> dict[str, str]:
    """Make the headers to add to a request of ours: Host, Date, the digest and the signature.

    A request with a body has its Content-Type among its headers already.  `ValueError` when
    the request or the key's id cannot be written into a header, `BadKey` when the scheme has
    no use for that kind of key.
    """
    if not (_is_plain(request.method, request.host, request.target) and _KEY_ID.fullmatch(key.id)):
        raise ValueError("neither a request nor a key id may hold spaces, quotes or accents")
    if request.has_content and "content-type" not in request.fields:
        raise ValueError("a body is signed together with its Content-Type")
    if scheme == "rfc9421":
        return rfc9421.sign(request, key, now)
    return cavage.sign(request, key, now)


def _check_frame(request: Request) -> None:
    """Refuse what neither scheme can speak about, before anything is parsed."""
    for name in ("signature", "signature-input"):
        lines = request.fields.get(name)
        if lines is not None and sum(map(len, lines)) > _LONGEST_HEADER:
            raise UnreadableSignature("too-long")
    if not _is_plain(request.method, request.host, request.target):
        raise UnreadableSignature("malformed")


@lru_cache(maxsize=256)  # most requests are for our shared inbox, or for those of a few peers
def _is_plain(method: str, host: str, target: str) -> bool:
    return bool(_METHOD.fullmatch(method) and _HOST.fullmatch(host) and _TARGET.fullmatch(target))
