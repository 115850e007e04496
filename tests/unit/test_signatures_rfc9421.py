"""RFC 9421: Mastodon's vector, the library as signer and verifier, and what is not enough."""

import hmac
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ED25519, RSA_V1_5_SHA256
from signing import (
    BODY,
    NOW,
    RSA_ID,
    check,
    ed25519_key,
    refusal,
    rsa_key,
    with_headers,
)

from fedi.core.signatures.errors import BadSignature, UnreadableSignature
from fedi.core.signatures.keys import PublicKey, SigningKey, read_pem, write_pem
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import SignatureClaim, read_key_id, sign, verify

FIXTURES = Path(__file__).parent / "fixtures" / "signatures"
SECONDS = int(NOW.timestamp())
POST = '"@method" "@target-uri" "content-digest"'
HOUR = 3600


def content_digest(body: bytes = BODY) -> str:
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def craft(
    covered: str = POST,
    *,
    parameters: str = f';created={SECONDS};keyid="{RSA_ID}"',
    label: str = "ana",
    target: str = "/inbox",
    digest: str = content_digest(),
    key: SigningKey | None = None,
    signature: bytes | None = None,
) -> Request:
    """Sign a POST to paris.example by hand, over any components and with any parameters."""
    values = {
        '"@method"': "POST",
        '"@target-uri"': f"https://paris.example{target}",
        '"@authority"': "paris.example",
        '"@path"': target.partition("?")[0],
        '"@query"': f"?{target.partition('?')[2]}",
        '"@request-target"': target,
        '"content-digest"': digest,
        '"content-digest";key="sha-256"': digest.removeprefix("sha-256="),
    }
    lines = [f"{name}: {values.get(name, '?')}" for name in covered.split()]
    base = "\n".join([*lines, f'"@signature-params": ({covered}){parameters}'])
    made = signature or (key or rsa_key()).sign(base.encode())
    headers = [
        ("Content-Digest", digest),
        ("Signature-Input", f"{label}=({covered}){parameters}"),
        ("Signature", f"{label}=:{b64encode(made).decode()}:"),
    ]
    return Request("POST", "https", "paris.example", target, headers, BODY)


def together(*requests: Request) -> Request:
    """One request that bears the signatures of all."""
    (first, *others) = requests
    more = [line for other in others for line in other.headers if line[0] != "Content-Digest"]
    return replace(first, headers=[*first.headers, *more])


def test_an_honest_request_is_verified():
    request = craft()
    assert read_key_id(request) == SignatureClaim("rfc9421", RSA_ID)
    check(request)


def test_an_ed25519_key_is_verified_as_ed25519():
    key = replace(ed25519_key(), id=RSA_ID)
    check(craft(key=key), key.public)
    labelled = craft(key=key, parameters=f';created={SECONDS};keyid="{RSA_ID}";alg="ed25519"')
    check(labelled, key.public)
    assert refusal(labelled) == "algorithm"


def test_a_public_key_is_not_a_password_here_either():
    pem = write_pem(rsa_key().public.key).encode()
    for label in ("", ';alg="hmac-sha256"'):
        parameters = f';created={SECONDS};keyid="{RSA_ID}"{label}'
        base = (
            '"@method": POST\n"@target-uri": https://paris.example/inbox\n'
            f'"content-digest": {content_digest()}\n"@signature-params": ({POST}){parameters}'
        )
        forged = craft(parameters=parameters, signature=hmac.digest(pem, base.encode(), "sha256"))
        assert refusal(forged) in ("mismatch", "algorithm")


def test_mastodons_own_vector_is_verified_on_its_day():
    vector = json.loads((FIXTURES / "mastodon-rfc9421.json").read_text())
    key = PublicKey(
        vector["public_key"]["id"],
        vector["public_key"]["owner"],
        read_pem(vector["public_key"]["publicKeyPem"]),
    )
    headers = [
        ("Signature-Input", vector["signature_input"]),
        ("Signature", vector["signature"]),
    ]
    request = Request("GET", "https", "www.example.com", "/activitypub/success", headers)
    day = datetime.fromisoformat(vector["now"])
    check(request, key, day)
    assert refusal(request, key, day + timedelta(hours=2)) == "stale"
    assert refusal(replace(request, scheme="http"), key, day) == "mismatch"


def test_a_correct_signature_that_leaves_the_body_out_is_not_enough():
    """RFC 9421 B.2.6 holds, and proves nothing about what was posted."""
    vector = json.loads((FIXTURES / "rfc9421-b26.json").read_text())
    key = load_pem_public_key(vector["public_pem"].encode())
    headers = [
        *map(tuple, vector["request"]["headers"]),
        ("Signature-Input", vector["signature_input"]),
        ("Signature", vector["signature"]),
    ]
    body = vector["request"]["body"].encode()
    target = "/foo?param=Value&Pet=dog"
    request = Request("POST", "https", "example.com", target, headers, body)
    with pytest.raises(BadSignature) as refused:
        verify(
            request,
            SignatureClaim("rfc9421", "test-key-ed25519"),
            PublicKey("test-key-ed25519", "", key),
            datetime.fromtimestamp(1618884473, UTC),
        )
    assert refused.value.code == "not-covered"


