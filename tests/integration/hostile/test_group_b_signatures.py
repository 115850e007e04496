"""Group B: signatures that prove nothing, and the few odd ones that do."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256, sha512
from typing import Any

import pytest
from inboxes import Voice
from siege import MARK, Case, Siege
from signing import POST, HeaderSigner, digest

from fedi.core.signatures.keys import SigningKey, write_pem
from fedi.core.signatures.window import write_date

pytestmark = pytest.mark.asyncio(loop_scope="module")

Send = Callable[[Siege], bytes]

CREATED = "(request-target) (created) host digest"
EXPIRES = f"{CREATED} (expires)"
HOUR = 3600
COMPONENTS = '"@method" "@target-uri" "content-digest"'


def view(siege: Siege) -> bytes:
    """Bob says something that has no effect."""
    return json.dumps(siege.bob.say("View", siege.debate)).encode()


def signed(**how: Any) -> Send:
    """`how` spoils the signature."""
    return lambda siege: siege.post(siege.bob, view(siege), **how)


def without(name: str) -> Send:
    """Signed over everything but this."""
    return signed(covered=POST.replace(name, "").strip())


def dated(**away: float) -> Send:
    """Signed at another time than now."""
    return lambda siege: signed(fields={"date": write_date(datetime.now(UTC) + timedelta(**away))})(
        siege
    )


def lived(covered: str, algorithm: str = "hs2019", **moments: float | str) -> Send:
    """Signed with a lifetime, in seconds from now; a text is written as it is."""

    def send(siege: Siege) -> bytes:
        now = datetime.now(UTC).timestamp()
        written = {
            name: moment if isinstance(moment, str) else str(int(now + moment))
            for name, moment in moments.items()
        }
        return signed(covered=covered, parameters={"algorithm": algorithm} | written)(siege)

    return send


def digested(make: Callable[[bytes], str]) -> Send:
    """Signed with this digest of the body."""

    def send(siege: Siege) -> bytes:
        body = view(siege)
        return siege.post(siege.bob, body, fields={"digest": make(body)})

    return send


def b64(data: bytes) -> str:
    return b64encode(data).decode()


def keyed_with_the_public_key(siege: Siege) -> bytes:
    """A MAC that the stock verifier of httpsig takes for Bob's signature."""
    body, public = view(siege), write_pem(siege.bob.key.public.key)
    signer = HeaderSigner(
        siege.bob.key.id, public, "hmac-sha256", headers=POST.split(), sign_header="signature"
    )
    fields = {
        "host": f"localhost:{siege.node.port}",
        "date": write_date(datetime.now(UTC)),
        "digest": digest(body),
    }
    return siege.post(siege.bob, body, headers=signer.sign(fields, method="POST", path="/inbox"))


def message(
    siege: Siege, signer: Voice, body: bytes, covered: str, *, name: str = "", created: bool = True
) -> tuple[str, str]:
    """One signature of RFC 9421, as the members of its two headers; `name` is whose it says."""
    values = {
        '"@method"': "POST",
        '"@target-uri"': f"{siege.node.url}/inbox",
        '"content-digest"': f"sha-256=:{b64(sha256(body).digest())}:",
    }
    moment = f";created={int(datetime.now(UTC).timestamp())}" if created else ""
    parameters = f'({covered}){moment};keyid="{name or signer.key.id}"'
    lines = [f"{component}: {values[component]}" for component in covered.split()]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    return parameters, f":{b64(signer.key.sign(base.encode()))}:"


def message_signed(siege: Siege, body: bytes, signatures: dict[str, tuple[str, str]]) -> bytes:
    """A request with these signatures, by label."""
    inputs = ", ".join(f"{label}={member}" for label, (member, _) in signatures.items())
    values = ", ".join(f"{label}={member}" for label, (_, member) in signatures.items())
    fields = {
        "signature-input": inputs,
        "signature": values,
        "content-digest": f"sha-256=:{b64(sha256(body).digest())}:",
    }
    return siege.post(siege.bob, body, headers=fields)


