"""One function says who may read a post, as a condition for the database and for a post at hand."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, insert, select

import actors.models  # noqa: F401  posts refer to actors
import fedi.debates.models.thread  # noqa: F401  and to threads
from fedi.debates.models.post import Post, Visibility
from fedi.debates.permissions import is_public, may_read, readable

ANA = "https://lisbon.example/users/ana"
SACHA = "https://tilios.example/p/sacha"
STRANGER = "https://tilios.example/p/s"


REQUIRED = {
    "thread_id": 1,
    "author_id": 1,
    "path": "0",
    "type": "Note",
    "published_at": datetime(2026, 11, 25, tzinfo=UTC),
    "received_at": datetime(2026, 11, 25, tzinfo=UTC),
}


def post(visibility: Visibility, *addressed: str) -> Post:
    return Post(visibility=visibility, addressed=list(addressed))


@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.UNLISTED])
def test_everybody_reads_what_is_public(visibility: Visibility) -> None:
    assert is_public(post(visibility))
    assert may_read(post(visibility))
    assert may_read(post(visibility), STRANGER)


@pytest.mark.parametrize("visibility", [Visibility.FOLLOWERS, Visibility.DIRECT])
def test_only_those_addressed_read_what_is_private(visibility: Visibility) -> None:
    private = post(visibility, SACHA, ANA)

    assert may_read(private, SACHA)
    assert may_read(private, ANA)
    assert not may_read(private, STRANGER)
    assert not may_read(private)


def test_the_database_is_asked_the_same_question() -> None:
    engine = create_engine("sqlite://")
    names = ["https://x.example/é", 'https://x.example/100%_"', SACHA, ANA]
    posts = [
        (Visibility.PUBLIC, []),
        (Visibility.UNLISTED, []),
        (Visibility.FOLLOWERS, [ANA, f"{ANA}/followers", SACHA]),
        (Visibility.DIRECT, names),
        (Visibility.DIRECT, [ANA]),
    ]
    with engine.begin() as connection:
        Post.metadata.create_all(connection)
        for number, (visibility, addressed) in enumerate(posts):
            connection.execute(
                insert(Post.__table__).values(
                    id=number,
                    uri=f"https://x.example/{number}",
                    key=str(number),
                    visibility=visibility,
                    addressed=addressed,
                    **REQUIRED,
                )
            )
        others = ["https://x.example/100", "%", json.dumps(ANA)]
        for viewer in [None, ANA, SACHA, STRANGER, *names, *others]:
            found = connection.scalars(select(Post.id).where(readable(viewer)).order_by(Post.id))
            expected = [
                number
                for number, (visibility, addressed) in enumerate(posts)
                if may_read(post(visibility, *addressed), viewer)
            ]
            assert found.all() == expected, viewer
