"""Images that people send: painted anew by a child process, kept under a digest of their bytes."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fedi.core.errors import Invalid, Overloaded
from fedi.core.paint import REFUSED

#: Bytes of a file as it is sent.
MAX_SENT = 8 * 1024 * 1024
#: Pixels of the longer side, of an image in a text and of a portrait.
SIDE, PORTRAIT = 2048, 256
#: Seconds that a child may take, on a machine that is busy.
PATIENCE = 30
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}

#: How files begin that may be images; anything else needs no child to be refused.
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"RIFF")
_CHILD = (sys.executable, "-I", "-m", "fedi.core.paint")


@dataclass(frozen=True)
class Painted:
    """An image as this node serves it."""

    data: bytes
    media_type: str  # image/jpeg or image/png
    width: int
    height: int

    @cached_property
    def digest(self) -> str:
        """What names it: SHA-256 of its bytes, in hexadecimal."""
        return sha256(self.data).hexdigest()


def address(digest: str, media_type: str) -> str:
    """The path at which an image is served."""
    return f"/media/{digest}.{ENDINGS[media_type]}"


@dataclass(frozen=True)
class Gallery:
    """The folder of images; files are only ever added whole, or removed."""

    folder: Path
    #: One image at a time: two children would take the memory that the node has.
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    async def take_in(self, data: bytes, *, portrait: bool = False) -> Painted:
        """Draw an image anew from its pixels, and keep that: bounded, upright, and mute.

        What it is follows from its bytes, whatever its name or its type said.  Raises `Invalid`
        for what is no JPEG, PNG, WebP or GIF that can be read whole, is too large, or would be
        once unpacked; `Overloaded` when it could not be done in time.
        """
        async with self.turn:
            painted = await _paint(data, PORTRAIT if portrait else SIDE, square=portrait)
        await asyncio.to_thread(self._hang, painted)
        return painted

    def place(self, digest: str) -> Path:
        """Where the file of an image is."""
        return self.folder / digest[:2] / digest

    def _hang(self, painted: Painted) -> None:
        place = self.place(painted.digest)
        if place.exists():
            place.touch()  # somebody has it again: it is not old any more
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_suffix(f".{os.getpid()}")
        draft.write_bytes(painted.data)
        draft.replace(place)

    def list_old(self, prefix: str, before: float) -> list[str]:
        """The images whose digest begins so and that were hung before this time; blocks."""
        folder = self.folder / prefix
        files = list(folder.iterdir()) if folder.is_dir() else []
        return [file.name for file in files if file.stat().st_mtime < before]

    def take_down(self, digest: str) -> None:
        """Remove an image; blocks."""
        self.place(digest).unlink(missing_ok=True)


async def _paint(data: bytes, side: int, *, square: bool) -> Painted:
    if len(data) > MAX_SENT:
        raise Invalid("this image is too large: 8 MB at most", code="image-too-large")
    if not data.startswith(_BEGINNINGS):
        raise Invalid("this is no image for a page: send a JPEG, PNG, WebP or GIF", code="no-image")
    child = await asyncio.create_subprocess_exec(
        *_CHILD,
        *(str(side), *(["square"] if square else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    try:
        answer, _ = await asyncio.wait_for(child.communicate(data), PATIENCE)
    except TimeoutError as error:
        raise Overloaded("the image could not be prepared in time") from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == REFUSED or (child.returncode or 0) < 0:  # by itself, or by its limits
        raise Invalid("this image cannot be read, or it is too large", code="bad-image")
    if child.returncode != 0:
        raise Overloaded("images cannot be prepared on this machine")
    head, _, body = answer.partition(b"\n")
    told = json.loads(head)
    return Painted(body, told["type"], told["width"], told["height"])
