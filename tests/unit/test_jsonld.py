"""Documents: one reading, whoever wrote them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.core.errors import Malformed
from fedi.core.jsonld import (
    dumps,
    embed,
    id_of,
    ids_of,
    link_of,
    objects_of,
    one_owner,
    one_type,
    parse_document,
    require_context,
    text_of,
    time_of,
)
from fedi.core.vocab import AS2, PUBLIC

ANA = "https://lisbon.example/users/ana"
BOB = "https://paris.example/users/bob"


def nested(depth: int) -> bytes:
    """A document of so many levels, its own object included."""
    return f'{{"a":{"[" * (depth - 1)}{"]" * (depth - 1)}}}'.encode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json"),
        (b"null", "json-object"),
        (b"[]", "json-object"),
        (b'"x"', "json-object"),
        (b"1", "json-object"),
        (b"{} {}", "json"),
        (b"{}x", "json"),
        (b'{"a":1,}', "json"),
        (b"{'a':1}", "json"),
        (b'{"a":1 /* why */}', "json"),
        (b'{"a":"\x01"}', "json"),
        (b'{"a":01}', "json"),
        (b'{"a":"\xff"}', "json-encoding"),
        (b'{"a":"\xed\xa0\x80"}', "json-encoding"),
        (b'\xef\xbb\xbf{"a":1}', "json"),
        ('{"a":1}'.encode("utf-16"), "json-encoding"),
        ('{"a":1}'.encode("utf-16-le"), "json"),
        (b'{"a":NaN}', "json-number"),
        (b'{"a":-Infinity}', "json-number"),
        (b'{"a":1e999}', "json-number"),
        (b'{"a":9007199254740993}', "json-number"),
        (b'{"a":' + b"1" * 5000 + b"}", "json-number"),
        (b'{"actor":1,"actor":2}', "json-duplicate"),
        (b'{"a":[{"id":1,"\\u0069d":2}]}', "json-duplicate"),
        (b'{"a":1,"a":2,"b":"\\u0022\\u0022"}', "json-duplicate"),
        (b'{"a":{"b":"","b":"\\"\\""}}', "json-duplicate"),
        (b'{"a":18446744073709551616}', "json-number"),
        (b'{"a":[-18446744073709551616]}', "json-number"),
        (b'{"a":"\\u0000"}', "json-text"),
        (b'{"\\u0000":1}', "json-text"),
        (b'{"a":["\\ud800"]}', "json-text"),
        (b'{"a":"\\udc00\\ud800"}', "json-text"),
        (nested(33), "json-depth"),
        (nested(100_000), "json-depth"),
        (b'{"a":' * 100_000, "json-depth"),
        (b'{"a":"' + b"\\" * 99_999, "json"),
        (b'{"a":"' + b'\\"' * 500_000, "json"),
        (b'{"a":[' + b"1," * 19_998 + b"1]}", "json-size"),
        (b'{"a":"' + b"x" * 1_000_000 + b'"}', "json-size"),
    ],
)
def test_a_document_two_parsers_could_read_differently_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_document(body)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "keyword", ["@graph", "@included", "@reverse", "@nest", "@base", "@import"]
)
def test_keywords_that_rearrange_a_document_are_refused_anywhere(keyword: str) -> None:
    for document in ({keyword: []}, {"@context": [{keyword: 1}]}, {"a": [{"b": {keyword: {}}}]}):
        with pytest.raises(Malformed) as refused:
            parse_document(json.dumps(document).encode())
        assert refused.value.code == "json-keyword"


@pytest.mark.parametrize(
    "body",
    [
        nested(32),
        b'{"a":[' + b"1," * 19_997 + b"1]}",
        b'{"a":9007199254740992,"b":-9007199254740992,"c":1.5,"d":-0}',
        b'{"a":1e30,"b":[-2.5e-7,1E5],"c":"e+1"}',
        b' {"a": "\\ud83c\\udf31 \\\\u0000"}\n',
        '{"a":"été 🌱","__proto__":{},"constructor":1}'.encode(),
        b'{"@type":"Note","as:content":"x"}',
        b'{"a":"' + b"[{" * 1000 + b'"}',
    ],
)
def test_an_unusual_document_is_read_as_json_says(body: bytes) -> None:
    assert parse_document(body) == json.loads(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab:é\\"[{'), inner),
    max_leaves=30,
)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0@"))


@given(st.dictionaries(NAMES, JSON))
def test_any_document_within_bounds_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    for ascii_only in (True, False):
        body = json.dumps(document, ensure_ascii=ascii_only).encode()
        assert parse_document(body) == document
    assert parse_document(dumps(document)) == document


@given(st.binary(max_size=200) | st.text('{}[]",:\\u0d81eEnNaI-.tf ').map(str.encode))
def test_any_bytes_are_a_document_or_malformed(body: bytes) -> None:
    try:
        document = parse_document(body)
    except Malformed:
        return
    assert document == json.loads(body)


def test_the_context_is_compared_as_text() -> None:
    for context in (AS2, [AS2], ["https://join-lemmy.org/context.json", AS2, {"a": "b"}]):
        require_context({"@context": context})
    for context in (None, {}, "https://schema.org", f"{AS2}#", [[AS2]], {"@vocab": AS2}, 1):
        with pytest.raises(Malformed):
            require_context({"@context": context})
    with pytest.raises(Malformed):
        require_context({"object": {"@context": AS2}})


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        True,
        "",
        "ana",
        {},
        {"id": 1},
        {"id": {"id": ANA}},
        {"@id": ANA},
        [],
        [ANA, BOB],
        [[ANA]],
        "acct:ana@lisbon.example",
        "https://LISBON.example/users/ana",
        [1],
    ],
)
def test_what_names_nobody_or_several_is_no_reference(value: object) -> None:
    assert id_of(value) is None
    assert one_owner(value) is None


@pytest.mark.parametrize("value", [ANA, {"id": ANA, "type": "Person"}, [ANA], [{"id": ANA}]])
def test_a_reference_is_a_string_an_object_or_a_list_of_one(value: object) -> None:
    assert id_of(value) == ANA
    assert one_owner(value) == ANA


def test_the_owner_of_a_video_is_the_person_beside_the_channel() -> None:
    channel = {"type": "Group", "id": "https://tube.example/channels/jardin"}
    assert one_owner([{"type": "Person", "id": ANA}, channel]) == ANA
    assert one_owner([channel, {"type": "Person", "id": ANA}]) == ANA
    assert one_owner([{"type": "Person", "id": ANA}, {"type": "Person", "id": BOB}]) is None
    assert one_owner([channel, channel]) is None
    assert one_owner([BOB, ANA]) is None


def test_recipients_are_read_in_every_dialect() -> None:
    assert ids_of(None) == []
    assert ids_of(ANA) == [ANA]
    assert ids_of({"id": ANA}) == [ANA]
    assert ids_of([ANA, 5, None, "", {"id": BOB}, ANA, ["x"]]) == [ANA, BOB]
    for name in (PUBLIC, "as:Public", "Public"):
        assert ids_of([name, ANA]) == [PUBLIC, ANA]


def test_only_the_first_256_recipients_count() -> None:
    many = [f"https://a.example/{number}" for number in range(1000)]
    assert ids_of(many) == many[:256]


def test_a_type_is_the_one_we_know() -> None:
    known = {"Note", "Article", "Create", "Delete"}
    assert one_type("Note", known) == "Note"
    assert one_type(["Note", "toot:Extra"], known) == "Note"
    for other in ("", "note", "as:Note", f"{AS2}#Note", ["Create", "Delete"], [], None, 1, {}):
        assert one_type(other, known) is None
    assert one_type([{"Note": 1}, ["Note"]], known) is None


def test_texts_are_trimmed_and_cut() -> None:
    assert text_of("  Un débat \n", 100) == "Un débat"
    assert text_of("Un débat", 3) == "Un"
    for other in ("", " \n", None, 5, ["x"], {"fr": "x"}):
        assert text_of(other, 100) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T10:00:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("2026-11-23T10:00:00+02:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("2026-11-23t10:00:00.5z", datetime(2026, 11, 23, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-23T10:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        (
            "2026-11-23T10:00:00.123456789Z",
            datetime(2026, 11, 23, 10, 0, 0, 123_456, tzinfo=UTC),
        ),
    ],
)
def test_times_are_read_in_utc(value: str, expected: datetime) -> None:
    assert time_of(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2026-11-23",
        "2026-11-23T10:00:00",
        "20261123T100000Z",
        "2026-W48-1T10:00Z",
        "2026-02-30T10:00:00Z",
        "2026-11-23T25:00:00Z",
        "2026-11-23T10:00:60Z",
        "x" * 9999,
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "-001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "٢٠٢٦-11-23T10:00:00Z",
        10000000000.0,
        0,
        None,
        ["2026-11-23T10:00:00Z"],
        "2026-11-23T10:00:00Z ",
    ],
)
def test_what_is_no_time_of_our_age_is_none(value: object) -> None:
    assert time_of(value) is None


def test_objects_are_read_one_or_many_and_bounded() -> None:
    assert objects_of(None) == []
    assert objects_of({"type": "Mention"}) == [{"type": "Mention"}]
    assert objects_of([{"a": 1}, "x", 5, {"b": 2}]) == [{"a": 1}, {"b": 2}]
    assert len(objects_of([{}] * 1000)) == 64
    assert len(objects_of([{}] * 1000, 16)) == 16


def test_a_link_is_found_in_the_shapes_peers_use() -> None:
    page = "https://a.example/1.png"
    for value in (page, {"type": "Link", "href": page}, {"type": "Image", "url": page}, [page]):
        assert link_of(value) == page
    assert link_of({"type": "Image", "url": [{"type": "Link", "href": page}]}) == page
    assert link_of([{"href": "javascript:x"}, {"href": page}]) == page
    for value in (None, 1, {}, [], "javascript:alert(1)", {"href": {}}, {"url": 1}):
        assert link_of(value) is None


@given(JSON)
def test_no_value_makes_a_reader_fail(value: Any) -> None:
    id_of(value), ids_of(value), one_owner(value), one_type(value, {"Note"}), text_of(value, 9)
    time_of(value), objects_of(value), link_of(value)


def test_what_was_received_is_repeated_byte_for_byte() -> None:
    raw = b'{ "id": "https://a.example/1",\n "x": 1.50, "\\u00e9": "\\u00E9" }'
    announce = dumps({"type": "Announce", "object": embed(raw)})
    assert announce == b'{"type":"Announce","object":' + raw + b"}"
