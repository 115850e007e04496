"""Where threads and posts are on this node: their pages written, any address of ours read."""

import re

from fedi.core.text import slug
from fedi.core.urls import Site
from fedi.debates.models.thread import Thread

#: Replies on one page of a thread.
PAGE = 100
#: Levels of replies that are drawn; what is deeper has a page of its own.
LEVELS = 5

KEY = re.compile(r"[0-9a-z]{26}")
#: `/c/KEY`, `/o/KEY#create`, `/d/KEY/title#p-KEY`, `/posts/KEY/reply`…
_SHELF = re.compile(r"/(?:c|o|d|posts)/([0-9a-z]{26})(?![0-9a-z])[^#]*(?:#p-([0-9a-z]{26})\Z)?")


def page_path(thread: Thread) -> str:
    """Where people read a thread; the title in it is only for them."""
    name = slug(thread.title)
    return f"/d/{thread.key}{name and '/'}{name}"


def post_path(thread: Thread, key: str, *, depth: int = 0, lasting: bool = False) -> str:
    """Where people read the post of that key; one that is far off has to be looked for.

    `lasting` is for what others keep: it stays right however long the thread becomes.
    """
    if key == thread.key:
        return page_path(thread)
    far = thread.post_count > PAGE or depth > LEVELS
    wanted = f"?post={key}" if far or lasting else ""
    return f"{page_path(thread)}{wanted}#p-{key}"


def mirror_uri(origin: str, thread_uri: str) -> str:
    """Where the node at `origin` serves its copy of a debate, if it keeps one.

    The scheme is not told: copies are of debates of nodes that speak as this one does.
    """
    return f"{origin}/m/{thread_uri.partition('://')[2]}"


def read_key(site: Site, text: str) -> str | None:
    """The key in an address of ours, in a path of it, or alone: of a post if one is pointed at."""
    if KEY.fullmatch(text):
        return text
    path = text if text.startswith("/") else site.local_path(text)
    found = _SHELF.match(path) if path is not None else None
    return (found[2] or found[1]) if found is not None else None
