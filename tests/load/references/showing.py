"""Reference for a page: one query for the columns of 100 posts, their HTML from memory, a shell.

Each post was rendered once; what is left is HTTP, the query and joining the pieces.
"""

import sys
from typing import Any

from aiohttp import web
from jinja2 import Environment
from letters import SHORT, write_text
from markupsafe import Markup
from references.unit import Base, new_id, open_engine, unit
from rounds import run, serve
from sqlalchemy import ForeignKey, Index, Row, select
from sqlalchemy.orm import Mapped, mapped_column

POSTS, AUTHORS = 100, 8
SHELL = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>{{ title }}</title>
<link rel="stylesheet" href="/static/style.css"></head>
<body><header><a href="/">Réseau</a><nav><a href="/groups">Groupes</a></nav></header>
<main><h1>{{ title }}</h1><ol class="tree">{% for piece in pieces %}{{ piece }}{% endfor %}</ol>
</main><footer><p>{{ pieces | length }} messages</p></footer></body></html>
"""
PIECE = """<li><article class="post" id="p-{{ post.key }}" aria-labelledby="by-{{ post.key }}">
<header class="byline"><span class="avatar" aria-hidden="true">{{ post.name[0] }}</span>
<h3 class="who" id="by-{{ post.key }}"><a href="/p/{{ post.handle }}">{{ post.name }}</a></h3>
<p class="when"><a href="#p-{{ post.key }}">
<time datetime="{{ post.published_at }}">3 mai</time></a></p>
<p class="from"><span class="net">{{ post.origin }}</span></p></header>
<div class="prose" lang="fr">{{ post.content | safe }}</div>
<div class="acts"><a href="/interact?uri={{ post.uri | urlencode }}" rel="nofollow">J’aime</a>
<a href="/interact?uri={{ post.uri | urlencode }}" rel="nofollow">Répondre</a>
<details class="menu"><summary><span>⋯</span><span class="aloud">Autres actions</span></summary>
<ul><li><a href="/d/1/debat#p-{{ post.key }}">Lien vers ce message</a></li>
<li><a href="{{ post.uri }}" rel="nofollow noopener">Voir sur {{ post.origin }}</a></li></ul>
</details></div></article></li>
"""


class Actor(Base):
    __tablename__ = "actors"
    uri: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    handle: Mapped[str]
    origin: Mapped[str]
    icon: Mapped[str | None]


class Post(Base):
    __tablename__ = "posts"
    __table_args__ = (Index(None, "thread_id", "path"),)
    uri: Mapped[str] = mapped_column(unique=True)
    key: Mapped[str] = mapped_column(unique=True)
    thread_id: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("actors.id"))
    parent_id: Mapped[int | None]
    path: Mapped[str]
    depth: Mapped[int]
    title: Mapped[str]
    summary: Mapped[str]
    content: Mapped[str]
    published_at: Mapped[str]
    updated_at: Mapped[str | None]
    deleted_at: Mapped[str | None]
    like_count: Mapped[int]


QUERY = (
    select(Post.id, Post.path, Post.depth, Post.updated_at, Post.deleted_at, Post.like_count)
    .join(Actor, Actor.id == Post.author_id)
    .where(Post.thread_id == 1)
    .order_by(Post.path)
    .limit(POSTS)
)
MISSING = select(
    Post.id,
    Post.key,
    Post.uri,
    Post.content,
    Post.published_at,
    Actor.name,
    Actor.handle,
    Actor.origin,
).join(Actor, Actor.id == Post.author_id)


async def main(path: str) -> None:
    """Answer with the page until killed."""
    await _fill(path)
    engine = open_engine(path, write=False)
    environment = Environment(autoescape=True, enable_async=False)
    shell, template = environment.from_string(SHELL), environment.from_string(PIECE)
    pieces: dict[Row[Any], Markup] = {}

    async def render() -> str:
        async with engine.connect() as connection:
            rows = (await connection.execute(QUERY)).all()
            for row in rows:
                if row not in pieces:
                    post = (await connection.execute(MISSING.where(Post.id == row.id))).one()
                    pieces[row] = Markup(template.render(post=post))  # noqa: S704 - escaped there
        return shell.render(title="Un débat", pieces=[pieces[row] for row in rows])

    async def show(request: web.Request) -> web.Response:
        return web.Response(text=await render(), content_type="text/html")

    async def show_ready(request: web.Request) -> web.Response:
        return web.Response(body=ready, content_type="text/html", charset="utf-8")

    ready = (await render()).encode()
    app = web.Application()
    app.router.add_get("/d/1/debat", show)
    app.router.add_get("/ready", show_ready)
    await serve(app)


async def _fill(path: str) -> None:
    engine = open_engine(path, write=True)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with unit(engine) as opened:
        authors = [
            Actor(
                id=new_id(),
                uri=f"http://localhost:{number}/users/ada",
                name="Ada Lovelace",
                handle="ada",
                origin=f"http://localhost:{number}",
                icon=None,
            )
            for number in range(AUTHORS)
        ]
        opened.session.add_all(authors)
        for number in range(POSTS):
            author = authors[number % AUTHORS]
            opened.add(_post(number, author))
    await engine.dispose()


def _post(number: int, author: Actor) -> Post:
    return Post(
        id=new_id(),
        uri=f"{author.uri}/posts/{number:032}",
        key=f"{number:026}",
        thread_id=1,
        author_id=author.id,
        parent_id=None,
        path=f"{number:030}",
        depth=1,
        title="",
        summary="",
        content=write_text(SHORT),
        published_at="2026-05-03T12:00:00Z",
        updated_at=None,
        deleted_at=None,
        like_count=0,
    )


if __name__ == "__main__":
    run(main(sys.argv[1]))
