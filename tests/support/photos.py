"""Files that people send as images: good ones, and those that lie."""

import struct
import zlib
from io import BytesIO

from PIL import Image

#: Where a picture was taken, as a telephone writes it.
PLACE = "N 50° 38'"


def photo(kind: str = "JPEG", size: tuple[int, int] = (60, 40)) -> bytes:
    """A picture of many colours that tells where it was taken, and which way is up."""
    down = Image.linear_gradient("L")
    colours = (down, down.rotate(90), Image.radial_gradient("L"))
    picture = Image.merge("RGB", [colour.resize(size) for colour in colours])
    exif = Image.Exif()
    exif[0x010E] = PLACE  # ImageDescription
    exif[0x0112] = 6  # Orientation: the camera was turned
    exif.get_ifd(0x8825)[1] = "N"  # GPSLatitudeRef
    exif.get_ifd(0x8825)[2] = (50.0, 38.0, 14.0)
    file = BytesIO()
    more = {} if kind == "GIF" else {"exif": exif}
    picture.save(file, kind, comment=PLACE.encode("latin-1"), **more)
    return file.getvalue()


def flag(kind: str = "PNG", size: tuple[int, int] = (30, 20)) -> bytes:
    """A drawing through which the paper shows."""
    file = BytesIO()
    Image.new("RGBA", size, (15, 107, 92, 128)).save(file, kind)
    return file.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def bomb(side: int = 30_000) -> bytes:
    """A PNG that is whole, and a thousand times larger when it is unpacked."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    parts = (b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def read(data: bytes) -> Image.Image:
    """What an image shows."""
    picture = Image.open(BytesIO(data))
    picture.load()
    return picture
