"""What became of a post: its versions, and who likes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actors.models import Actor
from fedi.core.differences import Passage, compare
from fedi.core.html import plain
from fedi.core.unit import Unit
from fedi.debates.models.post import Post, Reaction, Revision

#: Versions that are compared, the newest ones; and people who are named.
MAX_VERSIONS = 30
MAX_LIKERS = 500


@dataclass(frozen=True, slots=True)
class Version:
    """What a post said from one moment on."""

    number: int  # from 1, the first
    written_at: datetime
    text: str  # title, question and text, one line per paragraph
    before: str | None  # what it said until then; None of the first, or when that is not shown

    def changes(self) -> list[Passage]:
        """What changed; a long text takes milliseconds, so call it in a thread."""
        return compare(self.before, self.text) if self.before is not None else []


async def read_versions(unit: Unit, post: Post) -> list[Version]:
    """The versions of a post, the newest first."""
    query = (
        select(Revision)
        .where(Revision.post_id == post.id)
        .order_by(Revision.id.desc())
        .limit(MAX_VERSIONS)
    )
    revisions = list(await unit.session.scalars(query))
    total = len(revisions)
    moments = [post.updated_at or post.published_at, *(row.written_at for row in revisions)]
    rows: list[Post | Revision] = [post, *revisions]
    texts = [_text_of(row) for row in rows]
    return [
        Version(total + 1 - place, moments[place], text, before)
        for place, (text, before) in enumerate(zip(texts, [*texts[1:], None], strict=True))
    ]


def _text_of(row: Post | Revision) -> str:
    return "\n".join(filter(None, (row.title, row.summary, plain(row.content))))


async def likers(unit: Unit, post: Post) -> Sequence[Actor]:
    """Who likes a post, the first first; without those who are suspended here."""
    query = (
        select(Actor)
        .join(Reaction, Reaction.actor_id == Actor.id)
        .where(
            Reaction.post_id == post.id,
            Reaction.kind == "like",
            Actor.suspended_at.is_(None),
            Actor.gone_at.is_(None),
        )
        .order_by(Reaction.id)
        .limit(MAX_LIKERS)
    )
    return list(await unit.session.scalars(query))
