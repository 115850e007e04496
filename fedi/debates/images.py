"""Images of members: brought here before their post is published, shown by it, gone with it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from actors.models import Actor
from fedi.core.errors import Invalid
from fedi.core.images import Painted, address
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.image import Image
from fedi.debates.models.post import Post

MAX_IMAGES = 8
MAX_TEXT = 1500  # Mastodon shows as much of a description


@dataclass(frozen=True, slots=True)
class Shot:
    """An image that a member chose to show, and what it shows in words.

    The text is empty only when the member said that the image tells nothing.
    """

    key: str
    text: str = ""


def keep_image(unit: Unit, owner: Actor, painted: Painted, *, portrait: bool = False) -> Image:
    """Note whose an image is; its file is in the gallery already."""
    return unit.add(
        Image(
            key=new_key(),
            digest=painted.digest,
            media_type=painted.media_type,
            width=painted.width,
            height=painted.height,
            size=len(painted.data),
            owner_id=owner.id,
            post_id=None,
            is_portrait=portrait,
            created_at=unit.now,
        )
    )


async def find_images(unit: Unit, owner: Actor, keys: Collection[str]) -> list[Image]:
    """The images of this member that have these keys, in their order."""
    query = select(Image).where(Image.key.in_(keys), Image.owner_id == owner.id)
    found = {image.key: image for image in await unit.session.scalars(query)}
    return [found[key] for key in keys if key in found]


async def show_images(unit: Unit, author: Actor, post: Post, shots: Sequence[Shot]) -> None:
    """Let a post show these images, and no others any more.

    Raises `Invalid` when there are too many, or one is not the author's or is shown elsewhere.
    """
    if not shots and not post.images:
        return
    if len(shots) > MAX_IMAGES:
        raise Invalid("eight images are enough for a message", code="many-images")
    await unit.flush()
    images = await find_images(unit, author, [shot.key for shot in shots])
    if len(images) < len(shots) or any(image.post_id not in (None, post.id) for image in images):
        raise Invalid("this image is no longer here: add it again", code="lost-image")
    for image in await _shown_by(unit, post):
        image.post_id = None
    texts = {shot.key: shot.text for shot in shots}
    for image in images:
        image.post_id = post.id
    post.images = [_describe(image, texts[image.key]) for image in images] or None


async def shots_of(unit: Unit, post: Post) -> list[Shot]:
    """The images of a post of ours, to be chosen anew."""
    texts = {image["path"]: str(image["text"]) for image in post.images or ()}
    return [Shot(image.key, texts.get(path_of(image), "")) for image in await _shown_by(unit, post)]


async def put_away(unit: Unit, post: Post) -> None:
    """Take away the images of a post that its author took back."""
    if post.images:
        for image in await _shown_by(unit, post):
            await unit.session.delete(image)
        post.images = None


def path_of(image: Image) -> str:
    """Where an image is served."""
    return address(image.digest, image.media_type)


async def find_served(unit: Unit, digest: str) -> Image | None:
    """The image with this digest, if anybody here shows it or is about to.

    One that only removed posts show is not served: a moderator may have removed it for that.
    """
    query = (
        select(Image)
        .outerjoin(Post, Post.id == Image.post_id)
        .where(Image.digest == digest, Post.deleted_at.is_(None))
        .limit(1)
    )
    image: Image | None = await unit.session.scalar(query)
    return image


async def change_portrait(unit: Unit, owner: Actor, painted: Painted | None) -> str:
    """Give a member another portrait, or none; returns its path, empty for none."""
    query = select(Image).where(Image.owner_id == owner.id, Image.is_portrait)
    for image in await unit.session.scalars(query):
        await unit.session.delete(image)
    return path_of(keep_image(unit, owner, painted, portrait=True)) if painted is not None else ""


async def _shown_by(unit: Unit, post: Post) -> list[Image]:
    query = select(Image).where(Image.post_id == post.id).order_by(Image.id)
    return list(await unit.session.scalars(query))


def _describe(image: Image, text: str) -> dict[str, Any]:
    return {
        "path": path_of(image),
        "type": image.media_type,
        "width": image.width,
        "height": image.height,
        "text": text[:MAX_TEXT],
    }
