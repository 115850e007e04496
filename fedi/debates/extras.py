"""What a member sends with a text: for whom they speak, tags, images."""

from collections.abc import Sequence
from dataclasses import dataclass

from actors.models import Actor
from fedi.accounts.hats import Hat
from fedi.core.unit import Unit
from fedi.debates.images import Shot, show_images
from fedi.debates.models.post import Post
from fedi.debates.tags import all_labels, change_tags, given_labels


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes with a text.  That the hat is one of the member's own is for the door to see to."""

    hat: Hat | None = None
    tags: Sequence[str] = ()
    images: Sequence[Shot] = ()


async def carry(unit: Unit, author: Actor, post: Post, content: str, extras: Extras | None) -> bool:
    """Let a post with this text carry these, and nothing else any more; whether that changes it.

    Tags stand in the text too.  Without extras what it carries stays, but for the tags in the
    text.  Raises `Invalid` for images that are not the author's to show.
    """
    if extras is None:
        return await change_tags(unit, post, all_labels(given_labels(post), content))
    before = post.hat, post.hat_link, post.tags, post.images
    post.hat = extras.hat.line if extras.hat is not None else None
    post.hat_link = (extras.hat.link or None) if extras.hat is not None else None
    await change_tags(unit, post, all_labels(extras.tags, content))
    await show_images(unit, author, post, extras.images)
    return (post.hat, post.hat_link, post.tags, post.images) != before
