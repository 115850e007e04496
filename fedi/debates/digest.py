"""A debate as a tree of digests: two nodes find what one of them misses by telling little more.

Each public post has a name, the digest of its id, and a mark, the digest of the state in which
its author left it.  The names begin with one of sixteen digits, those with the same first digit
go on with one of sixteen, and so forth: a branch is known by the digest of all that is in it.
Branches that are the same are left aside, the others are opened, down to a handful of posts.
Of ten thousand posts, thirty are found by opening about a hundred branches.

Whatever the order in which posts arrived, who holds the same has the same digest.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import select

from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import readable

DIGITS = "0123456789abcdef"
NAME, MARK, DIGEST = 16, 6, 12
#: A branch of so few posts is told post by post.
FEW = 12
#: Deeper than any honest debate goes: names of 64 bits that begin alike are rare.
MAX_PREFIX = 12
MAX_BRANCHES = 64

Told = dict[str, list[str]]


class Leaf(NamedTuple):
    """A post as the tree knows it."""

    name: str  # 16 hexadecimal digits of the digest of its id
    mark: str  # six of the digest of its state

    def __str__(self) -> str:
        return self.name + self.mark


def name_of(uri: str) -> str:
    """The name of a post in the tree."""
    return sha256(uri.encode()).hexdigest()[:NAME]


def mark_of(updated_at: datetime | None, *, deleted: bool) -> str:
    """The mark of a post that its author left like that; a deletion is the last word."""
    micros = round(updated_at.timestamp() * 1_000_000) if updated_at is not None else 0
    return sha256(b"deleted" if deleted else str(micros).encode()).hexdigest()[:MARK]


@dataclass(frozen=True)
class Tree:
    """The posts of a debate, sorted by their names."""

    leaves: Sequence[Leaf]

    @property
    def digest(self) -> str:
        """What tells whether two nodes hold the same."""
        return _digest(self.leaves)

    def below(self, prefix: str) -> Sequence[Leaf]:
        """The posts whose names begin like that."""
        start = bisect_left(self.leaves, Leaf(prefix, ""))
        return self.leaves[start : bisect_left(self.leaves, Leaf(prefix + "g", ""))]

    def tell(self, prefixes: Iterable[str]) -> dict[str, Told]:
        """What is below each of these: posts when they are few, digests of branches otherwise."""
        return {prefix: self._tell(prefix) for prefix in prefixes}

    def _tell(self, prefix: str) -> Told:
        leaves = self.below(prefix)
        if len(leaves) <= FEW or len(prefix) >= MAX_PREFIX:
            return {"posts": [str(leaf) for leaf in leaves]}
        return {"branches": [_digest(self.below(prefix + digit)) for digit in DIGITS]}


def _digest(leaves: Sequence[Leaf]) -> str:
    """Of nothing: the empty text, so that what is missing whole is seen at once."""
    if not leaves:
        return ""
    return sha256("".join(map(str, leaves)).encode()).hexdigest()[:DIGEST]


def plant(leaves: Iterable[Leaf]) -> Tree:
    """Make the tree of these posts."""
    return Tree(sorted(leaves))


def read_prefixes(text: str) -> list[str]:
    """The branches that somebody asks about, in a list with commas; `ValueError` if it is none."""
    prefixes = text.split(",")
    if len(prefixes) > MAX_BRANCHES or not all(
        len(prefix) <= MAX_PREFIX and set(prefix) <= set(DIGITS) for prefix in prefixes
    ):
        raise ValueError("these are no branches")
    return prefixes


def open_branches(tree: Tree, told: Mapping[str, Told]) -> tuple[list[str], list[Leaf]]:
    """Compare what somebody tells with what is here: branches to ask about next, posts that differ.

    What is only here is not their affair: they will ask.
    """
    differing: list[str] = []
    leaves: list[Leaf] = []
    for prefix, what in told.items():
        here = set(tree.below(prefix))
        theirs = (Leaf(text[:NAME], text[NAME:]) for text in what.get("posts", ()))
        leaves += (leaf for leaf in theirs if leaf not in here)
        for digit, digest in zip(DIGITS, what.get("branches", ()), strict=False):
            if digest and digest != _digest(tree.below(prefix + digit)):
                differing.append(prefix + digit)
    return differing, leaves


async def read_tree(unit: Unit, thread: Thread) -> Tree:
    """The tree of a debate as it is kept here.

    What a moderator removed counts as it was: that is a decision of this node alone.
    """
    query = select(Post.uri, Post.updated_at, Post.deleted_at, Post.removed_by_id).where(
        Post.thread_id == thread.id, readable()
    )
    rows = (await unit.session.execute(query)).all()
    return plant(
        Leaf(name_of(uri), mark_of(updated, deleted=deleted is not None and removed is None))
        for uri, updated, deleted, removed in rows
    )


async def find_named(unit: Unit, thread: Thread, names: Iterable[str]) -> list[str]:
    """The ids of the posts of a debate that have these names."""
    wanted = set(names)
    query = select(Post.uri).where(Post.thread_id == thread.id, readable())
    return [uri for uri in await unit.session.scalars(query) if name_of(uri) in wanted]