@dataclass
class Message:
    """A request as the library takes it."""

    method: str
    url: str
    headers: dict[str, str]


def library(key: SigningKey, kind: type) -> dict[str, Any]:
    resolver = MappingKeyResolver(
        public_keys={key.id: key.public.key}, private_keys={key.id: key.key}
    )
    algorithm = RSA_V1_5_SHA256 if key.id == RSA_ID else ED25519
    return kind(signature_algorithm=algorithm, key_resolver=resolver)


@pytest.mark.parametrize("make_key", [rsa_key, ed25519_key])
@pytest.mark.parametrize("body", [BODY, b""])
def test_what_we_sign_we_and_the_library_verify(make_key: Any, body: bytes):
    key, now = make_key(), datetime.now(UTC)
    method, headers = "GET", []
    if body:
        method, headers = "POST", [("Content-Type", "application/activity+json")]
    request = Request(method, "https", "paris.example:8443", "/o/1?page=2", headers, body)
    added = sign(request, key, "rfc9421", now)
    assert list(added)[:2] == ["Host", "Date"]
    signed = with_headers(request, added)
    check(signed, key.public, now)

    message = Message(method, "https://paris.example:8443/o/1?page=2", dict(signed.headers))
    (result,) = library(key, HTTPMessageVerifier).verify(message, body=body or None)
    covered = list(result.covered_components)[:-1]
    assert covered[:2] == ['"@method"', '"@target-uri"']
    assert covered[2:] == (['"content-digest"', '"content-type"'] if body else [])


@pytest.mark.parametrize("make_key", [rsa_key, ed25519_key])
def test_what_the_library_signs_we_verify(make_key: Any):
    key = make_key()
    message = Message("POST", "https://paris.example/inbox", {"Content-Type": "application/json"})
    library(key, HTTPMessageSigner).sign(
        message,
        key_id=key.id,
        created=NOW,
        expires=NOW + timedelta(minutes=5),
        nonce="x",
        tag="fediverse",
        covered_component_ids=("@method", "@target-uri", "@authority", "content-type"),
        body=BODY,
    )
    request = Request("POST", "https", "paris.example", "/inbox", [*message.headers.items()], BODY)
    check(request, key.public)
    assert refusal(replace(request, body=b"{}"), key.public) == "digest-mismatch"
    assert refusal(replace(request, target="/p/bob/inbox"), key.public) == "mismatch"
    assert refusal(replace(request, host="lyon.example"), key.public) == "mismatch"


@pytest.mark.parametrize(
    ("covered", "target"),
    [
        ('"@method" "@authority" "@path" "content-digest"', "/inbox"),
        ('"@method" "@authority" "@path" "@query" "content-digest"', "/inbox?x=1"),
        ('"@method" "@authority" "@request-target" "content-digest"', "/inbox?x=1"),
        (f'{POST} "content-digest";key="sha-256"', "/inbox"),
    ],
)
def test_any_components_that_name_the_whole_address_will_do(covered: str, target: str):
    check(craft(covered, target=target))


@pytest.mark.parametrize(
    ("covered", "target"),
    [
        ('"@target-uri" "content-digest"', "/inbox"),
        ('"@method" "content-digest"', "/inbox"),
        ('"@method" "@target-uri"', "/inbox"),
        ('"@method" "@authority" "content-digest"', "/inbox"),
        ('"@method" "@path" "content-digest"', "/inbox"),
        ('"@method" "@authority" "@path" "content-digest"', "/inbox?x=1"),
        ('"@method" "@target-uri" "content-digest";key="sha-256"', "/inbox"),
        ("", "/inbox"),
    ],
)
def test_a_signature_that_leaves_something_out_is_refused(covered: str, target: str):
    assert refusal(craft(covered, target=target)) == "not-covered"


KEYID = f';keyid="{RSA_ID}"'


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        (KEYID, "not-covered"),
        (f";created={SECONDS}", "no-key-id"),
        (f';created={SECONDS};keyid=""', "no-key-id"),
        (f";created={SECONDS};keyid=ana", "no-key-id"),
        (f";created={SECONDS};keyid=5", "no-key-id"),
        (f';created="{SECONDS}"{KEYID}', "bad-date"),
        (f";created={SECONDS}.5{KEYID}", "bad-date"),
        (f";created{KEYID}", "bad-date"),
        (f';created={SECONDS};expires="never"{KEYID}', "bad-date"),
        (f";created={SECONDS - 2 * HOUR}{KEYID}", "stale"),
        (f";created={SECONDS + 2 * HOUR}{KEYID}", "future"),
        (f";created={-SECONDS}{KEYID}", "stale"),
        (f";created={SECONDS - 60};expires={SECONDS - 1}{KEYID}", "expired"),
        (f";created={SECONDS - 14 * HOUR};expires=4070908800{KEYID}", "stale"),
        (f';created={SECONDS}{KEYID};alg="rsa-pss-sha512"', "algorithm"),
        (f';created={SECONDS}{KEYID};alg="hs2019"', "algorithm"),
        (f";created={SECONDS}{KEYID};alg=5", "algorithm"),
        (f";created={SECONDS}{KEYID};tag=5", "mismatch"),
        (f";created={SECONDS}{KEYID};surprise", "mismatch"),
        (f";created={SECONDS};created={SECONDS}{KEYID}", "repeated"),
        (f";created={10**20}{KEYID}", "malformed"),
    ],
)
def test_parameters_that_do_not_convince_are_refused(parameters: str, code: str):
    assert refusal(craft(parameters=parameters)) == code


