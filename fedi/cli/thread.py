"""`fedi thread`: debates, as this node keeps them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, new_group, opened_node, print_json
from fedi.core.errors import NotFound

if TYPE_CHECKING:
    from fedi.core.db import Unit
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
        thread = await read_thread(unit, url)
    if as_json:
        return print_json(thread)
    from fedi.core.html import plain

    print(thread["name"])
    for post in thread["posts"]:
        text = "(deleted)" if post["deleted"] else plain(post["content"])
        margin = "  " * post["depth"]
        print(f"\n{margin}{post['author']} · {post['published']:%Y-%m-%d %H:%M}")
        print("\n".join(f"{margin}{line}" for line in text.splitlines()))
    return None


async def require_thread(unit: "Unit", url: str) -> "Thread":
    """The debate at an address; raises `NotFound` when this node keeps none."""
    from fedi.debates.threads import find_thread

    thread = await find_thread(unit, url)
    if thread is None:
        raise NotFound(f"no debate is kept here for {url}")
    return thread


async def read_thread(unit: "Unit", url: str) -> dict[str, Any]:
    """A debate as plain values: its public posts depth first, siblings by date then id.

    Raises `NotFound` when this node keeps no such debate.
    """
    from sqlalchemy import select

    from actors.models import Actor
    from fedi.debates.models.post import Post
    from fedi.debates.permissions import readable

    thread = await require_thread(unit, url)
    query = (
        select(Post, Actor.uri)
        .join(Actor, Actor.id == Post.author_id)
        .where(Post.thread_id == thread.id, readable())
        .order_by(Post.path)
    )
    posts = [describe(post, author) for post, author in await unit.session.execute(query)]
    return {
        "id": thread.root_uri,
        "context": thread.uri,
        "name": thread.title,
        "posts": posts,
    }


def describe(post: Any, author: str) -> dict[str, Any]:
    """One post of a debate as plain values."""
    return {
        "id": post.uri,
        "author": author,
        "in_reply_to": post.parent_uri,
        "depth": post.depth,
        "published": post.published_at,
        "updated": post.updated_at,
        "deleted": post.deleted_at is not None,
        "content": post.content,
    }
