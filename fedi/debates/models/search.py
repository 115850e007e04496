"""Tables of search: the words of posts and of names, as they are sought.

They hold nothing that cannot be made again from posts and actors.  Beside each stands an index of
the database's own kind, which follows the table by itself (`fedi.debates.search.index`).
"""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from fedi.core.tables import Base


def _key_of(target: str) -> Any:
    """The key of the row whose words these are; they go with it."""
    whose = ForeignKey(target, ondelete="CASCADE", deferrable=True, initially="DEFERRED")
    return mapped_column(whose, primary_key=True, autoincrement=False)


class PostWords(Base):
    """The words of a post that is there, whoever may read it."""

    __tablename__ = "post_words"

    id: Mapped[int] = _key_of("posts.id")
    stamp: Mapped[int] = mapped_column(index=True)  # that the post had when they were taken
    title: Mapped[str]
    text: Mapped[str]
    marks: Mapped[str]  # who wrote it, and from which server


class ActorWords(Base):
    """The words of the name and the handle of an actor."""

    __tablename__ = "actor_words"

    id: Mapped[int] = _key_of("actors.id")
    stamp: Mapped[int] = mapped_column(index=True)
    name: Mapped[str]
