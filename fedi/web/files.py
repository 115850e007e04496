"""Static files: numbered by what is in them, and sent compressed to whoever can read that.

A process reads and compresses them once, at its start, and keeps the compressed form alone,
which nearly everybody asks for.
"""

import asyncio
import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import hdrs, web

from fedi.web.answers import already_has

#: Who asks by number may keep a file for ever; who does not asks each time whether it changed.
FOREVER, ASK = "public, max-age=31536000, immutable", "public, no-cache"
GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class File:
    """One of them."""

    version: str
    kind: str
    packed: bytes  # by gzip


def read_files(folder: Path) -> dict[str, File]:
    """Every file of a folder, by its path in it."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): _read(path) for path in paths}


def _read(path: Path) -> File:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:10]
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return File(version, kind, gzip.compress(content, mtime=0))


FILES: web.AppKey[Mapping[str, File]] = web.AppKey("files", Mapping)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /static/NAME?v=VERSION"""
    file = request.app[FILES].get(request.match_info["name"])
    if file is None:
        raise web.HTTPNotFound
    is_packed = GZIP in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    etag = f"{file.version}-{GZIP}" if is_packed else file.version
    if already_has(request, etag):
        response = web.Response(status=304)
    elif is_packed:
        response = web.Response(body=file.packed, content_type=file.kind, charset=_charset(file))
        response.headers[hdrs.CONTENT_ENCODING] = GZIP
    else:
        content = await asyncio.to_thread(gzip.decompress, file.packed)
        response = web.Response(body=content, content_type=file.kind, charset=_charset(file))
    response.etag = etag
    response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    is_numbered = request.query.get("v") == file.version
    response.headers[hdrs.CACHE_CONTROL] = FOREVER if is_numbered else ASK
    return response


def _charset(file: File) -> str | None:
    return "utf-8" if file.kind.startswith("text/") else None
