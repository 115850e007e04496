"""When to try again: the patience of the queue, as pure functions.

A row waits longer after each failure of its own.  A peer that fails again and again is
paused as a whole, and then asked with one delivery at a time.
"""

from datetime import timedelta
from random import Random

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

#: How long a delivery is worth making.
LIFETIME = 14 * _DAY
#: A like that comes a day late tells nobody anything.
LIKE_LIFETIME = _DAY
LIKES = frozenset({"Like", "Dislike", "EmojiReact"})

_FIRST = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR)
#: After the first day a delivery is tried daily, until its lifetime is over.
_DAILY = int((LIFETIME - sum(_FIRST, timedelta())) / _DAY)
DELAYS = (*_FIRST, *[_DAY] * _DAILY)
_JITTER = 0.2

#: Failures in a row after which a peer is paused.
BREAKER = 5
#: The longest pause a peer may ask for with Retry-After.
LONGEST_PAUSE = _DAY


def delay(attempts: int, rng: Random) -> timedelta | None:
    """How long to wait after the given number of failed attempts; None when it was the last.

    1, 5, 15 minutes, 1, 3, 6, 12, 24 hours, then daily up to fourteen days, each 20 % more or
    less, so that a peer that comes back does not meet everything at once.
    """
    if attempts > len(DELAYS):
        return None
    return DELAYS[max(attempts, 1) - 1] * rng.uniform(1 - _JITTER, 1 + _JITTER)


def pause(failures: int) -> timedelta | None:
    """How long to leave a peer alone after so many failures in a row; None while it is trusted."""
    if failures < BREAKER:
        return None
    return DELAYS[min(failures - BREAKER, len(_FIRST))]


def lifetime(activity_type: str) -> timedelta:
    """How long after it was said an activity of this type is still delivered."""
    return LIKE_LIFETIME if activity_type in LIKES else LIFETIME
