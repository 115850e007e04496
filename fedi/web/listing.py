"""Lists of debates, like tables of contents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from actors.models import Actor
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Featured, Thread
from fedi.debates.permissions import readable
from fedi.debates.readings import count_news, has_news, is_followed
from fedi.debates.threads import ThreadRow, list_threads
from fedi.web.networks import Label, Networks, name_path
from fedi.web.seen import Memory

#: Debates on one page of a list.
SHELF = 20
_WHICH = {"unread": has_news, "followed": is_followed}
#: Tags of a debate in a list.
SHOWN_TAGS = 4


@dataclass(frozen=True)
class GroupLink:
    """The group of a debate, as it is named beside it."""

    name: str
    path: str


@dataclass(frozen=True)
class Listed:
    """One debate in a list."""

    path: str
    title: str
    question: str
    language: str | None
    labels: Sequence[Label]
    group: GroupLink | None
    last_voice: str
    active_at: datetime
    replies: int
    tags: Sequence[str]
    news: int = 0  # messages that the reader has not seen
    is_new: bool = False  # none of them is
    new_path: str = ""  # leads to the first of them


@dataclass(frozen=True)
class Pinned:
    """A debate that a group keeps at hand."""

    path: str
    title: str
    language: str | None
    replies: int


@dataclass(frozen=True)
class Shelf:
    """A page of a list, and the cursor of the page after it."""

    threads: Sequence[Listed]
    older: str | None


async def read_shelf(
    unit: Unit,
    networks: Networks,
    language: Language,
    *,
    group: Actor | None = None,
    tag: str | None = None,
    origin: str | None = None,
    before: str | None = None,
    memory: Memory | None = None,
    show: str | None = None,
) -> Shelf:
    """The debates of a group, under a tag, of a network, or all of them, by last activity."""
    rows = await list_threads(
        unit,
        group=group,
        tag=tag,
        origin=origin,
        which=_WHICH[show](memory.reader) if memory and show else None,
        before=before,
        limit=SHELF + 1,
    )
    shown = rows[:SHELF]
    older = shown[-1].cursor if len(rows) > SHELF else None
    listed = [list_thread(row, networks, language) for row in shown]
    if memory is not None:
        listed = await _with_news(unit, memory, shown, listed)
        listed = [one for one in listed if one.news or show != "unread"]
    return Shelf(listed, older)


async def _with_news(
    unit: Unit, memory: Memory, rows: Sequence[ThreadRow], listed: Sequence[Listed]
) -> list[Listed]:
    """These debates, each with how much in it a member has not seen."""
    keys = [row.id for row in rows]
    news = await count_news(unit, memory.reader, keys, shown=memory.shown) if keys else {}
    return [
        replace(
            one,
            news=news.get(row.id, 0),
            is_new=news.get(row.id, 0) >= row.post_count,
            new_path=f"/threads/{row.key}/new",
        )
        for row, one in zip(rows, listed, strict=True)
    ]


def list_thread(row: ThreadRow, networks: Networks, language: Language) -> Listed:
    """Prepare a debate for a list."""
    return Listed(
        path=row.path,
        title=row.title or untitled(language),
        question=row.question,
        language=row.language,
        labels=[networks.label(voice.origin) for voice in row.voices],
        group=_group_link(row, networks),
        last_voice=row.last_author_name or row.author_name,
        active_at=row.active_at,
        replies=max(0, row.post_count - 1),
        tags=(row.tags or ())[:SHOWN_TAGS],
    )


def _group_link(row: ThreadRow, networks: Networks) -> GroupLink | None:
    """The group, unless it is a whole network: that is named by who takes part."""
    if row.group_handle is None or row.group_origin is None:
        return None
    network = networks.by_origin.get(row.group_origin)
    if network is not None and network.actor.handle == row.group_handle:
        return None
    local = row.group_origin == networks.ours.actor.origin
    host = row.group_origin.partition("://")[2]
    name = row.group_handle if local else f"{row.group_handle}@{host}"
    return GroupLink(row.group_name or row.group_handle, name_path(name, group=True))


def untitled(language: Language) -> str:
    """What a debate is called when its opening, and the title with it, is gone."""
    return language.gettext("A debate whose opening was removed")


async def read_pinned(unit: Unit, group: Actor, language: Language) -> list[Pinned]:
    """What a group keeps at hand, the latest first."""
    query = (
        select(Thread, Post.language)
        .join(Post, Post.thread_id == Thread.id)
        .join(Featured, Featured.post_id == Post.id)
        .where(Featured.group_id == group.id, Post.deleted_at.is_(None), readable())
        .order_by(Featured.id.desc())
    )
    return [
        Pinned(
            page_path(thread), thread.title or untitled(language), written_in, thread.post_count - 1
        )
        for thread, written_in in await unit.session.execute(query)
    ]
