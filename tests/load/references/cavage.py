"""Draft-cavage signatures at their cheapest; the load of the bench is signed with them too."""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from email.utils import formatdate
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_PADDING, _HASH = PKCS1v15(), SHA256()
_COVERED = ("(request-target)", "host", "date", "digest", "content-type")
_PARAMETER = re.compile(r'([A-Za-z]+)="([^"]*)"')


def digest(body: bytes) -> str:
    """The value of a Digest header."""
    return "SHA-256=" + b64encode(sha256(body).digest()).decode()


def sign(
    key: RSAPrivateKey, key_id: str, host: str, target: str, body_digest: str, content_type: str
) -> dict[str, str]:
    """The headers of a signed POST."""
    date = formatdate(usegmt=True)
    values = (f"post {target}", host, date, body_digest, content_type)
    text = "\n".join(f"{name}: {value}" for name, value in zip(_COVERED, values, strict=True))
    signature = b64encode(key.sign(text.encode(), _PADDING, _HASH)).decode()
    return {
        "Host": host,
        "Date": date,
        "Digest": body_digest,
        "Content-Type": content_type,
        "Signature": f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(_COVERED)}",'
        f'signature="{signature}"',
    }


def verify(
    keys: Mapping[str, RSAPublicKey],
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
) -> str:
    """The id of the key that signed this request; any error when none did."""
    claim = dict(_PARAMETER.findall(headers["signature"]))
    if headers["digest"] != digest(body):
        raise ValueError("the digest is of another body")
    lines = [
        f"{name}: {method.lower()} {target}" if name[0] == "(" else f"{name}: {headers[name]}"
        for name in claim["headers"].split()
    ]
    signature = b64decode(claim["signature"], validate=True)
    keys[claim["keyId"]].verify(signature, "\n".join(lines).encode(), _PADDING, _HASH)
    return claim["keyId"]
