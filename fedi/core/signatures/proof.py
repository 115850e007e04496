"""Proofs inside documents: FEP-8b32 with the cryptosuite `eddsa-jcs-2022`.

A proof says who wrote a document wherever the document was found.  Its age does not matter:
an archive has to verify years later.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fedi.core.signatures.armour import read_multibase, write_multibase
from fedi.core.signatures.errors import BadKey, BadProof
from fedi.core.signatures.jcs import canonical
from fedi.core.signatures.keys import PublicKey, SigningKey
from fedi.core.signatures.window import SKEW

_TYPE = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}
_PURPOSE = "assertionMethod"
_MOST_PROOFS = 8
_LONGEST_VALUE = 100  # 64 bytes take at most 89 letters
#: xsd:dateTimeStamp; Fedify writes nanoseconds, of which Python keeps the first six digits.
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)

Document = Mapping[str, Any]


def add_proof(document: Document, key: SigningKey, created: datetime) -> dict[str, Any]:
    """Give a copy of `document` with our proof in it, in place of any it had.

    `document["@context"]` is a list: it is repeated in the proof, the one form on which all
    verifiers agree.  Raises `ValueError` when it is not, or when a number in the document
    has no canonical form; `BadKey` unless the key is Ed25519.
    """
    if not isinstance(key.key, Ed25519PrivateKey):
        raise BadKey("proofs are made with Ed25519 keys only")
    context = document.get("@context")
    if not isinstance(context, list):
        raise ValueError("a document with a proof has a list of contexts")
    options = {
        "@context": context,
        **_TYPE,
        "verificationMethod": key.id,
        "proofPurpose": _PURPOSE,
        "created": _write_moment(created),
    }
    signature = key.sign(_digest(options, _unproved(document)))
    return {**document, "proof": {**options, "proofValue": write_multibase(signature)}}


def proof_key_id(document: Document) -> str | None:
    """Say which key the document claims to be proved with; None when it has no proof we read."""
    proof = _find_proof(document)
    return None if proof is None else proof["verificationMethod"]


def verify_proof(document: Document, key: PublicKey, now: datetime) -> None:
    """Return if the holder of `key` signed this very document; raises `BadProof`.

    `document` is the JSON as it was received, all of it: every member is covered except
    `proof` itself, a Linked Data `signature`, and contexts added behind the proof's own.
    Whether `key` belongs to whom the document calls its author is for the caller to compare.
    """
    proof = _find_proof(document)
    if proof is None:
        raise BadProof("missing")
    if proof["verificationMethod"] != key.id or not isinstance(key.key, Ed25519PublicKey):
        raise BadProof("wrong-key")
    if proof.get("proofPurpose") != _PURPOSE:
        raise BadProof("purpose")
    if _read_moment(proof.get("created")) > now + SKEW:
        raise BadProof("future")
    if "expires" in proof and _read_moment(proof["expires"]) <= now:
        raise BadProof("expired")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    signature = _read_value(proof.get("proofValue"))
    try:
        digest = _digest(options, _in_context_of(options, _unproved(document)))
    except ValueError as error:
        raise BadProof("malformed") from error
    if not key.verifies(signature, digest):
        raise BadProof("mismatch")


def _find_proof(document: Document) -> dict[str, Any] | None:
    """Find the first proof of our kind; Fedify makes a list of them when an actor has many keys."""
    proofs = document.get("proof")
    for proof in proofs[:_MOST_PROOFS] if isinstance(proofs, list) else [proofs]:
        if (
            isinstance(proof, dict)
            and _TYPE.items() <= proof.items()
            and isinstance(proof.get("verificationMethod"), str)
        ):
            return proof
    return None


def _unproved(document: Document) -> dict[str, Any]:
    """Take off what is put on after signing: the proof, then a Linked Data signature.

    FEP-8b32 has the proof made first.  Only an object is such a signature; a member of that
    name that holds anything else is part of the document.
    """
    return {
        name: value
        for name, value in document.items()
        if name != "proof" and not (name == "signature" and isinstance(value, dict))
    }


def _in_context_of(options: Document, document: dict[str, Any]) -> dict[str, Any]:
    """Give the document the contexts it was signed with (vc-di-eddsa §3.3.2).

    A server that passes the document on may have added contexts behind the author's.
    """
    if "@context" not in options or options["@context"] == document.get("@context"):
        return document
    theirs, ours = options["@context"], document.get("@context")
    prefix = theirs if isinstance(theirs, list) else [theirs]
    if not isinstance(ours, list) or ours[: len(prefix)] != prefix:
        raise BadProof("context")
    return {**document, "@context": theirs}


def _digest(options: Document, document: Document) -> bytes:
    return sha256(canonical(options)).digest() + sha256(canonical(document)).digest()


@lru_cache(maxsize=16)  # all that one unit says bears the same moment
def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise BadProof("malformed")
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise BadProof("malformed") from error


def _read_value(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > _LONGEST_VALUE:
        raise BadProof("malformed")
    try:
        return read_multibase(value)
    except ValueError as error:
        raise BadProof("malformed") from error