@pytest.mark.parametrize(
    "covered",
    [
        f'{POST} "x-absent"',
        f'{POST} "@nonsense"',
        f'{POST} "@signature-params"',
        f"{POST} token",
        f'{POST} "@method"',
        f'{POST} "Content-Digest"',
        f"{POST} 5",
    ],
)
def test_components_that_make_no_sense_are_refused(covered: str):
    assert refusal(craft(covered)) == "mismatch"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Signature-Input": ""}, "malformed"),
        ({"Signature-Input": "ana"}, "malformed"),
        ({"Signature-Input": "ana=5"}, "malformed"),
        ({"Signature-Input": "ana=("}, "malformed"),
        ({"Signature-Input": "é"}, "malformed"),
        ({"Signature-Input": "ana=(), ana=()"}, "repeated"),
        ({"Signature-Input": ", ".join(f"l{number}=()" for number in range(5))}, "too-long"),
        ({"Signature-Input": f'ana=("{"x" * 4096}")'}, "too-long"),
        ({"Signature": "x" * 4097}, "too-long"),
        ({"Signature": "ana=:!!:"}, "malformed"),
        ({"Signature": 'keyId="x",signature="y"'}, "malformed"),
        ({"Signature": "other=:AAAA:"}, "no-signature"),
        ({"Signature": 'ana="AAAA"'}, "no-signature"),
        ({"Signature": "ana=:AAAA:"}, "mismatch"),
    ],
)
def test_headers_that_cannot_be_read_are_refused(changes: dict[str, str], code: str):
    request = with_headers(craft(), changes)
    with pytest.raises(BadSignature) as refused:
        check(request)
    assert refused.value.code == code
    unreadable = code in ("malformed", "repeated", "too-long")
    assert isinstance(refused.value, UnreadableSignature) == unreadable


def test_of_several_signatures_the_one_that_holds_counts():
    good = craft()
    idle = craft('"@method"', label="proxy")
    forged = craft(label="forged", signature=bytes(256))
    stranger = craft(label="other", parameters=f';created={SECONDS};keyid="https://x/#k"')
    for request in (
        together(idle, good),
        together(good, idle),
        together(forged, good),
        together(good, forged),
        together(good, stranger),
    ):
        assert read_key_id(request).key_id == RSA_ID
        check(request)
    assert refusal(together(forged, idle)) == "mismatch"
    assert refusal(replace(stranger)) == "wrong-key"


def test_a_good_signature_beside_ours_lends_it_nothing():
    """The key that is asked about decides; a stranger's valid signature proves only theirs."""
    stranger = replace(ed25519_key(), id="https://evil.example/#k")
    theirs = craft(
        label="evil", key=stranger, parameters=f';created={SECONDS};keyid="{stranger.id}"'
    )
    request = together(craft(signature=bytes(256)), theirs)
    assert refusal(request) == "mismatch"


@pytest.mark.parametrize(
    ("digest", "code"),
    [
        (content_digest(b"other"), "digest-mismatch"),
        ("sha-256=:AAAA:", "bad-digest"),
        (content_digest().replace(":", ""), "bad-digest"),
        ("sha-256=:", "bad-digest"),
        (f"sha-512=:{b64encode(sha512(BODY).digest()).decode()}:", "bad-digest"),
        (f"sha-512=:AAAA:, {content_digest()}", None),
    ],
)
def test_the_body_is_compared_with_its_signed_digest(digest: str, code: str | None):
    request = craft(digest=digest)
    if code is None:
        check(request)
    else:
        assert refusal(request) == code


def test_a_malformed_address_is_refused_rather_than_guessed():
    assert refusal(craft(target="/inbox%zz")) == "mismatch"
    assert refusal(replace(craft(), target="*")) == "malformed"


def test_the_signature_bytes_are_the_ones_in_the_header():
    request = craft()
    line = dict(request.headers)["Signature"]
    assert rsa_key().public.verifies(
        b64decode(line.split(":")[1]),
        (
            '"@method": POST\n"@target-uri": https://paris.example/inbox\n'
            f'"content-digest": {content_digest()}\n'
            f'"@signature-params": ({POST});created={SECONDS};keyid="{RSA_ID}"'
        ).encode(),
    )
