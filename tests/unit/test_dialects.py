"""How a server wants to hear of debates, and how it is doing."""

from datetime import UTC, datetime, timedelta

import pytest

from actors.models import Dialect, Peer, Policy
from actors.peers import Description, PeerHealth, dialect_for, health_of

FEP_1B12 = frozenset({"https://w3id.org/fep/1b12"})
FEP_8B32 = frozenset({"https://w3id.org/fep/8b32"})
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("description", "dialect"),
    [
        (Description("fedi", "0.1.0", FEP_1B12 | FEP_8B32), Dialect.NODE),
        (Description("gotosocial", "0.20.0"), Dialect.GOTOSOCIAL),
        (Description("lemmy", "0.19.3"), Dialect.FORUM),
        (Description("nodebb", "4.15.1"), Dialect.FORUM),
        (Description("discourse", "3.5"), Dialect.FORUM),
        (Description("wordpress", "6.9", FEP_1B12), Dialect.FORUM),
        (Description("mastodon", "4.7.0"), Dialect.VERIFIER),
        (Description("mastodon", "4.7.0-alpha.2+glitch"), Dialect.VERIFIER),
        (Description("mastodon", "5.0.1"), Dialect.VERIFIER),
        (Description("mastodon", "4.6.9"), Dialect.MICROBLOG),
        (Description("mastodon", "4.10.0"), Dialect.VERIFIER),
        (Description("mastodon", "nightly"), Dialect.MICROBLOG),
        (Description("mastodon", None), Dialect.MICROBLOG),
        (Description("hollo", "0.8", FEP_8B32), Dialect.VERIFIER),
        (Description("misskey", "2026.5.4"), Dialect.MICROBLOG),
        (Description(), Dialect.MICROBLOG),
    ],
)
def test_the_software_of_a_server_decides_how_we_speak_to_it(
    description: Description, dialect: Dialect
) -> None:
    assert dialect_for(description, False) is dialect


def test_a_server_whose_actor_publishes_an_ed25519_key_verifies_proofs() -> None:
    assert dialect_for(Description("fedify-app"), True) is Dialect.VERIFIER
    assert dialect_for(Description("lemmy"), True) is Dialect.FORUM


@pytest.mark.parametrize(
    ("columns", "health"),
    [
        ({}, PeerHealth.NEW),
        ({"heard_at": NOW}, PeerHealth.WELL),
        ({"reached_at": NOW}, PeerHealth.WELL),
        ({"failing_since": NOW - timedelta(hours=2), "heard_at": NOW}, PeerHealth.TROUBLED),
        ({"failing_since": NOW - timedelta(days=1)}, PeerHealth.SILENT),
        ({"failing_since": NOW - timedelta(days=14)}, PeerHealth.LOST),
        ({"policy": Policy.BLOCKED, "heard_at": NOW}, PeerHealth.BLOCKED),
    ],
)
def test_the_health_of_a_server_is_one_word(
    columns: dict[str, datetime], health: PeerHealth
) -> None:
    assert health_of(Peer(**columns), NOW) is health
