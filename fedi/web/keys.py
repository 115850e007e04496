"""Keys of what the roof lends to the pages."""

from collections.abc import Awaitable, Callable

from aiohttp.web import AppKey

from fedi.debates.models.post import Post

#: Finds a post by id or page URL, fetching it and what it answers when it is unknown here.
FIND_POST: AppKey[Callable[[str], Awaitable[Post | None]]] = AppKey("find_post")
