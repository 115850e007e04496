"""The digest of a body in a header: `Digest` (RFC 3230) and `Content-Digest` (RFC 9530).

SHA-256 has to be there and to match.  Other algorithms may stand beside it and are ignored:
they cannot make a wrong body right.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from fedi.core.signatures.armour import read_base64, write_base64
from fedi.core.signatures.errors import BadSignature


@lru_cache(maxsize=16)
def make_digest(body: bytes) -> str:
    """Write the value of a `Digest` header."""
    return f"SHA-256={write_base64(sha256(body).digest())}"


@lru_cache(maxsize=16)
def make_content_digest(body: bytes) -> str:
    """Write the value of a `Content-Digest` header."""
    return f"sha-256=:{write_base64(sha256(body).digest())}:"


def check_digest(values: Sequence[str], body: bytes) -> None:
    """Raise `BadSignature` unless the `Digest` header lines promise this very body."""
    if len(values) == 1 and values[0] == f"SHA-256={write_base64(sha256(body).digest())}":
        return  # as nearly everybody writes it
    _check(_sha256_member(values), body)


def check_content_digest(values: Sequence[str], body: bytes) -> None:
    """Raise `BadSignature` unless the `Content-Digest` header lines promise this very body."""
    member = _sha256_member(values)
    if len(member) < 2 or not (member[0] == member[-1] == ":"):
        raise BadSignature("bad-digest")
    _check(member[1:-1], body)


def _sha256_member(values: Sequence[str]) -> str:
    members = [part.partition("=") for value in values for part in value.split(",")]
    found = [text.strip() for name, _, text in members if name.strip().lower() == "sha-256"]
    if len(found) != 1:
        raise BadSignature("bad-digest")
    return found[0]


def _check(text: str, body: bytes) -> None:
    if text == write_base64(sha256(body).digest()):
        return
    try:
        promised = read_base64(text)
    except ValueError as error:
        raise BadSignature("bad-digest") from error
    is_digest = len(promised) == sha256().digest_size
    raise BadSignature("digest-mismatch" if is_digest else "bad-digest")
