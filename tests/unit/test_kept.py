"""What is kept in memory, within a bound."""

import asyncio

from fedi.web.kept import OVERHEAD, Kept, Lasting


def test_what_was_not_asked_for_longest_goes_first():
    kept: Kept[str] = Kept(3 * (OVERHEAD + 10))
    for name in "abc":
        kept.keep(name, name.upper(), 10)
    assert kept.get("a") == "A"
    kept.keep("d", "D", 10)
    assert kept.get_all("abcd") == ["A", None, "C", "D"]


def test_what_is_kept_anew_takes_the_room_of_one():
    kept: Kept[int] = Kept(2 * (OVERHEAD + 10))
    for number in range(10):
        kept.keep("a", number, 10)
    kept.keep("b", 0, 10)
    assert kept.get_all("ab") == [9, 0]


def test_what_is_too_large_for_the_room_is_not_kept():
    kept: Kept[str] = Kept(OVERHEAD + 10)
    kept.keep("a", "A", 11)
    assert kept.get("a") is None
    kept.keep("b", "B", 10)
    assert kept.get("b") == "B"


def test_dropping_gives_the_room_back():
    kept: Kept[str] = Kept(OVERHEAD + 10)
    kept.keep("a", "A", 10)
    kept.drop("a")
    kept.drop("never there")
    kept.keep("b", "B", 10)
    kept.clear()
    kept.keep("c", "C", 10)
    assert kept.get_all("abc") == [None, None, "C"]


async def test_what_lasts_is_read_once_for_all_and_anew_when_it_is_old():
    now, reads = 0.0, 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        return reads

    lasting: Lasting[int] = Lasting(10, clock=lambda: now)
    assert await asyncio.gather(*(lasting.get(read) for _ in range(5))) == [1] * 5
    now = 9.9
    assert await lasting.get(read) == 1
    now = 10.0
    assert await lasting.get(read) == 2
