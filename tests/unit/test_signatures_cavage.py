"""Draft-cavage signatures: forgeries, the draft's own vectors, and the stock httpsig as oracle."""

import json
import sys
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)
from signing import (
    ANA,
    BODY,
    GET,
    NOW,
    POST,
    RSA_ID,
    HeaderSigner,
    HeaderVerifier,
    check,
    craft,
    digest,
    ed25519_key,
    refusal,
    rsa_key,
    with_headers,
)

from fedi.core.signatures.cavage import pkg_resources_stand_in
from fedi.core.signatures.errors import BadKey, BadSignature, Unsigned
from fedi.core.signatures.keys import PublicKey, SigningKey, write_pem
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import SignatureClaim, read_key_id, sign, verify

FIXTURES = Path(__file__).parent / "fixtures" / "signatures"


def test_a_public_key_is_not_a_password():
    """The forgery that httpsig's own verifier lets through: anybody has this "secret"."""
    pem = write_pem(rsa_key().public.key)
    honest = craft()
    fields = {name: value for name, value in honest.headers if name != "signature"}
    forged = HeaderSigner(RSA_ID, pem, "hmac-sha256", POST.split(), "signature").sign(
        fields, method="POST", path="/inbox"
    )
    assert HeaderVerifier(
        forged, pem, POST.split(), "POST", "/inbox", sign_header="signature"
    ).verify()

    for label in ("hmac-sha256", "hs2019", "rsa-sha256"):
        signature = forged["signature"].replace("hmac-sha256", label)
        request = replace(honest, headers=[*fields.items(), ("Signature", signature)])
        assert refusal(request) in ("algorithm", "mismatch")


def test_an_honest_request_is_verified():
    check(craft())


@pytest.mark.parametrize("algorithm", [None, "rsa-sha256", "RSA-SHA256", "hs2019"])
def test_the_label_beside_an_rsa_key_may_be_missing_or_modern(algorithm: str | None):
    check(craft(parameters={"algorithm": algorithm}))


@pytest.mark.parametrize("algorithm", [None, "ed25519", "hs2019"])
def test_an_ed25519_key_is_verified_as_ed25519(algorithm: str | None):
    check(craft(ed25519_key(), parameters={"algorithm": algorithm}), ed25519_key().public)


def test_a_label_never_turns_one_kind_of_key_into_the_other():
    assert refusal(craft(parameters={"algorithm": "ed25519"})) == "algorithm"
    assert refusal(craft(ed25519_key()), ed25519_key().public) == "algorithm"


def test_created_and_expires_stand_in_for_the_date():
    """Discourse signs like this."""
    seconds = int(NOW.timestamp())
    request = craft(
        covered="(request-target) host (created) (expires) digest",
        fields={"date": None},
        parameters={"algorithm": "hs2019", "created": str(seconds), "expires": str(seconds + 3600)},
    )
    check(request)
    unquoted = request.headers[-1][1].replace(f'created="{seconds}"', f"created={seconds}")
    check(with_headers(request, {"signature": unquoted}))


@pytest.mark.parametrize("signed_target", ["/outbox?page=1&max=2", "/outbox"])
def test_the_query_may_be_signed_or_not(signed_target: str):
    request = craft(
        method="GET",
        target="/outbox?page=1&max=2",
        signed_target=signed_target,
        body=b"",
        covered=GET,
        fields={"digest": None},
    )
    check(request)


def test_spacing_and_capitals_of_the_header_do_not_matter():
    request = craft()
    name, value = request.headers[-1]
    relaxed = value.replace('",', '" , ').replace("host date", "Host  DATE")
    relaxed = relaxed.replace("keyId", "KEYID")
    check(with_headers(request, {name: relaxed}))


def test_a_digest_in_any_letter_case_and_company_will_do():
    sha256 = digest(BODY).removeprefix("SHA-256=")
    check(craft(fields={"digest": f"SHA-512=bm90IHRoaXM=, sha-256={sha256}"}))


def test_repeated_headers_are_signed_as_one_line():
    covered = f"{POST} x-mood"
    request = craft(covered=covered, fields={"x-mood": "calm, curious"})
    lines = [line for line in request.headers if line[0] != "x-mood"]
    check(replace(request, headers=[*lines, ("X-Mood", "calm"), ("x-mood", " curious ")]))


def test_a_signed_get_needs_no_digest_but_a_wrong_one_is_refused():
    check(craft(method="GET", body=b"", covered=GET, fields={"digest": None}))
    wrong = craft(method="GET", body=b"", covered=POST, fields={"digest": digest(b"x")})
    assert refusal(wrong) == "digest-mismatch"


def test_a_request_without_signature_is_unsigned_not_wrong():
    request = replace(craft(), headers=[("Authorization", 'Signature keyId="x"')])
    with pytest.raises(Unsigned):
        read_key_id(request)


def test_the_claim_names_scheme_and_key():
    assert read_key_id(craft()) == SignatureClaim("cavage", RSA_ID)


def test_another_key_than_the_one_named_is_no_proof():
    named = replace(rsa_key().public, id=f"{ANA}#other")
    assert refusal(craft(), named) == "wrong-key"
    claim = SignatureClaim("cavage", named.id)
    with pytest.raises(BadSignature, match="another key"):
        verify(craft(), claim, named, NOW)
    assert refusal(craft(), replace(ed25519_key().public, id=RSA_ID)) == "algorithm"


