"""The book of decisions: which rule covers which server."""

import pytest

from actors.models import Policy
from actors.policies import Book
from fedi.core.urls import origin_of

BLOCKED, ALLOWED = Policy.BLOCKED, Policy.ALLOWED


@pytest.mark.parametrize(
    ("origin", "refused"),
    [
        ("https://evil.example", True),
        ("https://sub.evil.example", True),
        ("https://a.b.evil.example", True),
        ("https://evil.example:8443", True),
        ("http://evil.example", True),
        ("https://notevil.example", False),
        ("https://evil.example.org", False),
        ("https://friends.evil.example", False),
        ("https://deep.friends.evil.example", False),
        ("https://example", False),
    ],
)
def test_a_block_covers_the_sub_domains_and_ports_of_a_host(origin: str, refused: bool) -> None:
    book = Book([("evil.example", BLOCKED), ("friends.evil.example", ALLOWED)])

    assert book.refuses(origin) is refused
    assert (origin in book) is refused
    assert (origin_of(origin) in book) is refused


def test_a_rule_for_a_port_is_for_that_port_alone() -> None:
    book = Book([("localhost:8082", BLOCKED)])

    assert book.refuses("http://localhost:8082")
    assert not book.refuses("http://localhost:8081")
    assert not book.refuses("http://a.localhost:8082")


def test_an_open_rule_says_nothing_and_leaves_the_word_to_the_domain_above() -> None:
    book = Book([("evil.example", BLOCKED), ("sub.evil.example", Policy.OPEN)])

    assert book.refuses("https://sub.evil.example")


def test_an_address_has_no_sub_domains() -> None:
    assert not Book([("0.0.1", BLOCKED)]).refuses("http://127.0.0.1")
    assert Book([("127.0.0.1", BLOCKED)]).refuses("http://127.0.0.1:8080")


def test_in_allow_list_mode_whoever_is_not_allowed_is_refused() -> None:
    book = Book([("friend.example", ALLOWED), ("evil.friend.example", BLOCKED)], mode="allowlist")

    assert not book.refuses("https://friend.example")
    assert not book.refuses("https://sub.friend.example")
    assert book.refuses("https://evil.friend.example")
    assert book.refuses("https://stranger.example")


def test_what_is_no_origin_is_in_no_book() -> None:
    assert 5 not in Book(mode="allowlist")


def test_suspended_actors_are_named_one_by_one() -> None:
    book = Book(suspended=["https://a.example/mallory"])

    assert book.is_suspended("https://a.example/mallory")
    assert not book.is_suspended("https://a.example/ana")
