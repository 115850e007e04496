"""`fedi thread`: debates, as this node keeps them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, new_group, opened_node, print_json
from fedi.core.errors import NotFound

if TYPE_CHECKING:
    from actors.models import Actor
    from fedi.core.unit import Unit
    from fedi.debates.models.post import Post
    from fedi.debates.models.thread import Thread

app = new_group("Debates, as this node keeps them.")


@app.command("show")
def show(
    url: Annotated[str, typer.Argument(metavar="URL", help="Of the debate or a post in it.")],
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print a debate in reading order: the same on every node that keeps it."""
    asyncio.run(_show(config, url, as_json))


async def _show(config: Path, url: str, as_json: bool) -> None:
    async with opened_node(config) as node, node.db.reading() as unit:
        thread = await require_thread(unit, url)
        posts = await read_posts(unit, thread)
    if as_json:
        return print_json(describe(thread, posts))
    print(thread.title)
    for post, author in posts:
        print(f"\n{_indented(post, author)}")
    return None


def _indented(post: "Post", author: "Actor") -> str:
    """A post for people: who, when, what, as deep as it stands in the tree."""
    from textwrap import fill, indent

    from fedi.core.html import plain

    text = "(deleted)" if post.deleted_at is not None else plain(post.content)
    lines = [f"{author.name}, @{author.acct}, {post.published_at:%Y-%m-%d %H:%M}"]
    lines += [fill(paragraph, 78) for paragraph in text.splitlines()]
    return indent("\n".join(lines), "  " * min(post.depth, 10))


async def require_thread(unit: "Unit", url: str) -> "Thread":
    """The debate at an address; raises `NotFound` when this node keeps none."""
    from fedi.debates.threads import find_thread

    thread = await find_thread(unit, url)
    if thread is None:
        raise NotFound(f"no debate is kept here for {url}")
    return thread


async def read_posts(unit: "Unit", thread: "Thread") -> list[tuple["Post", "Actor"]]:
    """The public posts of a debate and their authors, depth first, siblings by date then id."""
    from sqlalchemy import select

    from actors.models import Actor
    from fedi.debates.models.post import Post
    from fedi.debates.permissions import readable

    query = (
        select(Post, Actor)
        .join(Actor, Actor.id == Post.author_id)
        .where(Post.thread_id == thread.id, readable())
        .order_by(Post.path)
    )
    return [(post, author) for post, author in await unit.session.execute(query)]


def describe(thread: "Thread", posts: Sequence[tuple["Post", "Actor"]]) -> dict[str, Any]:
    """A debate as plain values: the same on every node that keeps it."""
    return {
        "id": thread.root_uri,
        "context": thread.uri,
        "name": thread.title,
        "posts": [
            {
                "id": post.uri,
                "author": author.uri,
                "in_reply_to": post.parent_uri,
                "depth": post.depth,
                "published": post.published_at,
                "updated": post.updated_at if post.deleted_at is None else None,
                "deleted": post.deleted_at is not None,
                "content": post.content,
            }
            for post, author in posts
        ],
    }
