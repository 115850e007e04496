"""The file that a member takes along: what they wrote, and every row about them."""

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import select

from actors.describing import describe_actor
from actors.models import Actor, Follow
from fedi.accounts.models import Account
from fedi.belongings.explaining import explain
from fedi.belongings.inventory import THEIRS, Whose, read_rows
from fedi.core.errors import NotFound
from fedi.core.images import Gallery, address
from fedi.core.jsonld import parse_document
from fedi.core.node import Node
from fedi.core.text import safe_cell
from fedi.core.unit import Unit
from fedi.core.vocab import AS2
from fedi.debates.models.image import Image
from fedi.debates.models.post import Post, Reaction
from fedi.debates.models.reader import Bookmark
from outbox.models import Activity

#: Rows read in one unit, so that no reader holds the database for long.
PART = 200


async def write_export(node: Node, account_id: int, path: Path, language: str | None = None) -> int:
    """Write everything of a member into a ZIP file; returns its size in bytes.

    It appears under its name once it is whole.  Raises `NotFound` without such an account.
    """
    draft = path.with_suffix(".part")
    await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        await _fill(node, account_id, archive, language)
    return await asyncio.to_thread(_hang, draft, path)


def _hang(draft: Path, path: Path) -> int:
    draft.chmod(0o600)
    draft.replace(path)
    return path.stat().st_size


async def _fill(
    node: Node, account_id: int, archive: zipfile.ZipFile, language: str | None
) -> None:
    async with node.db.reading() as unit:
        account = await unit.find(Account, id=account_id)
        actor = await unit.find(Actor, id=account.actor_id) if account is not None else None
        if account is None or actor is None:
            raise NotFound("this account was closed")
        who = Whose.of(account, actor)
        files: dict[str, bytes] = {
            "actor.json": _json(await describe_actor(unit, actor)),
            "following.csv": _following(await _followed(unit, actor)),
            "followers.csv": _followers(await _following_them(unit, actor)),
            "likes.json": _json(_collection(await _liked(unit, actor))),
            "bookmarks.json": _json(_collection(await _bookmarked(unit, actor))),
            "profile.json": _json(_profile(account)),
        }
        images = list(await unit.session.scalars(select(Image).where(Image.owner_id == actor.id)))
    spoken = language or account.language or actor.language or "fr"
    files |= {name: text.encode() for name, text in explain(spoken, actor, node.clock()).items()}
    await _add(archive, files)
    for name in THEIRS:
        async with node.db.reading() as unit:
            rows = await read_rows(unit, name, who)
        await _add(archive, {f"rows/{name}.json": _json(rows)})
    await _add_outbox(node, archive, actor)
    await _add_posts(node, archive, actor)
    gallery = Gallery(node.config.media_dir)
    for image in images:
        name = address(image.digest, image.media_type).lstrip("/")
        if (place := gallery.place(image.digest)).exists() and name not in archive.namelist():
            await asyncio.to_thread(archive.write, place, name, zipfile.ZIP_STORED)


async def _add(archive: zipfile.ZipFile, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        await asyncio.to_thread(archive.writestr, name, content)


async def _add_outbox(node: Node, archive: zipfile.ZipFile, actor: Actor) -> None:
    """Everything they said, as it went out, in one collection."""
    said: list[Any] = []
    last = 0
    while True:
        async with node.db.reading() as unit:
            query = select(Activity.id, Activity.body).where(
                Activity.actor_id == actor.id, ~Activity.passed_on, Activity.id > last
            )
            rows = (await unit.session.execute(query.order_by(Activity.id).limit(PART))).all()
        if not rows:
            break
        last = rows[-1].id
        said += [parse_document(row.body) for row in rows]
    await _add(archive, {"outbox.json": _json(_collection(said, actor.outbox))})


async def _add_posts(node: Node, archive: zipfile.ZipFile, actor: Actor) -> None:
    """What they wrote and did not take back: each message to be read, and to be written on."""
    last = 0
    while True:
        async with node.db.reading() as unit:
            query = select(Post).where(
                Post.author_id == actor.id, Post.deleted_at.is_(None), Post.id > last
            )
            posts = list(await unit.session.scalars(query.order_by(Post.id).limit(PART)))
        if not posts:
            break
        last = posts[-1].id
        for post in posts:
            name = f"posts/{post.published_at:%Y-%m-%d}-{post.key}"
            texts = {f"{name}.html": _page(post), f"{name}.md": _markdown(post)}
            await _add(archive, {path: text.encode() for path, text in texts.items()})


def _page(post: Post) -> str:
    title, language = escape(post.title or post.uri), escape(post.language or "")
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>'
        f'<h1>{title}</h1><p><a href="{escape(post.uri)}">{post.published_at:%Y-%m-%d %H:%M}</a>'
        f"</p><p>{escape(post.summary)}</p>{post.content}</html>\n"
    )


def _markdown(post: Post) -> str:
    head = {"title": post.title, "date": f"{post.published_at:%Y-%m-%dT%H:%M:%SZ}"}
    head |= {"url": post.uri, "in-reply-to": post.parent_uri or ""}
    lines = [f"{key}: {json.dumps(text, ensure_ascii=False)}" for key, text in head.items() if text]
    question = [post.summary] if post.summary else []
    return "\n\n".join(["\n".join(["---", *lines, "---"]), *question, post.source or post.content])


def _profile(account: Account) -> dict[str, Any]:
    return {
        "email": account.email,
        "language": account.language,
        "speaks_for": account.hats,
        "not_told_of": account.untold,
        "role": account.role.value,
    }


# --- relations ---------------------------------------------------------------------------


async def _followed(unit: Unit, actor: Actor) -> Sequence[Actor]:
    query = select(Actor).join(Follow, Follow.followed_id == Actor.id)
    query = query.where(Follow.follower_id == actor.id, Follow.rejected_at.is_(None))
    return (await unit.session.scalars(query.order_by(Follow.id))).all()


async def _following_them(unit: Unit, actor: Actor) -> Sequence[Actor]:
    query = select(Actor).join(Follow, Follow.follower_id == Actor.id)
    query = query.where(Follow.followed_id == actor.id, Follow.accepted_at.is_not(None))
    return (await unit.session.scalars(query.order_by(Follow.id))).all()


async def _liked(unit: Unit, actor: Actor) -> list[str]:
    query = select(Post.uri).join(Reaction, Reaction.post_id == Post.id)
    query = query.where(Reaction.actor_id == actor.id, Reaction.kind == "like")
    return list(await unit.session.scalars(query.order_by(Reaction.id)))


async def _bookmarked(unit: Unit, actor: Actor) -> list[str]:
    query = select(Post.uri).join(Bookmark, Bookmark.post_id == Post.id)
    query = query.where(Bookmark.actor_id == actor.id)
    return list(await unit.session.scalars(query.order_by(Bookmark.id)))


def _following(actors: Iterable[Actor]) -> bytes:
    """As Mastodon writes and reads it."""
    head = ("Account address", "Show boosts", "Notify on new posts", "Languages")
    return _csv(head, [(actor.acct, "true", "false", "") for actor in actors])


def _followers(actors: Iterable[Actor]) -> bytes:
    return _csv(("Account address", "Name"), [(actor.acct, actor.name) for actor in actors])


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
    return text.getvalue().encode()


# --- JSON --------------------------------------------------------------------------------


def _collection(items: Sequence[Any], uri: str | None = None) -> dict[str, Any]:
    named = {"id": uri} if uri else {}
    return {
        "@context": AS2,
        **named,
        "type": "OrderedCollection",
        "totalItems": len(items),
        "orderedItems": list(items),
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_date).encode()


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")
