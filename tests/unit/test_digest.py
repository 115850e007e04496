"""Two nodes find what one of them misses by telling little more than that."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from fedi.debates.digest import FEW, Leaf, Tree, mark_of, name_of, open_branches, plant

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def leaves(numbers: range | set[int], changed: frozenset[int] = frozenset()) -> Tree:
    return plant(
        Leaf(
            name_of(f"https://lisbon.example/notes/{number}"),
            mark_of(NOON if number in changed else None, deleted=False),
        )
        for number in numbers
    )


def compare(here: Tree, there: Tree) -> tuple[set[Leaf], int]:
    """What `here` lacks of `there`, and how many bytes were told to find it."""
    asked, found, told = [""], set[Leaf](), 0
    while asked:
        answer = there.tell(asked)
        told += len(json.dumps(answer)) + len(",".join(asked))
        asked, differing = open_branches(here, answer)
        found |= set(differing)
    return found, told


def test_thirty_of_ten_thousand_are_found_by_telling_less_than_they_take():
    there = leaves(range(10_000))
    missing = {number * 333 for number in range(30)}
    here = leaves(set(range(10_000)) - missing)

    found, told = compare(here, there)

    assert found == set(leaves(missing).leaves)
    assert told < 30_000, "a post takes two thousand bytes or more"
    assert compare(there, there) == (set(), len('{"": {"branches": []}}') + 16 * 16 - 2)
    assert compare(there, here)[0] == set(), "what only we have is not asked for"


def test_an_edit_and_a_deletion_are_differences():
    there, here = leaves(range(100), frozenset({7})), leaves(range(100))

    assert {leaf.name for leaf in compare(here, there)[0]} == {
        name_of("https://lisbon.example/notes/7")
    }
    assert mark_of(NOON, deleted=True) == mark_of(None, deleted=True), "the last word"


@given(st.sets(st.integers(0, 300)), st.sets(st.integers(0, 300)))
def test_whatever_two_hold_the_difference_is_found_whole(ours: set[int], theirs: set[int]):
    here, there = leaves(ours), leaves(theirs)

    assert compare(here, there)[0] == set(leaves(theirs - ours).leaves)
    assert (here.digest == there.digest) == (ours == theirs)
    few = len(there.leaves) <= FEW
    assert ("posts" in there.tell([""])[""]) == few
