"""Images of members: drawn anew, served alone, gone with their message; and files that lie."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from factories import FakeClock
from opened import Opened, opened
from photos import PLACE, bomb, claims, flag, photo, read
from sqlalchemy import func, select
from visitors import Page

from fedi.core.errors import Invalid
from fedi.core.images import MAX_SENT, Gallery
from fedi.debates.models.image import Image
from fedi.retention import prune

PHOTO = ("photos", "photo.jpg", photo())


def keys_in(page: Page) -> list[str]:
    """The images that a form holds."""
    found = re.search(r'name="images" value="([^"]*)"', page.text)
    return found[1].split() if found else []


def kept_in(folder: Path) -> list[str]:
    """The files in a folder of images."""
    return [file.name for file in folder.rglob("*") if file.is_file()]


async def attach(it: Opened, *files: tuple[str, str, bytes], **fields: str) -> Page:
    return await it.elise.send(
        f"/posts/{it.root.key}/reply", files=files, attach="1", text="Voici.", **fields
    )


async def published(it: Opened, text: str = "L’atelier, vu du pont") -> tuple[Page, str]:
    """A reply that shows an image; its page, and the address of the image."""
    (key,) = keys_in(await attach(it, PHOTO))
    page = await it.elise.send(
        f"/posts/{it.root.key}/reply", text="Voici.", images=key, **{f"alt-{key}": text}
    )
    assert page.status == 200, page.words
    (path,) = set(re.findall(r'src="(/media/[^"]+)"', page.text))
    return page, path


# --- drawn anew --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_an_image_is_drawn_anew_upright_and_tells_nothing_else(tmp_path: Path, kind: str):
    sent = photo(kind)
    appended = b"PK\x03\x04 a whole archive <script>"
    painted = await Gallery(tmp_path).take_in(sent + appended)

    kept = (tmp_path / painted.digest[:2] / painted.digest).read_bytes()
    assert kept == painted.data
    assert (painted.width, painted.height) == ((60, 40) if kind == "GIF" else (40, 60))
    assert read(kept).size == (painted.width, painted.height)
    assert not read(kept).getexif()
    for trace in (b"Exif", b"script", b"PK\x03", PLACE.encode("latin-1")[:4], b"GPS"):
        assert trace not in kept


async def test_what_shows_through_stays_so_and_large_images_are_bounded(tmp_path: Path):
    gallery = Gallery(tmp_path)
    drawing = await gallery.take_in(flag())
    large = await gallery.take_in(photo(size=(5000, 3000)))
    portrait = await gallery.take_in(photo(), portrait=True)

    assert drawing.media_type == "image/png"
    assert read(drawing.data).mode == "RGBA"
    assert max(large.width, large.height) == 2048
    assert len(large.data) <= 1024 * 1024
    assert (portrait.width, portrait.height) == (256, 256)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b'{"@context": "https://www.w3.org/ns/activitystreams", "type": "Note"}',
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"GIF89a/*<script>alert(1)</script>*/",
        b"\xff\xd8\xff\xe0 not a picture at all",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        photo()[:400],
        claims(50_000, 50_000),
        claims(0, 0),
        claims(7000, 7000),
        bomb(),
        b"\x89PNG\r\n\x1a\n" + bytes(MAX_SENT),
    ],
    ids=[
        "nothing", "svg", "activity", "html", "pdf", "gif and script", "no jpeg", "sound",
        "half a jpeg", "huge", "no size", "too many pixels", "bomb", "too long",
    ],
)  # fmt: skip
async def test_a_file_that_is_no_image_for_a_page_is_refused(tmp_path: Path, data: bytes):
    with pytest.raises(Invalid):
        await Gallery(tmp_path).take_in(data)
    assert kept_in(tmp_path) == []


# --- in a message ------------------------------------------------------------------------


async def test_an_image_is_chosen_told_in_words_and_shown(tmp_path: Path):
    async with opened(tmp_path) as it:
        form = await attach(it, PHOTO, ("photos", "drapeau.png", flag()))
        assert form.status == 200
        assert "Voici." in form.text, "what was typed is still there"
        assert len(keys_in(form)) == 2
        page, path = await published(it, 'Un "atelier" & <pont>')
        assert 'alt="Un &#34;atelier&#34; &amp; &lt;pont&gt;"' in page.text

        visitor = it.site.visitor()
        feed = await visitor.get(f"/c/{it.root.key}/feed.atom")
        assert f"{it.site.node.site.url}{path}" in feed.text
        async with visitor.client.get(path) as answer:
            assert answer.status == 200
            assert answer.content_type == "image/jpeg"
            assert read(await answer.read()).size == (40, 60)
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "immutable" in answer.headers["Cache-Control"]
        activity = {"Accept": "application/activity+json"}
        async with visitor.client.get(path, headers=activity) as answer:
            assert answer.content_type == "image/jpeg"
        for lie in (path.replace(".jpg", ".png"), path[:-5] + "0.jpg", "/media/..%2fsecret.key"):
            assert (await visitor.get(lie)).status == 404


async def test_an_image_without_words_is_not_published_unless_its_author_says_so(tmp_path: Path):
    async with opened(tmp_path) as it:
        refused = await it.elise.send(f"/posts/{it.root.key}/reply", files=[PHOTO], text="Voici.")
        assert refused.status == 422
        assert "Say in a few words what each image shows" in refused.words
        (key,) = keys_in(refused)
        assert len(await it.posts()) == 1

        muted = {f"mute-{key}": "on"}
        page = await it.elise.send(
            f"/posts/{it.root.key}/reply", text="Voici.", images=key, **muted
        )
        assert page.status == 200
        assert 'alt=""' in page.text
        assert len(await it.posts()) == 2


async def test_an_image_can_be_left_out_or_changed_later(tmp_path: Path):
    async with opened(tmp_path) as it:
        one, two = keys_in(await attach(it, PHOTO, ("photos", "drapeau.png", flag())))
        left = await it.elise.send(
            f"/posts/{it.root.key}/reply", text="Voici.", images=f"{one} {two}",
            **{f"alt-{one}": "un", f"drop-{two}": "1"},
        )  # fmt: skip
        assert keys_in(left) == [one]
        assert ">un</textarea>" in left.text

        await published(it, "avant")
        reply = (await it.posts())[-1]
        form = await it.elise.get(f"/posts/{reply.key}/edit")
        (key,) = keys_in(form)
        assert ">avant</textarea>" in form.text
        edited = await it.elise.send(
            f"/posts/{reply.key}/edit", text="Voici.", images=key, **{f"alt-{key}": "après"}
        )
        assert 'alt="après"' in edited.text
        await it.elise.send(f"/posts/{reply.key}/edit", text="Voici.", images="")
        assert (await it.posts())[-1].images is None


async def test_an_image_is_shown_by_its_owner_only_and_in_one_message(tmp_path: Path):
    async with opened(tmp_path) as it:
        (key,) = keys_in(await attach(it, PHOTO))
        hugo = await it.site.member("hugo")
        told = {"images": key, f"alt-{key}": "la mienne"}
        stolen = await hugo.send(f"/posts/{it.root.key}/reply", text="Moi", **told)
        assert stolen.status == 422
        assert "add it again" in stolen.words

        await it.elise.send(f"/posts/{it.root.key}/reply", text="Moi", **told)
        twice = await it.elise.send(f"/posts/{it.root.key}/reply", text="Encore", **told)
        assert twice.status == 422
        assert len(await it.posts()) == 2


async def test_a_file_that_lies_is_told_of_in_the_form(tmp_path: Path):
    async with opened(tmp_path) as it:
        svg = ("photos", "photo.jpg", b"<svg onload='alert(1)'/>")
        form = await it.elise.send(f"/posts/{it.root.key}/reply", files=[svg], text="Voici.")
        assert form.status == 422
        assert "send a JPEG, PNG, WebP or GIF" in form.words
        assert "Voici." in form.text
        assert keys_in(form) == []

        too_long = ("photos", "photo.jpg", bytes(40 * 1024 * 1024))
        page = await it.elise.send(f"/posts/{it.root.key}/reply", files=[too_long], text="a")
        assert page.status == 413
        assert len(await it.posts()) == 1


async def test_images_of_a_message_go_with_it(tmp_path: Path):
    async with opened(tmp_path) as it:
        _, path = await published(it)
        reply = (await it.posts())[-1]
        await it.elise.send(f"/posts/{reply.key}/delete")

        assert (await it.site.visitor().get(path)).status == 404


async def test_what_a_moderator_removed_shows_no_image(tmp_path: Path):
    async with opened(tmp_path) as it:
        _, path = await published(it)
        reply = (await it.posts())[-1]
        admin = await it.site.member("admin2", admin=True)
        await admin.send(f"/posts/{reply.key}/delete", reason="hors sujet")

        assert (await it.site.visitor().get(path)).status == 404


async def test_files_that_nothing_names_any_more_are_removed_at_night(tmp_path: Path):
    async with opened(tmp_path) as it:
        await attach(it, PHOTO)
        _, path = await published(it, "gardée")
        await attach(it, ("photos", "drapeau.png", flag()))
        node = it.site.node
        assert len(kept_in(node.config.media_dir)) == 2

        clock = node.clock
        assert isinstance(clock, FakeClock)
        clock.now = datetime.now(UTC) + timedelta(days=9)
        await prune(node)

        assert kept_in(node.config.media_dir) == [path.removeprefix("/media/").removesuffix(".jpg")]
        async with node.db.reading() as unit:
            assert await unit.session.scalar(select(func.count()).select_from(Image)) == 1