def covering(covered: str, *, created: bool = True) -> Send:
    """Signed by the newer scheme, over these components."""

    def send(siege: Siege) -> bytes:
        body = view(siege)
        one = message(siege, siege.bob, body, covered, created=created)
        return message_signed(siege, body, {"one": one})

    return send


def beside_a_forgery(first: str) -> Send:
    """Mallory signs for herself and for Bob, and says something in Bob's name."""

    def send(siege: Siege) -> bytes:
        mallory, bob = siege.mallory, siege.bob
        body = json.dumps(bob.say("Follow", f"{siege.node.url}/p/camille")).encode()
        signatures = {
            "mallory": message(siege, mallory, body, COMPONENTS),
            "bob": message(siege, mallory, body, COMPONENTS, name=bob.key.id),
        }
        labels = [first, *(label for label in signatures if label != first)]
        return message_signed(siege, body, {label: signatures[label] for label in labels})

    return send


CASES = [
    Case("B1-unsigned", signed(headers={"signature": None}), 401, "unsigned"),
    Case("B2-empty", signed(headers={"signature": ""}), 400, "malformed"),
    Case("B2-garbage", signed(headers={"signature": MARK}), 400, "malformed"),
    Case("B2-scheme", signed(headers={"signature": f"Signature {MARK}"}), 400, "malformed"),
    Case("B2-long", signed(parameters={"x": MARK * 500}), 400, "too-long"),
    Case("B3-no-key", signed(parameters={"keyId": None}), 401, "no-key-id"),
    Case("B3-no-signature", signed(parameters={"signature": None}), 401, "no-signature"),
    Case("B4-two-parameters", signed(parameters={"KEYID": MARK}), 400, "repeated"),
    Case("B4-two-headers", signed(lines=b'Signature: keyId="x"\r\n'), 400, "repeated"),
    Case("B5-no-base64", signed(parameters={"signature": "not*base64"}), 401, "bad-base64"),
    Case("B6-hmac", keyed_with_the_public_key, 401, "algorithm", gets=1),
    *(
        Case(f"B7-{name}", signed(parameters={"algorithm": name}), 401, "algorithm", gets=1)
        for name in ("rsa-sha1", "none", "hmac-sha256", MARK)
    ),
    Case("B8-hs2019", signed(parameters={"algorithm": "hs2019"}), 202),
    Case("B9-date-only", signed(covered="date"), 401, "not-covered"),
    Case("B9-headers-left-out", signed(parameters={"headers": None}), 401, "not-covered"),
    *(Case(f"B10-{name}", without(name), 401, "not-covered") for name in POST.split()),
    Case(
        "B11-absent",
        signed(covered=f"{POST} x-more", fields={"x-more": "1"}, headers={"x-more": None}),
        401,
        "header-missing",
    ),
    Case("B12-other-inbox", signed(signed_target="/p/camille/inbox"), 401, "mismatch", gets=1),
    Case("B12-other-method", signed(covered=POST, headers={"date": None}), 401, "header-missing"),
    Case(
        "B13-other-server",
        lambda siege: signed(
            fields={"host": "paris.example"}, headers={"host": f"localhost:{siege.node.port}"}
        )(siege),
        401,
        "mismatch",
        gets=1,
    ),
    Case("B14-query", signed(target="/inbox?page=1"), 202),
    Case(
        "B14-query-not-signed",
        signed(target="/inbox?page=1", signed_target="/inbox"),
        202,
    ),
    Case(
        "B14-other-query",
        signed(target="/inbox?page=1", signed_target="/inbox?page=2"),
        401,
        "mismatch",
        gets=1,
    ),
    Case("B15-no-time", without("date"), 401, "not-covered"),
    *(
        Case(f"B16-{name}", signed(fields={"date": text}), 401, code)
        for name, text, code in (
            ("words", "yesterday", "bad-date"),
            ("rfc850", "Sunday, 06-Nov-94 08:49:37 GMT", "bad-date"),
            ("year-0", "Mon, 01 Jan 0000 00:00:00 GMT", "bad-date"),
            ("epoch", "Thu, 01 Jan 1970 00:00:00 GMT", "stale"),
            ("iso", "2026-11-25T09:00:00Z", "bad-date"),
        )
    ),
    Case("B17-2-hours", dated(hours=-2), 401, "stale"),
    Case("B17-13-hours", dated(hours=-13), 401, "stale"),
    Case("B18-59-minutes", dated(minutes=59), 202),
    Case("B18-61-minutes", dated(minutes=61), 401, "future"),
    Case("B19-created-later", lived(CREATED, created=2 * HOUR), 401, "future"),
    Case("B20-expired", lived(EXPIRES, created=-60, expires=-1), 401, "expired"),
    Case("B21-12-hours", lived(EXPIRES, created=-14 * HOUR, expires="4070908800"), 401, "stale"),
    Case("B22-old-label", lived(CREATED, "rsa-sha256", created=0), 401, "algorithm"),
    *(
        Case(f"B23-{text}", lived(CREATED, created=text), 401, "bad-date")
        for text in ("now", "-5", "1e30", "9" * 30)
    ),
    Case("B24-no-digest", signed(headers={"digest": None}), 401, "header-missing"),
    Case("B25-other-body", digested(lambda body: digest(body + b" ")), 401, "digest-mismatch"),
    *(
        Case(f"B26-{name}", digested(make), 401, "bad-digest")
        for name, make in (
            ("sha-512", lambda body: f"SHA-512={b64(sha512(body).digest())}"),
            ("md5", lambda body: f"MD5={b64(md5(body, usedforsecurity=False).digest())}"),
            ("unknown", lambda body: f"X={b64(sha256(body).digest())}"),
        )
    ),
    *(
        Case(f"B27-{name}", digested(make), 202)
        for name, make in (
            ("lower-case", lambda body: f"sha-256={b64(sha256(body).digest())}"),
            ("list", lambda body: f"SHA-512={b64(sha512(body).digest())},{digest(body)}"),
        )
    ),
    Case(
        "B28-written-again",
        digested(lambda body: digest(json.dumps(json.loads(body), indent=1).encode())),
        401,
        "digest-mismatch",
    ),
    Case("B29-31-bytes", digested(lambda body: digest(body)[:-5] + "="), 401, "bad-digest"),
    *(
        Case(f"B30-{name}", covering(COMPONENTS.replace(name, "").strip()), 401, "not-covered")
        for name in COMPONENTS.split()
    ),
    Case("B30-created", covering(COMPONENTS, created=False), 401, "not-covered"),
    Case("B30-complete", covering(COMPONENTS), 202),
    Case("B31-forgery-first", beside_a_forgery("bob"), 401, "mismatch", gets=1),
    Case("B31-forgery-second", beside_a_forgery("mallory"), 403, "not-the-signer"),
    Case(
        "B32-accents",
        signed(covered=f"{POST} x-name", fields={"x-name": "Zoé"}),
        401,
        "not-ascii",
    ),
    Case("B32-accents-in-key", signed(parameters={"keyId": "http://é"}), 400, "malformed"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_only_what_bob_signed_just_now_counts_as_his(siege: Siege, case: Case) -> None:
    await siege.withstand(case)


async def test_a_captured_request_has_its_effect_once(siege: Siege) -> None:
    bob = siege.bob
    captured = siege.post(bob, bob.create(bob.note("once", inReplyTo=siege.debate)))
    await siege.take(captured)
    await siege.withstand(Case("B33-replay", lambda _: captured, 202, "done"))


async def test_forgeries_make_us_ask_for_a_key_once(siege: Siege) -> None:
    asked = siege.gets.count("/users/eve")
    stolen = SigningKey(siege.eve.key.id, siege.eve.uri, siege.mallory.key.key)
    forged = siege.post(siege.eve, siege.eve.say("View", siege.debate), key=stolen)
    for _ in range(30):
        assert (await siege.send(forged)).code == "mismatch"
    assert siege.gets.count("/users/eve") <= asked + 1
    await siege.is_well()
