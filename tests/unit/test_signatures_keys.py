"""Keys: what is read from peers, what is refused, and what we write."""

from dataclasses import FrozenInstanceError
from itertools import count
from secrets import randbits

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from signing import NOW, ed25519_key, rsa_key

from fedi.core.signatures.armour import (
    read_base64,
    read_multibase,
    write_base64,
    write_multibase,
)
from fedi.core.signatures.errors import BadKey
from fedi.core.signatures.keys import (
    dump_private,
    dump_public,
    load_private,
    load_public,
    read_multikey,
    read_pem,
    write_multikey,
    write_pem,
)

#: federation.md's test vector: the Ed25519 key whose seed is the bytes 1 to 32.
SEED = bytes(range(1, 33))
MULTIKEY = "z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"


def odd_rsa(bits: int, exponent: int = 65537) -> rsa.RSAPublicKey:
    """A public key of any size, without the work of finding primes."""
    modulus = randbits(bits) | 1 << (bits - 1) | 1
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def pem(key: object) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def multikey(codec: bytes, data: bytes) -> str:
    return write_multibase(codec + data)


def private_pem(key: object, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "evil.example")])
    key = rsa_key().key
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    signed = (
        builder.not_valid_before(NOW).not_valid_after(NOW.replace(year=2030)).sign(key, SHA256())
    )
    return signed.public_bytes(Encoding.PEM).decode()


def test_a_key_is_read_as_it_was_written():
    for key in (rsa_key().public.key, ed25519_key().public.key, odd_rsa(8192), odd_rsa(2048, 3)):
        assert read_pem(write_pem(key)) == key
        assert read_multikey(write_multikey(key)) == key
        assert load_public(dump_public(key)) == key


def test_pems_in_the_other_forms_that_peers_use_are_read():
    key = rsa_key().public.key
    pkcs1 = key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert pkcs1.startswith("-----BEGIN RSA PUBLIC KEY-----")
    for text in (pkcs1, write_pem(key).replace("\n", "\r\n"), f"  \n{write_pem(key).strip()}"):
        assert read_pem(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\né\n-----END PUBLIC KEY-----",
        write_pem(odd_rsa(2048)) * 2,
        f"evil\n{write_pem(odd_rsa(2048))}",
        private_pem(rsa_key().key),
        private_pem(rsa_key().key, PrivateFormat.TraditionalOpenSSL),
        private_pem(ed25519_key().key),
        certificate(),
        pem(ec.generate_private_key(ec.SECP256R1()).public_key()),
        pem(x25519.X25519PrivateKey.generate().public_key()),
        pem(odd_rsa(512)),
        pem(odd_rsa(1024)),
        pem(odd_rsa(2047)),
        pem(odd_rsa(8193)),
        pem(odd_rsa(32768)),
        pem(odd_rsa(2048, 2**32 + 1)),
        pem(odd_rsa(2048, 2**2000 + 1)),
        "-----BEGIN PUBLIC KEY-----" + "A" * 100_000 + "-----END PUBLIC KEY-----",
    ],
    ids=count(),
)
def test_anything_else_is_not_a_public_key(text: str):
    with pytest.raises(BadKey):
        read_pem(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        "z0OIl",
        "m7QEmtAuPk/8",
        MULTIKEY[1:],
        MULTIKEY + "1",
        MULTIKEY[:-1],
        "z" + "6" * 5000,
        multikey(b"\xed\x01", SEED[:31]),
        multikey(b"\xec\x01", SEED),
        multikey(b"\x80\x24", SEED),
        multikey(b"\x85\x24", b"no key"),
        multikey(b"\x85\x24", odd_rsa(1024).public_bytes(Encoding.DER, PublicFormat.PKCS1)),
    ],
)
def test_anything_else_is_not_a_multikey(text: str):
    with pytest.raises(BadKey):
        read_multikey(text)


def test_an_even_exponent_is_refused():
    """cryptography makes no such key, so it is written by hand."""
    odd = dump_public(odd_rsa(2048, 2**31 + 1))
    assert odd.endswith(bytes.fromhex("02050080000001"))
    with pytest.raises(BadKey):
        load_public(odd[:-1] + b"\0")


def test_the_known_ed25519_key_has_its_known_text():
    key = ed25519.Ed25519PrivateKey.from_private_bytes(SEED).public_key()
    assert write_multikey(key) == MULTIKEY
    assert read_multikey(MULTIKEY) == key


def test_private_keys_come_back_from_storage_as_they_were():
    for own in (rsa_key(), ed25519_key()):
        loaded = load_private(dump_private(own.key))
        assert loaded.public_key() == own.public.key


def test_stored_bytes_that_are_no_key_are_refused():
    foreign = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(BadKey):
        load_private(foreign.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    for load in (load_private, load_public):
        with pytest.raises(BadKey):
            load(b"nothing")


def test_keys_are_values_and_show_no_secret():
    own = rsa_key()
    assert own.public == own.public
    assert "PRIVATE" not in repr(own)
    with pytest.raises(FrozenInstanceError):
        own.id = "https://evil.example/#k"


def test_a_key_verifies_its_own_signatures_only():
    for own, other in ((rsa_key(), ed25519_key()), (ed25519_key(), rsa_key())):
        signature = own.sign(b"word")
        assert own.public.verifies(signature, b"word")
        assert not own.public.verifies(signature, b"other word")
        assert not own.public.verifies(b"", b"word")
        assert not other.public.verifies(signature, b"word")


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\1", b"\xff" * 64, SEED])
def test_armour_is_taken_off_as_it_was_put_on(data: bytes):
    assert read_base64(write_base64(data)) == data
    assert read_multibase(write_multibase(data)) == data


def test_base58_agrees_with_a_known_text():
    """From draft-msporny-base58-03."""
    assert write_multibase(b"Hello World!") == "z2NEpo7TZRRrLZSi2U"
    assert read_multibase("z11233QC4") == bytes.fromhex("0000287fb4cd")


@pytest.mark.parametrize("text", ["QQ", "QR==", "Q Q==", "QQ==\n", "QQ===", "é"])
def test_base64_has_one_spelling(text: str):
    with pytest.raises(ValueError, match="not base64"):
        read_base64(text)
