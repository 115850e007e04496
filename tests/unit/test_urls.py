"""Addresses: one identity per resource, and ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.core.errors import Malformed
from fedi.core.urls import Origin, Site, new_key, origin_of, parse_url, read_id, same_origin

SITE = Site("https://tilios.example")


@pytest.mark.parametrize(
    "text",
    [
        "https://paris.example/users/ana",
        "https://paris.example",
        "https://paris.example/o/1#create",
        "https://paris.example/a/../b//c?x=%C3%A9&y=a+b",
        "https://paris.example/é/ü",
        "http://localhost:8081/p/ana",
        "https://xn--caf-dma.example/1",
        "https://my_host.example/1",
        "http://127.0.0.1:8080/1",
        "https://[2a00:1450::1]/1",
    ],
)
def test_an_id_keeps_the_text_it_was_received_with(text: str) -> None:
    assert read_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://EXAMPLE.com/a",
        "https://example.com:443/a",
        "http://example.com:80/a",
        "https://example.com./a",
        "https://café.example/a",
        "https://example。com/a",
        "HTTPS://example.com/a",
        "https://[::FFFF]/a",
    ],
)
def test_a_second_spelling_of_a_host_is_no_id(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_id(text)
    assert refused.value.code == "url-not-canonical"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://EXAMPLE.com:443/a", "https://example.com"),
        ("https://example.com./a", "https://example.com"),
        ("HTTP://Example.com:8080", "http://example.com:8080"),
        ("https://example。com/a", "https://example.com"),
        ("https://café.example/a", "https://xn--caf-dma.example"),
        ("https://еxample.com/", "https://xn--xample-2of.com"),
        ("https://①②⑦.⓪.⓪.①/", "https://127.0.0.1"),
        ("https://[::ffff:7f00:1]:8443/", "https://[::ffff:7f00:1]:8443"),
    ],
)
def test_what_a_person_typed_is_read_in_the_one_spelling(text: str, origin: str) -> None:
    assert str(origin_of(text)) == origin


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        True,
        ["https://a.example/"],
        {"id": "https://a.example/"},
        "",
        "ana",
        "/users/ana",
        "//paris.example/a",
        "#main-key",
        "acct:ana@paris.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://paris.example/a",
        "urn:uuid:1",
        "https:paris.example",
        "https:///a",
        "https://",
        "https://us@evil.example/",
        "https://us:pass@evil.example/",
        "https://tilios.example\\@evil.example/",
        "https://evil.example/a\\b",
        "https://evil.example/a b",
        "https://evil.example/\tb",
        "https://evil.example/\r\nHost: x",
        "https://evil.example/\0",
        "https://ev\til.example/",
        "https://exam%70le.com/",
        "https://evil.example:0/",
        "https://evil.example:99999/",
        "https://evil.example:/",
        "https://evil.example:8o/",
        "https://a..example/",
        "https://.example/",
        "https://-a.example/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://127.0.0.01/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://xn--0/",
        "https://a\u200b.example/",
        "https://a.example/\u202egnp",
        "https://a.example/\ud800",
        f"https://a.example/{'x' * 2031}",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
    ],
)
def test_what_is_no_http_address_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        parse_url(value)


def test_ids_that_differ_in_path_or_fragment_stay_distinct() -> None:
    ids = [
        "https://a.example/x",
        "https://a.example/X",
        "https://a.example/x/",
        "https://a.example/x#1",
        "https://a.example/./x",
        "https://a.example/%78",
    ]
    assert len({read_id(text) for text in ids}) == len(ids)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert same_origin("https://a.example/1", "https://A.example:443/2")
    assert not same_origin("https://a.example/1", "http://a.example/1")
    assert not same_origin("https://a.example/1", "https://a.example:8443/1")
    assert not same_origin("https://a.example/1", "https://b.a.example/1")


def test_an_origin_knows_whether_its_host_is_an_address() -> None:
    assert origin_of("http://127.0.0.1/").is_ip_literal
    assert origin_of("http://[::1]/").is_ip_literal
    assert not origin_of("http://localhost/").is_ip_literal
    assert not origin_of("https://1.example/").is_ip_literal


@pytest.mark.parametrize(
    ("text", "request_url"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://A.example:443?q=1", "https://a.example/?q=1"),
        ("https://a.example/x?", "https://a.example/x"),
        ("https://a.example/x#main-key", "https://a.example/x"),
        ("https://a.example/é?q=ü#f", "https://a.example/%C3%A9?q=%C3%BC"),
        ("https://a.example/../%2E%2e//;='()", "https://a.example/../%2E%2e//;='()"),
    ],
)
def test_a_request_names_the_path_as_it_was_written(text: str, request_url: str) -> None:
    assert parse_url(text).request == request_url


def test_the_site_builds_the_addresses_of_the_node() -> None:
    assert SITE.domain == "tilios.example"
    assert SITE.actor("person", "ana") == "https://tilios.example/p/ana"
    assert SITE.actor("Group", "jardin") == "https://tilios.example/g/jardin"
    assert SITE.actor("network", "tilios") == "https://tilios.example/g/tilios"
    assert SITE.actor("instance", "tilios.example") == SITE.instance_actor
    assert SITE.instance_actor == "https://tilios.example/actor"
    assert SITE.object("k") == "https://tilios.example/o/k"
    assert SITE.context("k") == "https://tilios.example/c/k"
    assert SITE.activity("k") == "https://tilios.example/a/k"
    assert SITE.shared_inbox == "https://tilios.example/inbox"


def test_the_site_knows_its_own_addresses() -> None:
    assert SITE.local_path("https://tilios.example/o/1#create") == "/o/1#create"
    assert SITE.local_path("https://TILIOS.example:443/o/1") == "/o/1"
    assert SITE.is_local("https://tilios.example")
    for foreign in ("https://evil.example/o/1", "http://tilios.example/o/1", "urn:x", ""):
        assert not SITE.is_local(foreign)
    assert not SITE.is_local("https://tilios.example@evil.example/o/1")
    assert not SITE.is_local("https://tilios.example.evil.example/o/1")


def test_two_nodes_on_one_machine_are_two_peers() -> None:
    site = Site("http://localhost:8080")
    assert site.domain == "localhost:8080"
    assert site.is_local("http://localhost:8080/p/ana")
    assert not site.is_local("http://localhost:8081/p/ana")


@pytest.mark.parametrize(
    "url", ["https://tilios.example/", "https://tilios.example/fedi", "https://TILIOS.example"]
)
def test_a_node_lives_at_an_origin(url: str) -> None:
    with pytest.raises(Malformed, match=r"https://tilios\.example"):
        Site(url)


def test_keys_are_unique_ordered_and_made_of_26_plain_characters() -> None:
    keys = [new_key() for _ in range(1000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 26 for key in keys)
    assert set("".join(keys)) <= set("0123456789abcdefghjkmnpqrstvwxyz")


@given(st.text())
def test_any_text_is_an_id_or_malformed(text: str) -> None:
    for candidate in (text, f"https://{text}", f"https://a.example/{text}"):
        try:
            url = parse_url(candidate)
        except Malformed:
            continue
        assert parse_url(str(url)) == url
        assert read_id(str(url)) == str(url)
        assert url.request.isascii()
        assert parse_url(url.request).request == url.request


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z0-9]{1,9}(\.[a-z][a-z0-9-]{0,9}[a-z0-9]){1,3}", fullmatch=True),
    st.integers(1, 65535),
)
def test_an_origin_is_read_back_from_its_text(scheme: str, host: str, port: int) -> None:
    try:
        origin = origin_of(f"{scheme}://{host}:{port}/x")
    except Malformed:
        assert "xn--" in host
        return
    assert origin == Origin(scheme, host, port)
    assert origin_of(str(origin)) == origin
