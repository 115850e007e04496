"""Paths sort as a debate is read."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fedi.debates.models.post import Post
from fedi.debates.tree import (
    MAX_DEPTH,
    WIDTH,
    attach,
    below,
    depth_of,
    plant,
    reading_order,
    segment,
)

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
dates = st.integers(-(10**15), 10**15).map(lambda us: START + timedelta(microseconds=us))
uris = st.integers(0, 50).map("https://paris.example/notes/{}".format)


@given(dates, dates, uris, uris)
def test_segments_sort_by_date_and_then_the_same_way_everywhere(
    one: datetime, other: datetime, uri: str, other_uri: str
) -> None:
    first, second = segment(one, uri), segment(other, other_uri)

    assert len(first) == len(second) == WIDTH
    if one != other:
        assert (one < other) == (first < second)
    assert (first == second) == (one == other and uri == other_uri)


def test_a_microsecond_is_enough_to_be_later() -> None:
    later = START + timedelta(microseconds=1)
    assert segment(START, "https://z.example/1") < segment(later, "https://a.example/1")


def test_a_date_before_all_dates_is_the_first_one() -> None:
    assert segment(datetime(1900, 1, 1, tzinfo=UTC), "https://a.example/1").startswith("0" * 11)


def test_a_path_never_grows_past_the_deepest_level() -> None:
    own = segment(START, "https://a.example/1")
    path = ""
    for _ in range(MAX_DEPTH + 30):
        path = below(path, own)

    assert depth_of(path) == MAX_DEPTH


def test_a_branch_that_is_moved_too_deep_keeps_its_own_end() -> None:
    above = segment(START, "https://a.example/above") * (MAX_DEPTH - 1)
    branch = [segment(START, f"https://a.example/{number}") for number in range(5)]

    moved = below(above, "".join(branch))
    assert depth_of(moved) == MAX_DEPTH
    assert moved == above + branch[0] + branch[-1]


families = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 5)), min_size=1, max_size=40)


@given(families, st.randoms())
def test_sorting_by_path_is_the_reading_order(
    family: list[tuple[int, int]], chance: random.Random
) -> None:
    posts: list[Post] = []
    for number, (parent, minutes) in enumerate(family):
        post = Post(
            id=number,
            uri=f"https://paris.example/notes/{number}",
            published_at=START + timedelta(minutes=minutes),
        )
        if posts:
            above = posts[parent % len(posts)]
            post.parent_uri = above.uri
            plant(post, 1)
            attach(post, above)
        else:
            plant(post, 1)
        posts.append(post)
    shuffled = list(posts)
    chance.shuffle(shuffled)

    in_order = reading_order(shuffled)
    assert in_order == sorted(posts, key=lambda post: post.path)
    assert [depth_of(post.path) for post in in_order] == [post.depth for post in in_order]


def test_a_post_whose_parent_is_missing_is_read_in_its_place_by_date() -> None:
    root = Post(uri="https://a.example/1", published_at=START)
    orphan = Post(
        uri="https://a.example/2",
        parent_uri="https://a.example/lost",
        published_at=START + timedelta(minutes=1),
    )

    assert reading_order([orphan, root]) == [root, orphan]
