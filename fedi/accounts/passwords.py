"""Passwords: argon2id, computed beside the event loop by a small, bounded pool."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fedi.core.errors import Invalid, Overloaded

MIN_LENGTH = 10
MAX_LENGTH = 128
WORKERS = 2
MAX_WAITING = 32

#: What OWASP advises for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: A hash that no password has: checking it takes as long as checking one that exists.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUu$" + "A" * 43

Result = TypeVar("Result")


class _Pool:
    """Two threads and a short queue: a flood is told to come back, the loop never waits."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="passwords")
        self._waiting = 0

    async def run(self, work: Callable[..., Result], *values: str) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Overloaded("too many people are signing in at once")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)
        finally:
            self._waiting -= 1


_pool = _Pool()


async def hash_password(password: str) -> str:
    """Make what may be stored of a password.

    Raises `Invalid` when it is too short or too long, `Overloaded` when too many are waiting.
    """
    if len(password) < MIN_LENGTH:
        raise Invalid("the password must have at least 10 characters", code="password-too-short")
    if len(password) > MAX_LENGTH:
        raise Invalid("the password may have at most 128 characters", code="password-too-long")
    return await _pool.run(_HASHER.hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether this is the password; takes the same time when there is no account (`None`).

    Raises `Overloaded` when too many are waiting.
    """
    matches = await _pool.run(_matches, stored or _NOBODY, password[: MAX_LENGTH + 1])
    return matches and stored is not None


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
