"""What is remembered of peers' keys fades, and stays small."""

from datetime import timedelta

import pytest
from factories import FakeClock, key_pair

from actors.keyring import REFETCHES_PER_HOUR, Allowance, Fading, KeyRing, KnownKey
from fedi.core.errors import Unauthenticated, Unreachable
from fedi.core.signatures.keys import PublicKey

MINUTE = timedelta(minutes=1)


def known(name: str, owner: str = "https://a.example/ana") -> KnownKey:
    return KnownKey(PublicKey(name, owner, key_pair("ring").ed25519.public_key()), 1)


def test_an_entry_fades_after_its_span(clock: FakeClock) -> None:
    memory: Fading[str] = Fading(clock)
    memory.put("a", "x", MINUTE)

    clock.advance(MINUTE - timedelta(seconds=1))
    assert memory.get("a") == "x"
    clock.advance(timedelta(seconds=1))
    assert memory.get("a") is None


def test_the_entry_unused_for_longest_makes_room(clock: FakeClock) -> None:
    memory: Fading[int] = Fading(clock, limit=2)
    memory.put("a", 1, MINUTE)
    memory.put("b", 2, MINUTE)
    assert memory.get("a") == 1
    memory.put("c", 3, MINUTE)

    assert [memory.get(name) for name in "abc"] == [1, None, 3]


def test_an_allowance_is_used_up_and_comes_back(clock: FakeClock) -> None:
    allowance = Allowance(clock, 2, MINUTE)

    assert [allowance.take("a") for _ in range(3)] == [True, True, False]
    assert allowance.take("b")
    clock.advance(MINUTE)
    assert allowance.take("a")


def test_a_key_is_kept_for_a_day(clock: FakeClock) -> None:
    ring = KeyRing(clock)
    key = known("https://a.example/ana#main-key")
    ring.keep(key)

    clock.advance(timedelta(hours=23))
    assert ring.get(key.public.id) is key
    clock.advance(timedelta(hours=1))
    assert ring.get(key.public.id) is None


def test_forgetting_an_actor_drops_its_keys_only(clock: FakeClock) -> None:
    ring = KeyRing(clock)
    ring.keep(known("https://a.example/ana#1"))
    ring.keep(known("https://a.example/ana#2"))
    ring.keep(known("https://a.example/bob#1", "https://a.example/bob"))

    ring.forget("https://a.example/ana")

    assert ring.get("https://a.example/ana#1") is None
    assert ring.get("https://a.example/ana#2") is None
    assert ring.get("https://a.example/bob#1") is not None


def test_a_refusal_is_repeated_for_five_minutes_and_an_absence_for_one(clock: FakeClock) -> None:
    ring = KeyRing(clock)
    ring.refuse("a", Unauthenticated("no such key", code="key-not-found"))
    ring.refuse("b", Unreachable(code="key-connect"))

    with pytest.raises(Unauthenticated, match="no such key") as refused:
        ring.check_refused("a")
    assert refused.value.code == "key-not-found"
    with pytest.raises(Unreachable):
        ring.check_refused("b")
    clock.advance(MINUTE)
    ring.check_refused("b")
    with pytest.raises(Unauthenticated):
        ring.check_refused("a")
    clock.advance(4 * MINUTE)
    ring.check_refused("a")


def test_a_key_is_asked_again_once_in_five_minutes(clock: FakeClock) -> None:
    ring = KeyRing(clock)

    assert ring.may_refetch("ana", "https://a.example")
    assert not ring.may_refetch("ana", "https://a.example")
    clock.advance(5 * MINUTE)
    assert ring.may_refetch("ana", "https://a.example")


def test_one_server_is_asked_again_sixty_times_an_hour_at_most(clock: FakeClock) -> None:
    ring = KeyRing(clock)
    asked = [ring.may_refetch(str(n), "https://a.example") for n in range(REFETCHES_PER_HOUR + 1)]

    assert asked.count(True) == REFETCHES_PER_HOUR
    assert ring.may_refetch("other", "https://b.example")
