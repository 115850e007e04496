"""Draft-cavage HTTP signatures (versions 8 to 12), what the Fediverse signs its requests with.

httpsig writes the signing string and the outline of the header.  Reading a peer's header,
deciding whether it covers enough, and verifying are done here: httpsig's own verifier lets
the sender choose the algorithm, and so takes an HMAC keyed with an actor's public key for
that actor's signature.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from importlib import metadata
from types import ModuleType
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fedi.core.signatures.armour import read_base64, write_base64
from fedi.core.signatures.digest import check_digest, make_digest
from fedi.core.signatures.errors import BadKey, BadSignature, UnreadableSignature
from fedi.core.signatures.keys import PublicKey, SigningKey
from fedi.core.signatures.message import Request
from fedi.core.signatures.window import check_date, check_lifetime, write_date

#: What httpsig imports of pycryptodome and never gets to use here: it only writes texts.
_UNUSED = {
    "Crypto": (),
    "Crypto.Hash": ("HMAC", "SHA", "SHA256", "SHA512"),
    "Crypto.PublicKey": ("RSA",),
    "Crypto.Signature": ("PKCS1_v1_5",),
}


@contextmanager
def pkg_resources_stand_in() -> Iterator[None]:
    """Answer the one question httpsig asks of pkg_resources: its own version number.

    setuptools 82 dropped that module; a Python without setuptools never had it.
    """
    stand_in = ModuleType("pkg_resources")
    vars(stand_in).update(
        get_distribution=metadata.distribution,
        DistributionNotFound=metadata.PackageNotFoundError,
    )
    with _standing_in([stand_in]):
        yield


@contextmanager
def _without_cryptography() -> Iterator[None]:
    """Keep httpsig's own signing and verifying, and 5 MB that they need, out of the process."""
    stand_ins = []
    for name, unused in _UNUSED.items():
        module = ModuleType(name)
        vars(module).update(dict.fromkeys(unused))
        stand_ins.append(module)
    with _standing_in(stand_ins):
        yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "httpsig"]:
        del sys.modules[name]  # crippled: whoever imports it later gets the whole library


@contextmanager
def _standing_in(stand_ins: Sequence[ModuleType]) -> Iterator[None]:
    names = {module.__name__: module for module in stand_ins}
    genuine = {name: module for name, module in sys.modules.items() if name in names}
    sys.modules.update(names)
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(genuine)


with pkg_resources_stand_in(), _without_cryptography():
    # The ban on httpsig keeps it in this file.
    from httpsig.utils import build_signature_template, generate_message  # noqa: TID251

TARGET, CREATED, EXPIRES = "(request-target)", "(created)", "(expires)"

#: Labels peers write beside each kind of key.  They mean nothing: the key decides.
_RSA_LABELS = frozenset({None, "rsa-sha256", "hs2019"})
_ED25519_LABELS = frozenset({None, "ed25519", "hs2019"})
#: Draft 12 §2.3: with the older labels (created) and (expires) must not be signed.
_LABELS_WITH_LIFETIME = frozenset({None, "hs2019"})

_PARAMETER = re.compile(r'([A-Za-z]+)=(?:"([ !#-\[\]-~]*+)"|([0-9]+))')
_PADDED = rf"[ \t]*{_PARAMETER.pattern}[ \t]*"
_PARAMETERS = re.compile(f"{_PADDED}(?:,{_PADDED})*+")
_SECONDS = re.compile(r"[0-9]{1,11}")


class _Claim(NamedTuple):
    """The parameters of a `Signature` header, as text."""

    key_id: str
    signature: str
    algorithm: str | None
    covered: Sequence[str]
    created: str | None
    expires: str | None


def read_key_id(request: Request) -> str:
    """Say which key the request claims to be signed with; raises `BadSignature`."""
    return _read_claim(request).key_id


def verify(request: Request, key: PublicKey, now: datetime) -> None:
    """Raise `BadSignature` unless the holder of `key` signed this request, and lately."""
    claim = _read_claim(request)
    if claim.key_id != key.id:
        raise BadSignature("wrong-key")
    labels = _RSA_LABELS if isinstance(key.key, RSAPublicKey) else _ED25519_LABELS
    if claim.algorithm not in labels:
        raise BadSignature("algorithm")
    values = _covered_values(claim, request)
    _check_time(claim, values, now)
    try:
        signature = read_base64(claim.signature)
    except ValueError as error:
        raise BadSignature("bad-base64") from error
    for path in _signed_targets(request):
        values[TARGET] = f"{request.method.lower()} {path}"
        if key.verifies(signature, _signing_string(values)):
            break
    else:
        raise BadSignature("mismatch")
    if "digest" in claim.covered:
        check_digest(request.fields["digest"], request.body)


