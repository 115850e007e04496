"""The debates that a Group keeps at hand, and tells its followers about."""

from collections.abc import Callable

from orjson import Fragment
from sqlalchemy import delete, select

from actors.followers import follower_targets
from actors.models import Actor
from fedi.core.errors import Forbidden
from fedi.core.jsonld import Document, embed
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Featured
from fedi.debates.permissions import is_public, readable
from outbox.builders import Addressing, build_add, build_remove
from outbox.publish import publish


async def feature(unit: Unit, group: Actor, post: Post) -> None:
    """Keep a debate at hand; a Group of ours tells its followers.  Twice changes nothing.

    Raises `Forbidden` when our Group would keep what is private or gone.
    """
    is_shown = is_public(post) and post.deleted_at is None
    if not is_shown and group.is_local:
        raise Forbidden("only a public message can be kept at hand", code="not-public")
    if not is_shown or await _is_featured(unit, group, post):
        return
    unit.add(Featured(group_id=group.id, post_id=post.id, created_at=unit.now))
    await _tell(unit, group, post, build_add)


async def unfeature(unit: Unit, group: Actor, post: Post) -> bool:
    """Put a debate back among the others; False when it was not kept at hand."""
    if not await _is_featured(unit, group, post):
        return False
    await unit.session.execute(
        delete(Featured).where(Featured.group_id == group.id, Featured.post_id == post.id)
    )
    await _tell(unit, group, post, build_remove)
    return True


async def featured_posts(unit: Unit, group: Actor) -> list[Post]:
    """The posts a Group keeps at hand that everybody may read, the last chosen first."""
    query = (
        select(Post)
        .join(Featured, Featured.post_id == Post.id)
        .where(Featured.group_id == group.id, Post.deleted_at.is_(None), readable())
        .order_by(Featured.id.desc())
    )
    return list(await unit.session.scalars(query))


async def featured_objects(unit: Unit, group: Actor) -> list[str | Fragment]:
    """What stands in a Group's `featured`: posts of ours whole, for Lemmy; the ids of others."""
    return [
        embed(post.document) if post.document is not None else post.uri
        for post in await featured_posts(unit, group)
    ]


async def _is_featured(unit: Unit, group: Actor, post: Post) -> bool:
    await unit.flush()
    query = select(Featured.id).where(Featured.group_id == group.id, Featured.post_id == post.id)
    return await unit.session.scalar(query) is not None


async def _tell(unit: Unit, group: Actor, post: Post, build: Callable[..., Document]) -> None:
    """Tell the followers of a Group of ours what was put into `featured`, or taken out."""
    if not group.is_local:
        return
    everybody: Addressing = {
        "to": [PUBLIC],
        "cc": [f"{group.uri}/followers"],
        "audience": group.uri,
    }
    document = build(
        unit.site, new_key(), group.uri, post.uri, f"{group.uri}/featured", **everybody
    )
    await publish(unit, group, document, to=await follower_targets(unit, group))
