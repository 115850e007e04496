"""Signed requests for tests, honest and not, made without the code under test.

`craft` writes draft-cavage signatures by hand: whatever a peer might cover, name or forget.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from types import MappingProxyType

import pytest

from fedi.core.signatures.cavage import pkg_resources_stand_in
from fedi.core.signatures.errors import BadSignature
from fedi.core.signatures.keys import PublicKey, SigningKey, generate_ed25519, generate_rsa
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import read_key_id, verify

with pkg_resources_stand_in():
    # The stock library, which production code never verifies with, is what we compare with.
    from httpsig import HeaderSigner, HeaderVerifier

__all__ = ["HeaderSigner", "HeaderVerifier"]

NOW = datetime(2026, 11, 23, 19, 10, 25, tzinfo=UTC)
TODAY = "Mon, 23 Nov 2026 19:10:25 GMT"
BODY = b'{"type":"Follow","actor":"https://lisbonne.example/p/ana"}'
POST = "(request-target) host date digest"
GET = "(request-target) host date"

ANA = "https://lisbonne.example/p/ana"
RSA_ID = f"{ANA}#main-key"
ED25519_ID = f"{ANA}#ed25519-key"

Fields = Mapping[str, str | None]
NOTHING: Fields = MappingProxyType({})


@cache
def rsa_key() -> SigningKey:
    return SigningKey(RSA_ID, ANA, generate_rsa())


@cache
def ed25519_key() -> SigningKey:
    return SigningKey(ED25519_ID, ANA, generate_ed25519())


def digest(body: bytes) -> str:
    return "SHA-256=" + b64encode(sha256(body).digest()).decode()


def craft(
    key: SigningKey | None = None,
    *,
    method: str = "POST",
    target: str = "/inbox",
    signed_target: str | None = None,
    body: bytes = BODY,
    covered: str = POST,
    fields: Fields = NOTHING,
    parameters: Fields = NOTHING,
) -> Request:
    """Make a request of ana's to paris.example, signed over `covered`.

    `fields` changes header fields before signing, `parameters` those of the Signature header
    ("created" and "expires" are signed when covered); None takes one away.
    """
    key = key or rsa_key()
    values: dict[str, str | None] = {"host": "paris.example", "date": TODAY, "digest": digest(body)}
    values = {name: value for name, value in (values | dict(fields)).items() if value is not None}
    written = {"keyId": key.id, "algorithm": "rsa-sha256", "headers": covered} | dict(parameters)
    special = {
        "(request-target)": f"{method.lower()} {signed_target or target}",
        "(created)": written.get("created"),
        "(expires)": written.get("expires"),
    }
    message = "\n".join(f"{name}: {(values | special)[name]}" for name in covered.split())
    written.setdefault("signature", b64encode(key.sign(message.encode("latin-1"))).decode())
    header = ",".join(f'{name}="{value}"' for name, value in written.items() if value is not None)
    headers = [*values.items(), ("signature", header)]
    return Request(method, "https", "paris.example", target, headers, body)


def check(request: Request, key: PublicKey | None = None, now: datetime = NOW) -> None:
    """Verify a request with ana's RSA key unless another is given; raises `BadSignature`."""
    verify(request, read_key_id(request), key or rsa_key().public, now)


def refusal(request: Request, key: PublicKey | None = None, now: datetime = NOW) -> str:
    """Tell the code with which a request is refused; it is an error when it is not."""
    with pytest.raises(BadSignature) as refused:
        check(request, key, now)
    return refused.value.code


def with_headers(request: Request, headers: Mapping[str, str]) -> Request:
    """Put headers of the same names in the place of those the request had."""
    replaced = {name.lower() for name in headers}
    kept = [line for line in request.headers if line[0].lower() not in replaced]
    return Request(
        request.method,
        request.scheme,
        request.host,
        request.target,
        [*kept, *headers.items()],
        request.body,
    )


def read_requests(capture: bytes) -> Iterator[Request]:
    """Read the requests written one after the other in a file, as they stood on the wire.

    The bodies are JSON on one line, so that line ends can be made alike everywhere.
    """
    text = capture.replace(b"\r\n", b"\n")
    for start in re.finditer(rb"^(GET|HEAD|POST) (\S+) HTTP/1\.1\n", text, re.MULTILINE):
        head, _, rest = text[start.end() :].partition(b"\n\n")
        lines = re.sub(r"\n[ \t]+", " ", head.decode("latin-1")).split("\n")
        headers = [(name, value.strip()) for name, _, value in (x.partition(":") for x in lines)]
        fields = {name.lower(): value for name, value in headers}
        body = rest[: int(fields.get("content-length", 0))]
        method, target = start[1].decode(), start[2].decode()
        yield Request(method, "https", fields["host"], target, headers, body)