def test_a_claim_of_one_scheme_is_not_checked_by_the_other():
    claim = SignatureClaim("rfc9421", RSA_ID)
    with pytest.raises(BadSignature):
        verify(craft(), claim, rsa_key().public, NOW)
    unsigned = replace(craft(), headers=[])
    for scheme in ("cavage", "rfc9421"):
        with pytest.raises(BadSignature):
            verify(unsigned, SignatureClaim(scheme, RSA_ID), rsa_key().public, NOW)


@pytest.mark.parametrize("number", range(3))
def test_the_draft_vectors_hold_and_only_the_complete_one_satisfies_us(number: int):
    vectors = json.loads((FIXTURES / "draft-cavage.json").read_text())
    key = PublicKey("Test", "Test", load_pem_public_key(vectors["public_key_pem"].encode()))
    case, wire = vectors["cases"][number], vectors["request"]
    assert key.verifies(b64decode(case["signature"]), case["signing_string"].encode())
    header = f'keyId="Test",headers="{" ".join(case["headers"])}",signature="{case["signature"]}"'
    headers = [*wire["headers"].items(), ("Signature", header)]
    request = Request(
        wire["method"], "https", "example.com", wire["target"], headers, wire["body"].encode()
    )
    now = datetime(2014, 1, 5, 21, 31, 40, tzinfo=UTC)
    if case["name"].startswith("C.3"):
        check(request, key, now)
        assert refusal(request, key, now + timedelta(hours=2)) == "stale"
    else:
        assert refusal(request, key, now) == "not-covered"


def outgoing(method: str = "POST", target: str = "/inbox") -> Request:
    content = method == "POST"
    headers = [("Content-Type", "application/activity+json")] if content else []
    return Request(method, "https", "paris.example:8443", target, headers, BODY if content else b"")


@pytest.mark.parametrize(
    ("method", "target"), [("POST", "/inbox"), ("GET", "/p/ana"), ("GET", "/o?page=2&x=%20")]
)
def test_what_we_sign_we_and_the_stock_library_verify(method: str, target: str):
    request = outgoing(method, target)
    added = sign(request, rsa_key(), "cavage", NOW)
    signed = with_headers(request, added)
    check(signed)

    verifier = HeaderVerifier(
        dict(signed.headers),
        write_pem(rsa_key().public.key),
        (POST if method == "POST" else GET).split(),
        method,
        target,
        sign_header="signature",
    )
    assert verifier.verify()


def test_what_the_stock_library_signs_we_verify():
    pem = rsa_key().key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    signer = HeaderSigner(RSA_ID, pem.decode(), "rsa-sha256", POST.split(), "signature")
    honest = craft()
    fields = {name: value for name, value in honest.headers if name != "signature"}
    signed = signer.sign(fields, method="POST", path="/inbox")
    check(replace(honest, headers=list(signed.items())))


def test_our_header_has_the_form_that_every_peer_takes():
    added = sign(outgoing(), rsa_key(), "cavage", NOW)
    assert list(added) == ["Host", "Date", "Digest", "Signature"]
    assert added["Host"] == "paris.example:8443"
    assert added["Date"] == "Mon, 23 Nov 2026 19:10:25 GMT"
    assert added["Digest"] == digest(BODY)
    assert added["Signature"].startswith(f'keyId="{RSA_ID}",algorithm="rsa-sha256",')
    assert 'headers="(request-target) host date digest content-type"' in added["Signature"]
    assert ", " not in added["Signature"]

    added = sign(outgoing("GET"), rsa_key(), "cavage", NOW)
    assert list(added) == ["Host", "Date", "Signature"]
    assert 'headers="(request-target) host date"' in added["Signature"]


def test_a_percent_encoded_key_id_is_signed_as_it_is():
    key = SigningKey("https://lisbonne.example/p/jos%C3%A9#main-key", ANA, rsa_key().key)
    signed = with_headers(outgoing(), sign(outgoing(), key, "cavage", NOW))
    check(signed, key.public)


def test_what_cannot_be_written_into_a_header_is_not_signed():
    quoted = replace(rsa_key(), id='https://lisbonne.example/p/"ana"')
    with pytest.raises(ValueError, match="quotes"):
        sign(outgoing(), quoted, "cavage", NOW)
    with pytest.raises(ValueError, match="accents"):
        sign(outgoing(target="/p/josé"), rsa_key(), "cavage", NOW)
    with pytest.raises(ValueError, match="Content-Type"):
        sign(replace(outgoing(), headers=[]), rsa_key(), "cavage", NOW)
    with pytest.raises(BadKey):
        sign(outgoing(), ed25519_key(), "cavage", NOW)


def test_httpsig_is_imported_without_setuptools_and_leaves_no_trace():
    genuine = sys.modules.pop("pkg_resources", None)
    try:
        with pkg_resources_stand_in():
            stand_in = sys.modules["pkg_resources"]
            assert stand_in.get_distribution("httpsig").version == "1.3.0"
        assert "pkg_resources" not in sys.modules

        sys.modules["pkg_resources"] = stand_in
        with pkg_resources_stand_in():
            assert sys.modules["pkg_resources"] is not stand_in
        assert sys.modules["pkg_resources"] is stand_in
    finally:
        del sys.modules["pkg_resources"]
        if genuine:
            sys.modules["pkg_resources"] = genuine