def sign(request: Request, key: SigningKey, now: datetime) -> dict[str, str]:
    """Make the headers that sign a request: Host, Date, Signature and, with a body, Digest.

    The form is the one every peer takes: keyId first, no space after a comma, `rsa-sha256`
    (NodeBB splits at the commas and does not trim).  `BadKey` unless the key is RSA.
    """
    if not isinstance(key.key, RSAPrivateKey):
        raise BadKey("draft-cavage signatures are made with RSA keys only")
    signed = {"host": request.host, "date": write_date(now)}
    if request.has_content:
        signed["digest"] = make_digest(request.body)
        signed["content-type"] = request.line("content-type") or ""
    covered = [TARGET, *signed]
    message = generate_message(covered, signed, None, request.method, request.target)
    # The outline is filled with `%`, and a key id may be percent-encoded.
    outline = build_signature_template(
        key.id.replace("%", "%%"), "rsa-sha256", covered, sign_header="signature"
    )
    headers = {name.capitalize(): value for name, value in signed.items() if name != "content-type"}
    return headers | {"Signature": outline % write_base64(key.sign(message))}


def _read_claim(request: Request) -> _Claim:
    lines = request.fields.get("signature", ())
    if len(lines) != 1:
        raise UnreadableSignature("repeated" if lines else "malformed")
    return _read_header(lines[0], has_content=request.has_content)


@lru_cache(maxsize=256)  # the door, the authenticator and `verify` ask in turn about one request
def _read_header(header: str, *, has_content: bool) -> _Claim:
    parameters = _read_parameters(header)
    key_id, signature = parameters.get("keyid"), parameters.get("signature")
    if not key_id:
        raise BadSignature("no-key-id")
    if not signature:
        raise BadSignature("no-signature")
    algorithm = parameters.get("algorithm")
    algorithm = algorithm and algorithm.lower()
    covered = _read_covered(parameters.get("headers", "date"), algorithm, has_content=has_content)
    created, expires = parameters.get("created"), parameters.get("expires")
    return _Claim(key_id, signature, algorithm, covered, created, expires)


def _read_parameters(header: str) -> Mapping[str, str]:
    if not _PARAMETERS.fullmatch(header):
        raise UnreadableSignature("malformed")
    written = _PARAMETER.findall(header)
    found = {name.lower(): quoted or number for name, quoted, number in written}
    if len(found) != len(written):
        raise UnreadableSignature("repeated")
    return found


@lru_cache(maxsize=64)  # a program covers the same in all its requests
def _read_covered(names: str, algorithm: str | None, *, has_content: bool) -> Sequence[str]:
    covered = tuple(names.lower().split())
    if len(set(covered)) != len(covered):
        raise UnreadableSignature("repeated")
    required = {TARGET, "host"} | ({"digest"} if has_content else set())
    if not required.issubset(covered):
        raise BadSignature("not-covered")
    if "date" not in covered and CREATED not in covered:
        raise BadSignature("not-covered")
    if algorithm not in _LABELS_WITH_LIFETIME and not {CREATED, EXPIRES}.isdisjoint(covered):
        raise BadSignature("algorithm")
    return covered


def _check_time(claim: _Claim, values: Mapping[str, str], now: datetime) -> None:
    check_lifetime(_read_seconds(claim.created), _read_seconds(claim.expires), now)
    if "date" in values:
        check_date(values["date"], now)


def _read_seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise BadSignature("bad-date")
    return int(text)


def _covered_values(claim: _Claim, request: Request) -> dict[str, str]:
    """Collect what the signing string is made of, in its order; the target is filled in later.

    Only printable ASCII is let in: a line feed inside a value could stand for another line.
    """
    special = {
        TARGET: "",
        "host": request.host,
        CREATED: claim.created,
        EXPIRES: claim.expires,
    }
    values: dict[str, str] = {}
    for name in claim.covered:
        value = special[name] if name in special else request.line(name)
        if value is None:
            raise BadSignature("header-missing")
        if not (value.isascii() and value.isprintable()):
            raise BadSignature("not-ascii")
        values[name] = value
    return values


def _signing_string(values: Mapping[str, str]) -> bytes:
    """What the peer must have signed: httpsig, which writes ours, would check it all once more."""
    return "\n".join([f"{name}: {value}" for name, value in values.items()]).encode("ascii")


def _signed_targets(request: Request) -> Sequence[str]:
    """Give the targets a peer may have signed.

    NodeBB, and Mastodon until 4.3, leave the query out.
    """
    return [request.target] if request.path == request.target else [request.target, request.path]
