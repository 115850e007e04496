"""A person, and what they wrote, debate by debate."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlalchemy import func, select

from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.html import excerpt
from fedi.core.i18n import Language
from fedi.core.unit import Unit
from fedi.debates.addresses import page_path, post_path
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.permissions import readable
from fedi.web.keys import LANGUAGE, MEMBER, NETWORKS
from fedi.web.listing import untitled
from fedi.web.pages.follows import relation_to
from fedi.web.pages.groups import find_actor, plain_summary
from fedi.web.people import byline_of
from fedi.web.render import render

DEBATES = 20
EXCERPT = 260


@dataclass(frozen=True)
class Words:
    """The latest message of somebody in one debate."""

    path: str
    title: str
    language: str | None
    excerpt: str
    post_path: str
    published_at: datetime
    likes: int
    opened: bool
    others: int


async def show(request: web.Request) -> web.StreamResponse:
    """GET /p/NAME, and /p/NAME@host for a person of a peer"""
    async with request.app[NODE].db.reading() as unit:
        person = await find_actor(unit, request.match_info["name"], group=False)
        networks = await request.app[NETWORKS].read(unit)
        words = await _words(unit, person, request[LANGUAGE])
        relation = await relation_to(unit, request[MEMBER], person)
    return render(
        request,
        "person.html",
        for_all=True,
        document=person.uri,
        person=person,
        by=byline_of(networks, person),
        summary=plain_summary(person),
        words=words,
        relation=relation,
    )


async def _words(unit: Unit, person: Actor, language: Language) -> list[Words]:
    """Their last message in each debate, of those that everybody may read."""
    debate = Post.thread_id
    rank = func.row_number().over(partition_by=debate, order_by=Post.published_at.desc())
    posts = func.count().over(partition_by=debate)
    newest = (
        select(Post.id, rank.label("rank"), posts.label("posts"))
        .where(Post.author_id == person.id, Post.deleted_at.is_(None), readable())
        .subquery()
    )
    query = (
        select(Post, Thread, newest.c.posts)
        .join(newest, (newest.c.id == Post.id) & (newest.c.rank == 1))
        .join(Thread, Thread.id == Post.thread_id)
        .order_by(Post.published_at.desc())
        .limit(DEBATES)
    )
    return [
        Words(
            path=page_path(thread),
            title=thread.title or untitled(language),
            language=post.language,
            excerpt=excerpt(post.content, EXCERPT),
            post_path=post_path(thread, post.key, depth=post.depth),
            published_at=post.published_at,
            likes=post.like_count,
            opened=post.id == thread.root_id,
            others=count - 1,
        )
        for post, thread, count in await unit.session.execute(query)
    ]
