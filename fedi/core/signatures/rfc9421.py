"""HTTP Message Signatures (RFC 9421), as the Fediverse begins to use them.

http-message-signatures rebuilds the signed text and verifies it.  What a signature has to
cover, how old it may be and which of several counts is decided here.  Our own signatures
cover one fixed list of components (docs/adr/0008): they are written by hand, twelve times
faster, and what is spelled exactly as we would is read by hand, three times faster.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import http_sf
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ED25519, RSA_V1_5_SHA256

from fedi.core.signatures.armour import read_base64, write_base64
from fedi.core.signatures.digest import check_content_digest, make_content_digest
from fedi.core.signatures.errors import BadSignature, UnreadableSignature
from fedi.core.signatures.keys import PublicKey, SigningKey
from fedi.core.signatures.message import Request
from fedi.core.signatures.window import check_lifetime, write_date

_LABEL = "sig1"
_MOST_LABELS = 4
_SIGNATURE_HEADERS = ("signature-input", "signature")
#: The parameters of a signature of ours; the first group is there when it covers a body.
_OWN_PARAMETERS = (
    r'\("@method" "@target-uri"( "content-digest" "content-type")?\)'
    r';created=([1-9][0-9]{0,11});keyid="([!#-\[\]-~]+)"'
)
#: Its two headers, as they are matched: between them stands a line feed, which neither can hold.
_OWN = re.compile(rf"{_LABEL}=({_OWN_PARAMETERS})\n{_LABEL}=:([A-Za-z0-9+/]+={{0,2}}):")


class _Verifier(HTTPMessageVerifier):
    """The library's verifier without its own clock; `check_lifetime` was asked before."""

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        return


@dataclass(frozen=True, slots=True)
class _Fields:
    """Header lines in the form the library reads them."""

    lines: Sequence[tuple[str, str]]

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self.lines)


