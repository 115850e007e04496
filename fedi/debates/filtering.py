"""What filtered servers write: it waits until a moderator has read it.

Nothing of it is in any debate meanwhile.  What is let in is fetched from its own server, as any
post that is not known here; what is refused is refused whenever it comes again.
"""

from sqlalchemy import select

from actors.models import Actor, Policy
from actors.policies import blocked_hosts
from fedi.core.errors import NotFound
from fedi.core.html import excerpt
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.held import HeldPost
from fedi.debates.received_note import PostDocument

_EXCERPT = 600


async def is_filtered(unit: Unit, author: Actor) -> bool:
    """Whether what this actor of a peer writes is read before it is shown."""
    book = await blocked_hosts(unit)
    return book.policy_of(author.origin) is Policy.FILTERED


async def must_wait(unit: Unit, document: PostDocument, author: Actor) -> bool:
    """Whether a new post stays out for now; what nobody has read yet is put down to be read."""
    if not await is_filtered(unit, author):
        return False
    held = await unit.find(HeldPost, uri=document.uri)
    if held is None:
        unit.add(
            HeldPost(
                uri=document.uri,
                key=new_key(),
                author_id=author.id,
                parent_uri=document.parent_uri,
                title=document.title,
                excerpt=excerpt(document.content, _EXCERPT),
                held_at=unit.now,
                let_in=False,
            )
        )
        return True
    return not held.let_in


async def waiting_posts(unit: Unit, limit: int) -> list[tuple[HeldPost, Actor]]:
    """What waits to be read, the oldest first, with who wrote it."""
    query = (
        select(HeldPost, Actor)
        .join(Actor, Actor.id == HeldPost.author_id)
        .where(HeldPost.decided_at.is_(None))
        .order_by(HeldPost.id)
        .limit(limit)
    )
    return [(held, author) for held, author in await unit.session.execute(query)]


async def decide(unit: Unit, key: str, *, let_in: bool) -> HeldPost:
    """Let a post in, or keep it out; the caller fetches what was let in.  Raises `NotFound`."""
    query = select(HeldPost).where(HeldPost.key == key, HeldPost.decided_at.is_(None))
    held = await unit.session.scalar(query)
    if held is None:
        raise NotFound("somebody has decided about this message already")
    held.decided_at, held.let_in = unit.now, let_in
    return held
