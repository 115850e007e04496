"""Proofs in documents: the published vectors, ours, and everything that voids one."""

import json
from base64 import b64decode
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from signing import ANA, ED25519_ID, NOW, ed25519_key, rsa_key

from fedi.core.signatures.armour import write_multibase
from fedi.core.signatures.errors import BadKey, BadProof
from fedi.core.signatures.jcs import canonical
from fedi.core.signatures.keys import PublicKey, SigningKey
from fedi.core.signatures.proof import add_proof, proof_key_id, verify_proof

FIXTURES = Path(__file__).parent / "fixtures" / "signatures"
AS2 = "https://www.w3.org/ns/activitystreams"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"
CAMILLE = "https://tilios.example/p/camille"

#: Our own vector; the seed is the bytes 1 to 32.
VECTOR_KEY = SigningKey(
    f"{CAMILLE}#ed25519-key",
    CAMILLE,
    Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))),
)
VECTOR = {
    "@context": [AS2, DATA_INTEGRITY],
    "id": "https://tilios.example/o/t1",
    "type": "Note",
    "attributedTo": CAMILLE,
    "content": "<p>Bonjour à tous</p>",
}
VECTOR_VALUE = (
    "zFWgP182EF9Wbghd9ESQzLMqjr1U8CmTdVqxfJM9KgUpiSu4T8TayH1vg9CMCw14AoyRkXJBqeQXTKLuooFFo6Y5"
)

NOTE: dict[str, Any] = {
    "@context": [AS2, DATA_INTEGRITY],
    "id": "https://lisbonne.example/o/1",
    "type": "Note",
    "attributedTo": ANA,
    "content": "<p>Olá</p>",
    "location": {"type": "Place", "latitude": 38.7, "longitude": -9.1},
}


def proved(document: dict[str, Any] = NOTE, **options: Any) -> dict[str, Any]:
    """Sign by the specification alone, with any proof options; None takes one away."""
    written = {
        "@context": document.get("@context"),
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": ED25519_ID,
        "proofPurpose": "assertionMethod",
        "created": "2026-11-23T19:10:25Z",
    } | {("@context" if name == "context" else name): value for name, value in options.items()}
    written = {name: value for name, value in written.items() if value is not None}
    signing = SigningKey(ED25519_ID, ANA, ed25519_key().key)
    secured = dict(document)
    if "@context" in written:
        secured["@context"] = written["@context"]
    digest = b"".join(sha256(rfc8785.dumps(part)).digest() for part in (written, secured))
    return document | {"proof": written | {"proofValue": write_multibase(signing.sign(digest))}}


def check(document: dict[str, Any], now: datetime = NOW) -> None:
    verify_proof(document, ed25519_key().public, now)


def refusal(document: dict[str, Any], key: PublicKey | None = None, now: datetime = NOW) -> str:
    with pytest.raises(BadProof) as refused:
        verify_proof(document, key or ed25519_key().public, now)
    assert str(refused.value)
    return refused.value.code


def test_our_vector_is_reproduced():
    created = datetime(2026, 11, 23, 11, 0, tzinfo=timezone(timedelta(hours=1)))
    document = add_proof(VECTOR, VECTOR_KEY, created)
    assert document["proof"] == {
        "@context": VECTOR["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": f"{CAMILLE}#ed25519-key",
        "proofPurpose": "assertionMethod",
        "created": "2026-11-23T10:00:00Z",
        "proofValue": VECTOR_VALUE,
    }
    assert "proof" not in VECTOR
    verify_proof(document, VECTOR_KEY.public, created)
    assert proof_key_id(document) == VECTOR_KEY.id


@pytest.mark.parametrize("number", [0, 1])
def test_the_published_vectors_are_verified(number: int):
    vectors = json.loads((FIXTURES / "eddsa-jcs-2022.json").read_text())
    raw = b64decode(vectors["public_key_base64"])
    document = vectors["documents"][number]
    key_id = proof_key_id(document)
    assert key_id == document["proof"]["verificationMethod"]
    key = PublicKey(key_id, "", Ed25519PublicKey.from_public_bytes(raw))
    verify_proof(document, key, NOW)
    assert refusal(document | {"id": "https://evil.example/1"}, key) == "mismatch"


def test_a_proof_holds_for_years():
    check(add_proof(NOTE, ed25519_key(), NOW), NOW + timedelta(days=3650))


def test_a_new_proof_takes_the_place_of_the_old_one():
    once = add_proof(NOTE, ed25519_key(), NOW)
    twice = add_proof(once, ed25519_key(), NOW)
    assert once == twice


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("content", "<p>Adeus</p>"),
        ("surprise", 1),
        ("signature", "by hand"),
        ("@context", [AS2]),
        ("@context", [DATA_INTEGRITY, AS2]),
    ],
)
def test_every_member_is_covered_even_one_nobody_knows(name: str, value: object):
    document = add_proof(NOTE, ed25519_key(), NOW)
    assert refusal(document | {name: value}) in ("mismatch", "context")
    assert refusal(document | {"location": document["location"] | {name: value}}) == "mismatch"


def test_a_member_taken_away_voids_the_proof():
    document = add_proof(NOTE, ed25519_key(), NOW)
    for name in NOTE:
        assert refusal({k: v for k, v in document.items() if k != name}) in ("mismatch", "context")


def test_every_option_of_the_proof_is_covered():
    document = proved(domain="paris.example")
    for name, value in (("created", "2026-11-23T19:10:24Z"), ("domain", "x"), ("new", 1)):
        changed = document["proof"] | {name: value}
        assert refusal(document | {"proof": changed}) == "mismatch"