@dataclass(frozen=True, slots=True)
class _Message:
    """A request in the form the library reads it."""

    method: str
    url: str
    headers: _Fields


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One of the signatures of a request: what it covers, its parameters, and its two headers."""

    covered: frozenset[str]
    parameters: Mapping[str, Any]
    headers: Sequence[tuple[str, str]]

    @property
    def key_id(self) -> str:
        return str(self.parameters["keyid"])


@dataclass(frozen=True, slots=True)
class _Own:
    """The only signature of a request, made over what we would cover and spelled as we would."""

    key_id: str
    created: int
    parameters: str
    signature: bytes
    covers_content: bool


def read_key_id(request: Request) -> str:
    """Say which key the request claims to be signed with; raises `BadSignature`.

    With several signatures it is the key of the first that covers enough of the request.
    """
    own = _find_own(request)
    return own.key_id if own else _usable(request)[0].key_id


def verify(request: Request, key: PublicKey, now: datetime) -> None:
    """Raise `BadSignature` unless the holder of `key` signed this request, and lately.

    Of several signatures one that holds is enough, and the others are not believed in anything.
    """
    if own := _find_own(request):
        return _verify_own(own, request, key, now)
    candidates = [candidate for candidate in _usable(request) if candidate.key_id == key.id]
    if not candidates:
        raise BadSignature("wrong-key")
    for candidate in candidates[:-1]:
        try:
            return _verify(candidate, request, key, now)
        except BadSignature:
            continue
    return _verify(candidates[-1], request, key, now)


def sign(request: Request, key: SigningKey, now: datetime) -> dict[str, str]:
    """Make the headers that sign a request, with the components Mastodon demands.

    They are Host, Date, Signature-Input, Signature and, with a body, Content-Digest.
    """
    headers = {"Host": request.host, "Date": write_date(now)}
    covered = '"@method" "@target-uri"'
    digest = None
    if request.has_content:
        digest = headers["Content-Digest"] = make_content_digest(request.body)
        covered += ' "content-digest" "content-type"'
    parameters = f'({covered});created={int(now.timestamp())};keyid="{key.id}"'
    signature = key.sign(_write_base(request, digest, parameters))
    headers["Signature-Input"] = f"{_LABEL}={parameters}"
    headers["Signature"] = f"{_LABEL}=:{write_base64(signature)}:"
    return headers


def _write_base(request: Request, digest: str | None, parameters: str) -> bytes:
    """What we sign (RFC 9421 §2.5); with a digest of the body, its type is signed too."""
    base = f'"@method": {request.method}\n"@target-uri": {_url(request)}\n'
    if digest is not None:
        content_type = request.line("content-type") or ""
        base += f'"content-digest": {digest}\n"content-type": {content_type}\n'
    return f'{base}"@signature-params": {parameters}'.encode("ascii")


def _find_own(request: Request) -> _Own | None:
    """The signature of a request if it is spelled as ours are; None leaves it to the library.

    So it does whatever could be read in two ways: repeated headers, characters that are not
    printable ASCII, a body that is not covered.
    """
    content = ("content-digest", "content-type") if request.has_content else ()
    lines = [request.fields.get(name, ()) for name in (*_SIGNATURE_HEADERS, *content)]
    if not all(len(values) == 1 and _is_printable(values[0]) for values in lines):
        return None
    own = _read_own(lines[0][0], lines[1][0])
    return own if own and own.covers_content == request.has_content else None


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=256)  # the door, the authenticator and `verify` ask in turn about one request
def _read_own(signature_input: str, signature: str) -> _Own | None:
    match = _OWN.fullmatch(f"{signature_input}\n{signature}")
    if match is None:
        return None
    parameters, content, created, key_id, text = match.groups()
    try:
        return _Own(key_id, int(created), parameters, read_base64(text), content is not None)
    except ValueError:  # not the one spelling of these bytes
        return None


def _verify_own(own: _Own, request: Request, key: PublicKey, now: datetime) -> None:
    if own.key_id != key.id:
        raise BadSignature("wrong-key")
    check_lifetime(own.created, None, now)
    digest = request.line("content-digest") if own.covers_content else None
    if not key.verifies(own.signature, _write_base(request, digest, own.parameters)):
        raise BadSignature("mismatch")
    if digest is not None:
        check_content_digest([digest], request.body)


def _usable(request: Request) -> Sequence[_Candidate]:
    """Read the signatures that could prove something, in the order of Signature-Input.

    Raises `BadSignature` when there is none, with the reason the first one was put aside.
    """
    inputs = _read_dictionary(request, "signature-input")
    signatures = _read_dictionary(request, "signature")
    usable: list[_Candidate] = []
    fault: BadSignature | None = None
    for label, member in inputs.items():
        try:
            usable.append(_read_candidate(label, member, signatures, request))
        except BadSignature as error:
            fault = fault or error
    if not usable:
        raise fault or UnreadableSignature("malformed")
    return usable


def _read_dictionary(request: Request, name: str) -> Mapping[str, Any]:
    line = request.line(name) or ""
    try:
        members = http_sf.parse(
            line.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_repetition
        )
    except ValueError as error:
        raise UnreadableSignature("malformed") from error
    if not isinstance(members, dict) or len(members) > _MOST_LABELS:
        raise UnreadableSignature("too-long")
    return members


def _refuse_repetition(key: str, context: str) -> None:
    raise UnreadableSignature("repeated")


def _read_candidate(
    label: str, member: Any, signatures: Mapping[str, Any], request: Request
) -> _Candidate:
    components, parameters = member
    if not isinstance(components, list):
        raise UnreadableSignature("malformed")
    if not parameters.get("keyid") or type(parameters["keyid"]) is not str:
        raise BadSignature("no-key-id")
    if label not in signatures or type(signatures[label][0]) is not bytes:
        raise BadSignature("no-signature")
    # A component with parameters stands for another text than the bare name; it may be
    # covered, and counts for nothing here.
    covered = frozenset(str(name) for name, extra in components if not extra)
    _check_coverage(covered, parameters, request)
    headers = [
        ("Signature-Input", http_sf.ser({label: member})),
        ("Signature", http_sf.ser({label: signatures[label]})),
    ]
    return _Candidate(covered, parameters, headers)


def _check_coverage(
    covered: frozenset[str], parameters: Mapping[str, Any], request: Request
) -> None:
    query = request.path == request.target or "@query" in covered
    addressed = "@target-uri" in covered or (
        "@authority" in covered and ("@request-target" in covered or ("@path" in covered and query))
    )
    digested = "content-digest" in covered or not request.has_content
    if not ("@method" in covered and addressed and digested and "created" in parameters):
        raise BadSignature("not-covered")


def _verify(candidate: _Candidate, request: Request, key: PublicKey, now: datetime) -> None:
    algorithm = RSA_V1_5_SHA256 if isinstance(key.key, RSAPublicKey) else ED25519
    if candidate.parameters.get("alg", algorithm.algorithm_id) != algorithm.algorithm_id:
        raise BadSignature("algorithm")
    created, expires = candidate.parameters["created"], candidate.parameters.get("expires")
    if type(created) is not int or (expires is not None and type(expires) is not int):
        raise BadSignature("bad-date")
    check_lifetime(created, expires, now)
    resolver = MappingKeyResolver(public_keys={key.id: key.key}, private_keys={})
    verifier = _Verifier(signature_algorithm=algorithm, key_resolver=resolver)
    others = [line for line in request.headers if line[0].lower() not in _SIGNATURE_HEADERS]
    message = _Message(request.method, _url(request), _Fields([*others, *candidate.headers]))
    try:
        verifier.verify(message, max_age=None)
    except HTTPMessageSignaturesException as error:
        raise BadSignature("mismatch") from error
    if "content-digest" in candidate.covered:
        check_content_digest(request.fields["content-digest"], request.body)


def _url(request: Request) -> str:
    return f"{request.scheme}://{request.host}{request.target}"
