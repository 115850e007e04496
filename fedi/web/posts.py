"""Messages as pages show them to one reader."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import Gone, NotFound
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.addresses import PAGE, page_path, post_path
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import is_moderator
from fedi.debates.reading import PostRow, read_post
from fedi.web.keys import LANGUAGE, MEMBER, NETWORKS
from fedi.web.networks import Networks
from fedi.web.people import Byline, byline
from fedi.web.words import stub_in_words


@dataclass(frozen=True)
class Shown:
    """One message, and what this reader may do with it."""

    row: PostRow
    by: Byline
    link: str  # leads to it on whatever page of the debate it is
    branch_link: str  # the page of what is below it
    stub: str  # the sentence that stands for a message that is gone, or empty
    mine: bool
    removable: bool
    marked: bool = False  # by this reader, to find it again

    @property
    def path(self) -> str:
        """Its place in reading order."""
        return self.row.path

    @property
    def published_at(self) -> datetime:
        """When it was written."""
        return self.row.published_at

    @property
    def is_advised(self) -> bool:
        """Whether another network removed it: readers here may see it all the same."""
        row = self.row
        return row.deleted_at is not None and bool(row.remover_name) and not row.remover_is_local

    @property
    def elsewhere(self) -> str | None:
        """Its page on the server it was written on, unless that is ours."""
        return None if self.row.author_is_local else self.row.url or self.row.uri


@dataclass(frozen=True)
class Scene:
    """A debate, and who looks at it."""

    thread: Thread
    networks: Networks
    reader: Actor | None
    moderates: bool
    language: Language
    now: datetime
    marked: frozenset[int] = frozenset()  # the keys of posts the reader wants to find again

    @property
    def home(self) -> str:
        """The page of the debate."""
        return page_path(self.thread)

    @property
    def is_ours(self) -> bool:
        """Whether the debate began here."""
        return self.thread.origin == self.networks.ours.actor.origin

    def link(self, post: Post | PostRow) -> str:
        """Where a message is read."""
        return post_path(self.thread, post.key, depth=post.depth)

    @property
    def is_long(self) -> bool:
        """Whether the debate has several pages, so that a message has to be looked for."""
        return self.thread.post_count > PAGE

    def rights(self, author_id: int) -> tuple[bool, bool]:
        """Whether a message of that author is the reader's own, and whether they may remove it."""
        mine = self.reader is not None and author_id == self.reader.id
        return mine, mine or self.moderates

    def show(self, row: PostRow, *, here: bool = False) -> Shown:
        """Prepare a message for a template; `here`, on the page of the debate, links are short."""
        mine, removable = self.rights(row.author_id)
        link = self.link(row)
        return Shown(
            row,
            by=byline(
                self.networks,
                uri=row.author_uri,
                handle=row.author_handle,
                name=row.author_name,
                origin=row.author_origin,
                icon=row.author_icon,
            ),
            link=(here and link.removeprefix(self.home)) or link,
            branch_link=f"{self.home}?branch={row.key}",
            stub=self._stub(row),
            mine=mine,
            removable=removable,
            marked=row.id in self.marked,
        )

    def _stub(self, row: PostRow) -> str:
        if row.deleted_at is not None:
            ours = self.networks.ours.actor
            judge = ours.name if row.remover_is_local else row.remover_name
            return stub_in_words(row.deleted_at, judge, row.removal_reason, self.language, self.now)
        if row.author_is_suspended:
            return self.language.gettext("Message withheld: its author is suspended here.")
        return ""


async def set_scene(request: web.Request, unit: Unit, thread: Thread) -> Scene:
    """Read what every message of a debate needs to be shown to this reader."""
    member = request[MEMBER]
    reader = member.actor if member is not None else None
    moderates = reader is not None and await is_moderator(unit, thread.group_id, reader)
    networks = await request.app[NETWORKS].read(unit)
    return Scene(thread, networks, reader, moderates, request[LANGUAGE], request.app[NODE].clock())


async def find_shown(
    request: web.Request, unit: Unit, *, key: str | None = None, uri: str | None = None
) -> tuple[Post, Scene, Shown]:
    """A post by its key or its id, with its debate, as this reader sees it.

    Raises `NotFound` for what the reader may not read, and `Gone` for what was removed.
    """
    name = Post.key == key if key is not None else Post.uri == uri
    post = await unit.session.scalar(select(Post).where(name))
    if post is None:
        raise NotFound("there is no such message here")
    scene = await set_scene(request, unit, await thread_of(unit, post))
    row = await read_post(unit, post, viewer=scene.reader)
    if row is None:
        raise NotFound("there is no such message here")
    if row.deleted_at is not None:
        raise Gone("this message was removed")
    return post, scene, scene.show(row)
