"""From a page of posts in reading order to the tree that is drawn."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from fedi.debates.addresses import LEVELS
from fedi.debates.tree import WIDTH

#: A silence between two branches that is worth telling.
SILENCE = timedelta(days=14)


class Placed(Protocol):
    """What the tree needs to know of a post."""

    @property
    def path(self) -> str:
        """Its place in reading order: the path of the post above, and one more segment."""

    @property
    def published_at(self) -> datetime:
        """When it was written."""


Row = TypeVar("Row", bound=Placed)


@dataclass
class Branch(Generic[Row]):
    """A post and the replies that are drawn under it."""

    post: Row
    level: int
    continued: bool = False  # the post it answers is on an earlier page
    above: str = ""  # where that is read
    replies: list["Branch[Row]"] = field(default_factory=list)
    hidden: int = 0  # posts below that are not drawn
    silence: timedelta | None = None  # before it, since anything was added to the branch above

    def below(self) -> Iterator[Row]:
        """The posts that are drawn under it, in reading order."""
        for reply in self.replies:
            yield reply.post
            yield from reply.below()


def grow(posts: Iterable[Row], *, root: str) -> list[Branch[Row]]:
    """Nest the posts of a page, all of which are under the path `root`.

    A post whose parent is not on the page starts a branch of its own, marked `continued`.
    """
    branches: list[Branch[Row]] = []
    line: list[Branch[Row]] = []  # from the top down to the post before
    newest: datetime | None = None
    for post in posts:
        while line and not post.path.startswith(line[-1].post.path):
            line.pop()
        branch = Branch(post, len(line) + 1)
        if not line:
            branch.continued = len(post.path) > len(root) + WIDTH
            if newest is not None and post.published_at - newest >= SILENCE:
                branch.silence = post.published_at - newest
            branches.append(branch)
        elif branch.level <= LEVELS:
            line[-1].replies.append(branch)
        else:
            line[LEVELS - 1].hidden += 1
        line.append(branch)
        newest = max(newest or post.published_at, post.published_at)
    return branches
