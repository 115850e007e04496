"""`python -m fedi.core.paint`: one image in, painted anew, on standard input and output.

A process of its own for each image, so that what hides in a file meets a decoder that holds
nothing else: it has no keys, no database, little memory and little time, and it ends.  What
comes out was drawn from pixels: nothing of the file that came in is in it, neither the place
where a picture was taken nor what was appended to it.

The arguments are the largest side in pixels, and `square` for a portrait.  The answer is a line
of JSON, then the bytes; or, with exit status 3, a line that says what is wrong.
"""

import json
import resource
import sys
from io import BytesIO
from typing import Any

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 15
#: An image of a good camera; beyond, it is a bomb or a poster.
MAX_PIXELS = 40_000_000
MAX_SIDE = 20_000
#: Bytes of an image as it is served.
MAX_PAINTED = 1024 * 1024
QUALITIES = (85, 75, 60, 45)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
REFUSED = 3


def main(arguments: list[str]) -> int:
    """Paint what stands on standard input; the exit status."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    side, square = int(arguments[0]), "square" in arguments
    try:
        head, body = _paint(sys.stdin.buffer.read(), side, square)
    except (MemoryError, OSError, ValueError, SyntaxError, EOFError) as error:
        # These are what Pillow raises for files that are damaged, or made to harm.
        sys.stderr.write(f"{type(error).__name__}\n")
        return REFUSED
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)
    sys.stdout.buffer.flush()
    return 0


def _paint(data: bytes, side: int, square: bool) -> tuple[dict[str, Any], bytes]:
    from PIL import Image, ImageOps  # noqa: PLC0415  after the limits hold, and never in a node

    Image.MAX_IMAGE_PIXELS = None  # our own bound is stricter, and refuses instead of warning
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        width, height = opened.size
        if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
            raise ValueError("too many pixels")
        opened.draft("RGB", (side, side))  # a JPEG is read at half its size when that is enough
        picture = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    if not square:
        picture.thumbnail((side, side))
    picture = ImageOps.exif_transpose(picture)
    if square:
        picture = ImageOps.fit(picture, (side, side))
    picture.info.clear()
    kind, body = _write(picture)
    return {"type": kind, "width": picture.width, "height": picture.height}, body


def _write(picture: Any) -> tuple[str, bytes]:
    """As a PNG when something shows through or little is to be drawn, else as a JPEG."""
    if picture.mode == "RGBA" or len(picture.getcolors(256) or ()):
        body = _encoded(picture, "PNG", optimize=True)
        if len(body) <= MAX_PAINTED:
            return "image/png", body
        picture = _on_white(picture)
    for quality in QUALITIES:
        body = _encoded(picture, "JPEG", quality=quality, optimize=True, progressive=True)
        if len(body) <= MAX_PAINTED:
            return "image/jpeg", body
    raise ValueError("too many bytes")


def _on_white(picture: Any) -> Any:
    if picture.mode != "RGBA":
        return picture
    paper = picture.copy().convert("RGB")
    paper.paste((255, 255, 255), (0, 0, *paper.size))
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _encoded(picture: Any, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
