"""How often who may do what."""

from dataclasses import dataclass, field

import pytest
from aiohttp.test_utils import make_mocked_request

from fedi.web import limits
from fedi.web.limits import Limiter, TooMany, address_of


@dataclass
class Ticking:
    """Seconds, which pass when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Limited:
    """A limiter of six a minute, three at once, on a clock of its own."""

    clock: Ticking = field(default_factory=Ticking)
    limiter: Limiter = field(init=False)

    def __post_init__(self) -> None:
        self.limiter = Limiter(per_minute=6, burst=3, clock=self.clock)


def test_a_burst_passes_and_then_time_has_to():
    limited = Limited()
    for _ in range(3):
        limited.limiter.take("a")
    with pytest.raises(TooMany) as refused:
        limited.limiter.take("a")
    assert refused.value.retry_after == 10
    limited.clock.now += 10
    limited.limiter.take("a")
    with pytest.raises(TooMany):
        limited.limiter.take("a")


def test_one_person_does_not_use_up_the_share_of_another():
    limited = Limited()
    for _ in range(3):
        limited.limiter.take("a")
    limited.limiter.take("b")


def test_a_refused_try_costs_nothing():
    limited = Limited()
    for _ in range(3):
        limited.limiter.take("a")
    for _ in range(50):
        with pytest.raises(TooMany):
            limited.limiter.take("a", "b")
    for _ in range(3):
        limited.limiter.take("b")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "MAX_BUCKETS", 10)
    limited = Limited()
    for number in range(100):
        limited.limiter.take(str(number))
    assert len(limited.limiter._buckets) == 10


@pytest.mark.parametrize(
    ("remote", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", "local"),
    ],
)
def test_an_address_is_counted_as_what_one_household_has(remote: str, counted_as: str):
    request = make_mocked_request("POST", "/sign-in").clone(remote=remote)
    assert address_of(request) == counted_as
