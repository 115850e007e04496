"""Secrets at rest: private keys are stored sealed, and opened once.

The seal is AES-256-GCM under a key derived from the node's secret file, so a
copied database alone lets nobody speak for its members.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fedi.core.errors import FediError

SECRET_SIZE = 32
_NONCE = 12
_CACHE = 512


class BadSecret(FediError):
    """The node's secret key file is missing or does not open what the database holds."""

    code = "bad-secret"


def create_secret(path: Path) -> bytes:
    """Write a new secret, readable by its owner only; an existing one is never replaced."""
    secret = os.urandom(SECRET_SIZE)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secret)
    return secret


def read_secret(path: Path) -> bytes:
    """Read the node's secret; `BadSecret` when it is missing or truncated."""
    try:
        secret = path.read_bytes()
    except OSError as error:
        raise BadSecret(
            f"cannot read the secret key {path}: {error.strerror}; a backup of this node has it"
        ) from error
    if len(secret) != SECRET_SIZE:
        raise BadSecret(f"the secret key {path} is damaged: restore it from a backup")
    return secret


class Vault:
    """Seals and opens small secrets; remembers the opened ones, boundedly."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(self._derive(secret, b"private keys"))
        self._secret = secret
        self._opened: OrderedDict[bytes, Any] = OrderedDict()

    @staticmethod
    def _derive(secret: bytes, purpose: bytes) -> bytes:
        return HKDF(SHA256(), 32, None, b"fedi " + purpose).derive(secret)

    def key_for(self, purpose: str) -> bytes:
        """Derive 32 bytes for one purpose, such as signing form tokens."""
        return self._derive(self._secret, purpose.encode())

    def seal(self, plain: bytes) -> bytes:
        """Encrypt and authenticate."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        """Give back what was sealed; `BadSecret` when this is another node's secret."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except InvalidTag as error:
            raise BadSecret("the secret key is another node's: it opens no key here") from error

    def opened(self, sealed: bytes, load: Callable[[bytes], Any]) -> Any:
        """Open and `load` once; later calls give the same object back from memory."""
        if sealed not in self._opened:
            self._opened[sealed] = load(self.open(sealed))
            if len(self._opened) > _CACHE:
                self._opened.popitem(last=False)
        self._opened.move_to_end(sealed)
        return self._opened[sealed]
