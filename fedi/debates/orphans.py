"""Replies that arrived before what they answer, and how a batch of arrivals finds them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import select

from fedi.core.tables import IN_LIMIT
from fedi.core.unit import Unit
from fedi.debates.models.post import Post

_MEMORY = "debates.orphans"
_Name = tuple[str, str]  # column and value


@dataclass
class _Waiting:
    """What a unit knows of orphans: rows of the database once asked for, and its own at once."""

    asked: set[_Name] = field(default_factory=set)
    posts: defaultdict[_Name, dict[int, Post]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, post: Post) -> None:
        for column in ("parent_uri", "context_uri"):
            if (value := getattr(post, column)) is not None:
                self.posts[column, value][post.id] = post


def _waiting(unit: Unit) -> _Waiting:
    waiting: _Waiting = unit.memory.setdefault(_MEMORY, _Waiting())
    return waiting


def remember_orphan(unit: Unit, post: Post) -> None:
    """Let a later arrival of this unit find a post whose parent is unknown."""
    _waiting(unit).add(post)


async def load_orphans(unit: Unit, **names: Collection[str]) -> None:
    """Meet the orphans that wait for these posts (`parent_uri`) or threads (`context_uri`)."""
    ((column, values),) = names.items()
    waiting = _waiting(unit)
    wanted = sorted({value for value in values if (column, value) not in waiting.asked})
    waiting.asked |= {(column, value) for value in wanted}
    for start in range(0, len(wanted), IN_LIMIT):
        query = select(Post).where(
            getattr(Post, column).in_(wanted[start : start + IN_LIMIT]),
            Post.parent_id.is_(None),
            Post.parent_uri.is_not(None),
        )
        for post in await unit.session.scalars(query):
            unit.meet(post)
            waiting.add(post)


async def orphans_of(unit: Unit, **name: str) -> list[Post]:
    """The posts that still wait for a post (`parent_uri`) or a thread (`context_uri`)."""
    ((column, value),) = name.items()
    waiting = _waiting(unit)
    if (column, value) not in waiting.asked:
        await load_orphans(unit, **{column: [value]})
    found = waiting.posts.get((column, value), {})
    return [
        post
        for _, post in sorted(found.items())
        if post.parent_id is None and post.parent_uri is not None
    ]
