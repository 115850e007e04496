"""Who wrote what, and how this node knows: the same that `fedi thread verify` says."""

from aiohttp import web
from sqlalchemy import select

from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import NotFound
from fedi.debates.addresses import post_path
from fedi.debates.models.post import Post
from fedi.debates.permissions import readable
from fedi.debates.threads import find_thread
from fedi.debates.verification import verify_posts
from fedi.web.absence import read_notice
from fedi.web.keys import LANGUAGE
from fedi.web.people import byline_of
from fedi.web.posts import set_scene
from fedi.web.render import render

#: Messages judged for one page: each costs a millisecond.
PAGE = 100


async def show(request: web.Request) -> web.StreamResponse:
    """GET /threads/KEY/evidence?after=PATH"""
    async with request.app[NODE].db.reading() as unit:
        thread = await find_thread(unit, request.match_info["key"])
        if thread is None:
            raise NotFound("there is no such debate here")
        scene = await set_scene(request, unit, thread)
        after = request.query.get("after", "")
        query = (
            select(Post)
            .where(Post.thread_id == thread.id, Post.path > after, readable())
            .order_by(Post.path)
            .limit(PAGE + 1)
        )
        posts = list(await unit.session.scalars(query))
        if not posts:
            raise NotFound("there is no such debate here")
        verdicts = await verify_posts(unit, posts[:PAGE])
        rows = [
            (verdict, post, byline_of(scene.networks, author))
            for verdict, post in zip(verdicts, posts, strict=False)
            if (author := await unit.find(Actor, id=post.author_id)) is not None
        ]
        notice = await read_notice(unit, thread, request[LANGUAGE])
    return render(
        request,
        "evidence.html",
        thread=thread,
        path=scene.home,
        rows=[
            (verdict, by, post_path(thread, post.key, lasting=True)) for verdict, post, by in rows
        ],
        notice=notice,
        failing=sum(verdict.fails for verdict in verdicts),
        later=posts[PAGE - 1].path if len(posts) > PAGE else None,
    )
