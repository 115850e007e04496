"""Requests that GoToSocial 0.20 and NodeBB 4.15 really sent, byte for byte."""

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from signing import read_requests, refusal

from fedi.core.signatures.errors import Unsigned
from fedi.core.signatures.keys import PublicKey, read_pem
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import read_key_id, verify
from fedi.core.signatures.window import read_date

FIXTURES = Path(__file__).parent / "fixtures" / "signatures"
KEYS = {
    uri: PublicKey(uri, key["owner"], read_pem(key["publicKeyPem"]))
    for uri, key in json.loads((FIXTURES / "keys.json").read_text()).items()
}
#: Where a larger collection lies, when there is one on this machine.
CAPTURES = Path(os.environ.get("FEDI_CAPTURES", Path(__file__).parents[3] / "shared" / "captures"))


def check(request: Request) -> None:
    """Verify with the sender's key, a second after the sender's date."""
    claim = read_key_id(request)
    now = read_date(request.fields["date"][0]) + timedelta(seconds=1)
    verify(request, claim, KEYS[claim.key_id], now)


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.http")), ids=lambda path: path.stem)
def test_a_request_of_a_real_peer_is_verified(path: Path):
    (request,) = read_requests(path.read_bytes())
    check(request)

    key = KEYS[read_key_id(request).key_id]
    now = read_date(request.fields["date"][0])
    assert refusal(request, key, now + timedelta(hours=2)) == "stale"
    assert refusal(replace(request, target="/elsewhere"), key, now) == "mismatch"
    assert refusal(replace(request, host="elsewhere.test"), key, now) == "mismatch"
    if request.body:
        altered = replace(request, body=request.body.replace(b'"id"', b'"ID"'))
        assert refusal(altered, key, now) == "digest-mismatch"


def test_both_peers_and_both_methods_are_among_them():
    found = {
        (path.stem.partition("-")[0], request.method)
        for path in FIXTURES.glob("*.http")
        for request in read_requests(path.read_bytes())
    }
    assert found == {(peer, verb) for peer in ("gotosocial", "nodebb") for verb in ("GET", "POST")}


def test_every_request_of_the_whole_collection_is_verified():
    if not CAPTURES.is_dir():
        pytest.skip("the collection is not on this machine")
    verified = 0
    for path in sorted(CAPTURES.glob("*.txt")):
        if not re.search(r"gts_\d|nodebb_req", path.name):
            continue
        for request in read_requests(path.read_bytes()):
            try:
                known = read_key_id(request).key_id in KEYS
            except Unsigned:
                continue
            if known:
                check(request)
                verified += 1
    assert verified >= 60
