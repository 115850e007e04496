"""Whatever is done to a signed request: it does not verify, and nothing but a refusal comes out."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from signing import BODY, NOW, RSA_ID, ed25519_key, rsa_key, with_headers

from fedi.core.signatures.errors import BadKey, BadSignature, Unsigned
from fedi.core.signatures.keys import (
    PublicKey,
    load_private,
    load_public,
    read_multikey,
    read_pem,
    write_multikey,
    write_pem,
)
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import SignatureClaim, read_key_id, sign, verify

OUTGOING = Request(
    "POST",
    "https",
    "paris.example",
    "/p/bob/inbox",
    [("Content-Type", "application/activity+json")],
    BODY,
)
SIGNED = {
    scheme: with_headers(OUTGOING, sign(OUTGOING, rsa_key(), scheme, NOW))
    for scheme in ("cavage", "rfc9421")
}
#: What is covered besides method, target, host and body.
COVERED = {
    "cavage": ["Date", "Digest", "Content-Type"],
    "rfc9421": ["Content-Digest", "Content-Type"],
}
schemes = st.sampled_from(sorted(SIGNED))
#: Header text as aiohttp hands it on: any byte, the undecodable ones as lone surrogates.
texts = st.text(st.characters(max_codepoint=0x2FF) | st.characters(categories=["Cs"]), max_size=40)
quick = settings(max_examples=80, deadline=None)


def edited(text: str) -> st.SearchStrategy[str]:
    """Another text near `text`: something put in, left out or exchanged at any place."""

    def edit(start: int, length: int, insertion: str) -> str:
        return text[:start] + insertion + text[start + length :]

    places, lengths = st.integers(0, len(text)), st.integers(0, 3)
    changes = st.builds(edit, places, lengths, st.text(max_size=2))
    return changes.filter(lambda changed: changed.strip(" \t") != text.strip(" \t"))


def verdict(request: Request, scheme: Any) -> bool:
    """Verify as a door would: what the request claims, and what it was known to claim."""
    outcomes = []
    for claim_of in (read_key_id, lambda _: SignatureClaim(scheme, RSA_ID)):
        try:
            verify(request, claim_of(request), rsa_key().public, NOW)
            outcomes.append(True)
        except (BadSignature, Unsigned):
            outcomes.append(False)
    assert outcomes[0] == outcomes[1]
    return outcomes[0]


@given(st.data(), schemes)
@quick
def test_a_covered_part_cannot_be_changed(data: st.DataObject, scheme: str):
    request = SIGNED[scheme]
    assert verdict(request, scheme)
    part = data.draw(st.sampled_from(["method", "host", "target", "scheme", *COVERED[scheme]]))
    if part in COVERED[scheme]:
        value = data.draw(edited(dict(request.headers)[part]))
        assert not verdict(with_headers(request, {part: value}), scheme)
    else:
        value = data.draw(edited(getattr(request, part)))
        # The scheme is not signed by draft-cavage, nor are a query and the case of a host.
        assume(part != "scheme" or scheme == "rfc9421")
        assume(value.partition("?")[0] != request.target)
        assert not verdict(replace(request, **{part: value}), scheme)


@given(st.data(), schemes)
@quick
def test_the_body_cannot_be_changed(data: st.DataObject, scheme: str):
    start, length = data.draw(st.integers(0, len(BODY))), data.draw(st.integers(0, 9))
    body = BODY[:start] + data.draw(st.binary(max_size=9)) + BODY[start + length :]
    assume(body != BODY)
    assert not verdict(replace(SIGNED[scheme], body=body), scheme)


@given(st.data(), schemes)
@quick
def test_a_covered_header_cannot_be_taken_away_or_doubled(data: st.DataObject, scheme: str):
    request = SIGNED[scheme]
    name = data.draw(st.sampled_from(COVERED[scheme]))
    others = [line for line in request.headers if line[0] != name]
    value = data.draw(texts)
    for headers in (others, [*request.headers, (name, value)], [(name, value), *request.headers]):
        assert not verdict(replace(request, headers=headers), scheme)


@given(st.data(), schemes)
@quick
def test_the_signature_itself_cannot_be_changed(data: st.DataObject, scheme: str):
    request = SIGNED[scheme]
    header = dict(request.headers)["Signature"]
    opening, closing = ('signature="', '"') if scheme == "cavage" else ("sig1=:", ":")
    start = header.index(opening) + len(opening)
    text = header[start : header.index(closing, start)]
    genuine = b64decode(text)
    place, length = data.draw(st.integers(0, len(genuine))), data.draw(st.integers(0, 3))
    forged = genuine[:place] + data.draw(st.binary(max_size=3)) + genuine[place + length :]
    assume(forged != genuine)
    changed = header.replace(text, b64encode(forged).decode())
    assert not verdict(with_headers(request, {"Signature": changed}), scheme)


ED25519 = replace(ed25519_key(), id=RSA_ID)
READING = replace(OUTGOING, method="GET", body=b"")
#: What our own nodes sign, which is verified by hand.
OURS = [
    (with_headers(request, sign(request, key, "rfc9421", NOW)), key.public)
    for request in (OUTGOING, READING)
    for key in (rsa_key(), ED25519)
]


def judged(request: Request, key: PublicKey) -> str:
    """The code of the refusal, or that there is none."""
    try:
        verify(request, read_key_id(request), key, NOW)
    except (BadSignature, Unsigned) as refused:
        return refused.code
    return "verified"


def with_another_signature(request: Request) -> Request:
    """The same with a member that proves nothing, for which the library is asked."""
    (signature_input,) = request.fields["signature-input"]
    return with_headers(request, {"Signature-Input": f'{signature_input}, no=("@method")'})


@given(st.data(), st.sampled_from(OURS))
@quick
def test_our_own_form_is_judged_as_the_library_judges_it(
    data: st.DataObject, signed: tuple[Request, PublicKey]
):
    request, key = signed
    assert judged(request, key) == judged(with_another_signature(request), key) == "verified"
    part = data.draw(st.sampled_from(["method", "host", "target", "body", *dict(request.headers)]))
    if part == "body":
        changed = replace(request, body=request.body + data.draw(st.binary(max_size=2)))
    elif part in dict(request.headers):
        value = data.draw(edited(dict(request.headers)[part]))
        changed = with_headers(request, {part: value})
    else:
        changed = replace(request, **{part: data.draw(edited(getattr(request, part)))})
    assert judged(changed, key) == judged(with_another_signature(changed), key)


@given(st.data(), schemes)
@quick
def test_any_edit_of_the_signature_headers_gives_a_verdict(data: st.DataObject, scheme: str):
    request = SIGNED[scheme]
    names = [name for name, _ in request.headers if name.startswith("Signature")]
    name = data.draw(st.sampled_from(names))
    verdict(with_headers(request, {name: data.draw(edited(dict(request.headers)[name]))}), scheme)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["Signature", "Signature-Input", "Date", "Digest", "Content-Digest", "Host"]
            ),
            texts,
        ),
        max_size=6,
    ),
    schemes,
)
@quick
def test_any_headers_at_all_are_refused_without_a_crash(headers: list[Any], scheme: str):
    assert not verdict(replace(SIGNED[scheme], headers=headers), scheme)


@pytest.mark.parametrize("read", [read_pem, read_multikey])
@given(st.data())
@quick
def test_any_text_is_a_key_or_a_bad_key(read: Callable[[str], object], data: st.DataObject):
    key = rsa_key().public.key
    text = write_pem(key) if read is read_pem else write_multikey(key)
    for candidate in (data.draw(edited(text)), data.draw(texts)):
        try:
            read(candidate)
        except BadKey:
            continue


@pytest.mark.parametrize("load", [load_private, load_public])
@given(st.binary(max_size=80))
@quick
def test_any_bytes_are_a_stored_key_or_a_bad_key(load: Callable[[bytes], object], data: bytes):
    with pytest.raises(BadKey):
        load(data)
