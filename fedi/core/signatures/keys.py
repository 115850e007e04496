"""Keys, their texts, and the one rule of this room: a key's type decides its algorithm.

RSA means PKCS #1 v1.5 with SHA-256, whatever label a peer writes beside it; Ed25519 means
Ed25519.  An algorithm read from a request would be chosen by its sender: that is how the
stock httpsig verifier takes an HMAC keyed with a public key for its owner's signature.
"""

import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_public_key,
)

from fedi.core.signatures.armour import read_multibase, write_multibase
from fedi.core.signatures.errors import BadKey

_RSA_BITS = range(2048, 8192 + 1)
_LARGEST_EXPONENT = 2**32
_LONGEST_PEM = 4096
#: One block and nothing else, so what we read is what any other reader would read.
_PEM = re.compile(
    r"-----BEGIN ((?:RSA )?PUBLIC KEY)-----[A-Za-z0-9+/=\s]+-----END \1-----", re.ASCII
)
#: Multicodec prefixes (FEP-521a); RSA keys are PKCS #1 behind theirs, as Mitra publishes them.
_ED25519_CODEC = b"\xed\x01"
_RSA_CODEC = b"\x85\x24"

_PADDING = PKCS1v15()
_HASH = SHA256()

Verifying = RSAPublicKey | Ed25519PublicKey
Signing = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key with the URI it is known by and the URI of the actor it speaks for."""

    id: str
    owner: str
    key: Verifying

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Tell whether the holder of this key signed `message`."""
        try:
            if isinstance(self.key, RSAPublicKey):
                self.key.verify(signature, message, _PADDING, _HASH)
            else:
                self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key of ours, with the URI it is known by and its actor's."""

    id: str
    owner: str
    key: Signing

    def sign(self, message: bytes) -> bytes:
        """Sign `message`: 0.7 ms of one core for RSA, 0.05 ms for Ed25519."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(message, _PADDING, _HASH)
        return self.key.sign(message)

    @property
    def public(self) -> PublicKey:
        """The half that others see."""
        return PublicKey(self.id, self.owner, self.key.public_key())


def read_pem(pem: str) -> Verifying:
    """Read one public key from a peer's `publicKeyPem`.

    Raises `BadKey` for everything else: private keys, certificates, other curves, RSA
    under 2048 or over 8192 bits or with an exponent that is not a small odd number.
    """
    if len(pem) > _LONGEST_PEM or not _PEM.fullmatch(pem.strip()):
        raise BadKey("publicKeyPem is not the text of one public key")
    try:
        return _accepted(load_pem_public_key(pem.strip().encode("ascii")))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("publicKeyPem cannot be read") from error


def read_multikey(text: str) -> Verifying:
    """Read one public key from a `publicKeyMultibase` (FEP-521a); `BadKey` as in `read_pem`."""
    try:
        data = read_multibase(text)
        if data.startswith(_ED25519_CODEC):
            return Ed25519PublicKey.from_public_bytes(data.removeprefix(_ED25519_CODEC))
        if data.startswith(_RSA_CODEC):
            return _accepted(load_der_public_key(data.removeprefix(_RSA_CODEC)))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("publicKeyMultibase cannot be read") from error
    raise BadKey("publicKeyMultibase holds a kind of key that is not used here")


def _accepted(key: object) -> Verifying:
    if isinstance(key, Ed25519PublicKey):
        return key
    if not isinstance(key, RSAPublicKey):
        raise BadKey
    # A huge modulus or exponent would make each verification as slow as its owner wishes.
    # An even exponent, or 1, does not get past cryptography.
    if key.key_size not in _RSA_BITS or key.public_numbers().e > _LARGEST_EXPONENT:
        raise BadKey
    return key


def write_pem(key: Verifying) -> str:
    """Write a key as peers expect it in `publicKeyPem`."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def write_multikey(key: Verifying) -> str:
    """Write a key as FEP-521a expects it in `publicKeyMultibase`: `z6Mk…` for Ed25519."""
    if isinstance(key, Ed25519PublicKey):
        return write_multibase(_ED25519_CODEC + key.public_bytes_raw())
    return write_multibase(_RSA_CODEC + key.public_bytes(Encoding.DER, PublicFormat.PKCS1))


def generate_rsa() -> RSAPrivateKey:
    """Make an RSA-2048 key.  It takes 50 ms of a core: call it from a thread."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def generate_ed25519() -> Ed25519PrivateKey:
    """Make an Ed25519 key."""
    return Ed25519PrivateKey.generate()


def dump_private(key: Signing) -> bytes:
    """Write a private key as unencrypted PKCS #8 DER, to be sealed before it is stored."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def load_private(der: bytes) -> Signing:
    """Load what `dump_private` wrote.

    The checks that cryptography makes on foreign RSA keys take 40 ms; ours come out of an
    authenticated seal, so they are skipped.  `BadKey` when the bytes are no such key.
    """
    try:
        key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("the stored private key cannot be read") from error
    if not isinstance(key, Signing):
        raise BadKey("the stored private key is of a kind that is not used here")
    return key


def dump_public(key: Verifying) -> bytes:
    """Write a public key as SubjectPublicKeyInfo DER, the form the database holds."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def load_public(der: bytes) -> Verifying:
    """Load what `dump_public` wrote; `BadKey` as in `read_pem`."""
    try:
        return _accepted(load_der_public_key(der))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("the stored public key cannot be read") from error
