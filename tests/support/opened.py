"""A debate that a member opened through the pages, for tests to take part in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from factories import make_local
from sqlalchemy import select
from visitors import Page, Site, Visitor, pages

from actors.models import Role
from fedi.debates.models.post import Post


@dataclass
class Opened:
    """A member and the debate they opened."""

    site: Site
    elise: Visitor
    page: Page
    root: Post

    async def posts(self) -> list[Post]:
        """Every message, the oldest first."""
        async with self.site.node.db.reading() as unit:
            return list(await unit.session.scalars(select(Post).order_by(Post.id)))

    async def refreshed(self) -> Page:
        """The debate as its author sees it now."""
        return await self.elise.get(self.page.path)


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    async with pages(tmp_path) as site:
        async with site.node.db.unit() as unit:
            await make_local(unit, Role.GROUP, "communs", name="Biens communs")
        elise = await site.member("elise")
        page = await elise.send(
            "/open",
            title="  Fermés en\taoût ",
            question="Où envoyer qui frappe ?",
            text="**Chaque** été.\r\n\r\n> on ferme",
            group="communs",
        )
        assert page.status == 200, page.words
        async with site.node.db.reading() as unit:
            root = (await unit.session.scalars(select(Post))).one()
        yield Opened(site, elise, page, root)
