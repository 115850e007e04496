"""How patient the queue is."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbox.retry import BREAKER, LIFETIME, delay, lifetime, pause

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLAN = [1 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY]


class Dice(Random):
    """Chance that always falls on the same point between two numbers."""

    def __init__(self, point: float = 0.5) -> None:
        super().__init__()
        self.point = point

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.point


@pytest.mark.parametrize(("attempts", "planned"), [*enumerate(PLAN, 1), (15, DAY), (20, DAY)])
def test_each_failure_makes_the_wait_longer_up_to_a_day(attempts: int, planned: timedelta) -> None:
    assert delay(attempts, Dice()) == planned


def test_deliveries_to_one_peer_do_not_come_back_together() -> None:
    assert delay(4, Dice(0)) == 0.8 * HOUR
    assert delay(4, Dice(1)) == 1.2 * HOUR


def test_two_weeks_are_enough() -> None:
    waits = []
    while (wait := delay(len(waits) + 1, Dice())) is not None:
        waits.append(wait)

    assert LIFETIME - DAY < sum(waits, timedelta()) <= LIFETIME


@given(st.integers(0, 1000), st.randoms())
def test_a_wait_is_never_shorter_than_most_of_a_minute_nor_longer_than_a_day_and_a_bit(
    attempts: int, rng: Random
) -> None:
    wait = delay(attempts, rng)

    assert wait is None or 48 * timedelta(seconds=1) <= wait <= 1.2 * DAY


def test_a_peer_is_paused_after_five_failures_in_a_row() -> None:
    assert pause(BREAKER - 1) is None
    assert [pause(BREAKER + further) for further in range(8)] == PLAN
    assert pause(1000) == DAY


def test_likes_are_dropped_after_a_day() -> None:
    assert lifetime("Like") == DAY
    assert lifetime("Create") == lifetime("Undo") == 14 * DAY
