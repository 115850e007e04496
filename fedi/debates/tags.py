"""Tags: words by which debates are found, whoever marked them and however they are written."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import Select, delete, func, select

from fedi.core.errors import Invalid
from fedi.core.html import plain
from fedi.core.tables import id_at
from fedi.core.text import MAX_HASHTAGS, find_hashtags
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.models.tag import Tag
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import is_public, readable

#: Tags that a member gives to a debate, besides those in its text.
MAX_GIVEN = 6
MAX_LENGTH = 40
#: How far back the list of tags looks, and how many uses of tags it reads at most.
RECENT = timedelta(days=365)
MAX_READ = 5000

_PARTS = re.compile(r"[^\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})


@lru_cache(maxsize=4096)
def fold(label: str) -> str:
    """The name under which a tag is found: without accents, case, or what joins its words.

    `#TiersLieux`, `#tiers_lieux` and `#Tiers-lieux` are one.
    """
    letters = unicodedata.normalize("NFKD", label.casefold().translate(_LIGATURES))
    return "".join(_PARTS.findall("".join(c for c in letters if not unicodedata.combining(c))))


def read_labels(text: str) -> list[str]:
    """The tags in a field, between commas; other servers know only those of one word.

    `tiers-lieux, économie sociale` are `tiersLieux` and `économieSociale`.  Raises `Invalid`
    when there are too many or one is too long.
    """
    found = [label for entry in re.split(r"[,;#\n]", text) if (label := _join(entry))]
    labels = _unique(found)
    if len(labels) > MAX_GIVEN:
        raise Invalid("six tags are enough for a debate", code="many-tags")
    if any(len(label) > MAX_LENGTH for label in labels):
        raise Invalid("a tag is a word or two, not a sentence", code="long-tag")
    return labels


def _join(entry: str) -> str:
    first, *others = _PARTS.findall(entry) or [""]
    joined = first + "".join(word[:1].upper() + word[1:] for word in others)
    return "" if joined.isdigit() else joined


def all_labels(given: Iterable[str], content: str) -> list[str] | None:
    """The tags of a post of ours: those given, then those in its text; None when it has none."""
    return _unique([*given, *find_hashtags(plain(content))])[:MAX_HASHTAGS] or None


def given_labels(post: Post) -> list[str]:
    """The tags that its author gave to a post besides those in its text."""
    in_text = {fold(label) for label in find_hashtags(plain(post.content))}
    return [label for label in post.tags or () if fold(label) not in in_text]


def _unique(labels: Sequence[str]) -> list[str]:
    """Each once, whatever its accents; the first spelling counts."""
    found: dict[str, str] = {}
    for label in labels:
        found.setdefault(fold(label), label)
    found.pop("", None)
    return list(found.values())


def note_tags(unit: Unit, post: Post) -> None:
    """Let a new post be found by its tags."""
    if post.tags and is_public(post) and post.deleted_at is None:
        for label in _unique(post.tags):
            unit.write(Tag, post_id=post.id, name=fold(label), label=label)


async def change_tags(unit: Unit, post: Post, labels: list[str] | None) -> bool:
    """Give a post other tags; whether they are others."""
    if (post.tags or None) == (labels or None):
        return False
    if post.tags:
        await unit.flush()
        await unit.session.execute(delete(Tag).where(Tag.post_id == post.id))
    post.tags = labels or None
    note_tags(unit, post)
    return True


# --- found by them -----------------------------------------------------------------------


def threads_tagged(name: str) -> Select[int]:
    """The ids of the threads in which a post that all may read bears this tag."""
    return (
        select(Post.thread_id)
        .join(Tag, Tag.post_id == Post.id)
        .where(Tag.name == name, Post.deleted_at.is_(None), readable())
    )


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag in a list."""

    name: str
    label: str  # as it was written last
    debates: int


async def list_tags(unit: Unit, *, limit: int = 200) -> list[TagRow]:
    """The tags in use this year, those of most debates first."""
    since = id_at(unit.now - RECENT)
    recent = (
        select(Tag.id, Tag.name, Tag.label, Post.thread_id)
        .join(Post, Post.id == Tag.post_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Tag.id > since, Post.deleted_at.is_(None), readable(), Thread.listed)
        .order_by(Tag.id.desc())
        .limit(MAX_READ)
        .subquery()
    )
    debates = func.count(recent.c.thread_id.distinct())
    query = (
        select(recent.c.name, func.max(recent.c.id), debates)
        .group_by(recent.c.name)
        .order_by(debates.desc(), recent.c.name)
        .limit(limit)
    )
    rows = (await unit.session.execute(query)).all()
    labels = await _labels(unit, [last for _, last, _ in rows])
    return [TagRow(name, labels[last], count) for name, last, count in rows]


async def _labels(unit: Unit, ids: Sequence[int]) -> dict[int, str]:
    query = select(Tag.id, Tag.label).where(Tag.id.in_(ids))
    return {row.id: row.label for row in await unit.session.execute(query)}


async def label_of(unit: Unit, name: str) -> str | None:
    """How a tag was written last; None when nothing bears it."""
    query = select(Tag.label).where(Tag.name == name).order_by(Tag.post_id.desc()).limit(1)
    label: str | None = await unit.session.scalar(query)
    return label
