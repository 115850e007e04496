"""What can be wrong with a key, a signature or a proof: one code per cause."""

from typing import Literal

from fedi.core.errors import Malformed, Unauthenticated

Fault = Literal[
    "malformed",
    "repeated",
    "too-long",
    "no-key-id",
    "no-signature",
    "bad-base64",
    "algorithm",
    "not-covered",
    "header-missing",
    "not-ascii",
    "bad-date",
    "stale",
    "future",
    "expired",
    "bad-digest",
    "digest-mismatch",
    "wrong-key",
    "mismatch",
]

_FAULTS: dict[Fault, str] = {
    "malformed": "The signature headers, or the request they are about, cannot be read.",
    "repeated": "The signature headers say one thing twice.",
    "too-long": "The signature headers are longer than 4 KiB, or hold too many signatures.",
    "no-key-id": "The signature names no key.",
    "no-signature": "The signature header holds no signature.",
    "bad-base64": "The signature is not written in base64.",
    "algorithm": "The signature names an algorithm that its key is not used with.",
    "not-covered": "The signature leaves out a part of the request that it has to cover.",
    "header-missing": "The signature covers a header that the request does not have.",
    "not-ascii": "The signature covers a value with characters other than printable ASCII.",
    "bad-date": "The signed date cannot be read.",
    "stale": "The request was signed too long ago.",
    "future": "The request is signed with a date to come: one of the two clocks is wrong.",
    "expired": "The signature has expired.",
    "bad-digest": "The digest of the body cannot be read, or does not use SHA-256.",
    "digest-mismatch": "The body is not the one that was signed.",
    "wrong-key": "The signature was made with another key.",
    "mismatch": "The signature does not hold: request and key do not go together.",
}

ProofFault = Literal[
    "missing", "malformed", "purpose", "context", "future", "expired", "wrong-key", "mismatch"
]

_PROOF_FAULTS: dict[ProofFault, str] = {
    "missing": "The document has no eddsa-jcs-2022 proof.",
    "malformed": "The proof, or the document it is about, cannot be read.",
    "purpose": "The proof was made for another purpose than asserting the document.",
    "context": "The proof was made for another @context than the document's.",
    "future": "The proof is dated in the future.",
    "expired": "The proof has expired.",
    "wrong-key": "The proof was made with another key.",
    "mismatch": "The proof does not hold: the document was changed, or somebody else signed it.",
}


class BadKey(Malformed):
    """This is no key we use: RSA of 2048 to 8192 bits, or Ed25519."""

    code = "bad-key"


class Unsigned(Unauthenticated):
    """The request bears no signature."""

    code = "unsigned"


class BadSignature(Unauthenticated):
    """The request is signed, and the signature proves nothing; `code` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(_FAULTS[fault], code=fault)


class UnreadableSignature(BadSignature):
    """The signature headers themselves make no sense: a bad request rather than a doubtful one."""


class BadProof(Unauthenticated):
    """The proof inside a document proves nothing; `code` says why."""

    def __init__(self, fault: ProofFault) -> None:
        super().__init__(_PROOF_FAULTS[fault], code=fault)
