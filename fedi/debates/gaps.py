"""What is known to be missing of a debate, and from whom; it is no longer missing once it came."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, select

from fedi.core.unit import Unit
from fedi.core.urls import origin_of
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Gap, Thread

#: Of one debate; a collection may list what does not exist.
MAX_GAPS = 500


@dataclass(frozen=True, slots=True)
class Missing:
    """Posts of one server that are known to exist and are not here."""

    origin: str  # of those who wrote them
    count: int


async def note_gaps(
    unit: Unit, context_uri: str | None, listed_by: str, missing: Mapping[str, str]
) -> None:
    """Remember which posts of a debate a collection lists that could not be had, and why."""
    thread = await unit.find(Thread, uri=context_uri) if context_uri and missing else None
    if thread is None:
        return
    query = select(Gap.uri).where(Gap.thread_id == thread.id)
    known = set(await unit.session.scalars(query))
    new = [uri for uri in missing if uri not in known][: max(0, MAX_GAPS - len(known))]
    for uri in new:
        unit.write(
            Gap,
            thread_id=thread.id,
            uri=uri,
            listed_by=listed_by,
            reason=missing[uri],
            noticed_at=unit.now,
        )


async def missing_posts(unit: Unit, thread: Thread) -> list[Missing]:
    """What a reader should know to be missing, by the servers that wrote it, most first.

    It is what collections list, and what posts answer that are here without it.
    """
    came = exists().where(Post.uri == Gap.uri)
    listed = select(Gap.uri).where(Gap.thread_id == thread.id, ~came)
    answered = select(Post.parent_uri).where(
        Post.context_uri == thread.uri, Post.parent_id.is_(None), Post.parent_uri.is_not(None)
    )
    uris = {*await unit.session.scalars(listed), *await unit.session.scalars(answered)}
    counts: dict[str, int] = {}
    for uri in uris:
        if uri is not None:
            origin = str(origin_of(uri))
            counts[origin] = counts.get(origin, 0) + 1
    return [Missing(*pair) for pair in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