def test_a_linked_data_signature_beside_the_proof_does_not_matter():
    """Fedify adds one after the proof."""
    check(proved() | {"signature": {"type": "RsaSignature2017", "signatureValue": "x"}})


def test_contexts_may_be_added_behind_the_authors_but_not_before():
    document = proved()
    check(document | {"@context": [AS2, DATA_INTEGRITY, "https://w3id.org/fep/7888"]})
    assert refusal(document | {"@context": ["https://x", AS2, DATA_INTEGRITY]}) == "context"
    assert refusal(document | {"@context": AS2}) == "context"


def test_a_context_may_be_one_string_or_missing_from_the_proof():
    check(proved(NOTE | {"@context": AS2}))
    check(proved(NOTE, context=AS2) | {"@context": [AS2, DATA_INTEGRITY]})
    bare = proved(NOTE, context=None)
    assert "@context" not in bare["proof"]
    check(bare)
    assert refusal(bare | {"@context": [AS2, DATA_INTEGRITY, "https://x"]}) == "mismatch"


def test_nanoseconds_and_other_zones_are_read():
    check(proved(created="2026-11-23T19:10:25.123456789Z"))
    check(proved(created="2026-11-23T20:10:25+01:00"))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"proofPurpose": "authentication"}, "purpose"),
        ({"proofPurpose": None}, "purpose"),
        ({"type": "Ed25519Signature2020"}, "missing"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "missing"),
        ({"verificationMethod": 5}, "missing"),
        ({"verificationMethod": None}, "missing"),
        ({"verificationMethod": f"{ANA}#other"}, "wrong-key"),
        ({"created": "2026-11-23T20:11:25Z"}, "future"),
        ({"created": None}, "malformed"),
        ({"created": 5}, "malformed"),
        ({"created": "yesterday"}, "malformed"),
        ({"created": "2026-11-23"}, "malformed"),
        ({"created": "2026-11-23T19:10:25"}, "malformed"),
        ({"created": "2026-02-31T19:10:25Z"}, "malformed"),
        ({"expires": "2026-11-23T19:10:25Z"}, "expired"),
        ({"expires": "2020-01-01T00:00:00Z"}, "expired"),
        ({"expires": 5}, "malformed"),
    ],
)
def test_a_correctly_signed_proof_can_still_prove_nothing(options: dict[str, Any], code: str):
    assert refusal(proved(**options)) == code


def test_an_unexpired_proof_and_a_slow_clock_are_accepted():
    check(proved(expires="2026-11-23T19:10:26Z", created="2026-11-23T20:09:25Z"))


@pytest.mark.parametrize("proof", [None, 5, "x", [], {}, [5], {"type": "DataIntegrityProof"}])
def test_no_proof_is_no_proof(proof: object):
    document = NOTE | {"proof": proof}
    assert proof_key_id(document) is None
    assert refusal(document) == "missing"
    assert proof_key_id(NOTE) is None


@pytest.mark.parametrize("value", [None, 5, "", "z", "z0", "mAAAA", "z" * 101, VECTOR_VALUE[:-1]])
def test_a_proof_value_that_is_no_signature_is_refused(value: object):
    document = proved()
    changed = document | {"proof": document["proof"] | {"proofValue": value}}
    assert refusal(changed) in ("malformed", "mismatch")
    assert refusal(document | {"proof": document["proof"] | {"proofValue": VECTOR_VALUE}}) == (
        "mismatch"
    )


def test_in_a_list_of_proofs_the_first_of_our_kind_counts():
    document = proved()
    check(document | {"proof": [5, {"type": "Other"}, document["proof"]]})
    forged = document["proof"] | {"proofValue": VECTOR_VALUE}
    assert refusal(document | {"proof": [forged, document["proof"]]}) == "mismatch"
    assert refusal(document | {"proof": [5] * 8 + [document["proof"]]}) == "missing"


def test_rsa_keys_neither_make_nor_check_proofs():
    key = rsa_key()
    assert refusal(proved(verificationMethod=key.id), key.public) == "wrong-key"
    with pytest.raises(BadKey):
        add_proof(NOTE, key, NOW)


def test_what_has_no_canonical_form_is_neither_proved_nor_believed():
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    for value in (2**53, float("nan"), "\ud800", {"\ud800": 1}, {"\ud800é": 1.5}, deep):
        with pytest.raises(ValueError, match="no canonical form"):
            add_proof(NOTE | {"odd": value}, ed25519_key(), NOW)
        assert refusal(proved() | {"odd": value}) == "malformed"
    with pytest.raises(ValueError, match="contexts"):
        add_proof(NOTE | {"@context": AS2}, ed25519_key(), NOW)


@pytest.mark.parametrize("case", json.loads((FIXTURES / "jcs.json").read_text())["cases"])
def test_the_canonical_form_is_the_one_of_rfc_8785(case: dict[str, str]):
    assert canonical(json.loads(case["input"])).hex() == case["output_hex"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_the_fast_canonical_form_is_the_slow_one(value: Any):
    assert canonical(value) == rfc8785.dumps(value)


def test_every_character_is_written_alike_by_both():
    everything = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000, 7)]))
    assert canonical([everything, {everything[:128]: 1}]) == rfc8785.dumps(
        [everything, {everything[:128]: 1}]
    )


@given(st.dictionaries(st.sampled_from(["proof", "@context", "id"]), JSON), JSON)
@settings(max_examples=100, deadline=None)
def test_any_document_is_judged_without_a_crash(document: dict[str, Any], proof: Any):
    refusal(document)
    options = {**proved()["proof"], **(proof if isinstance(proof, dict) else {"created": proof})}
    with pytest.raises(BadProof):
        check(document | {"proof": options})
