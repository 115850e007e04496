"""Answers to machines: bytes of ActivityStreams with the headers that make them cacheable."""

import hashlib
from datetime import datetime
from typing import Any

from aiohttp import ETag, hdrs, web

from fedi.core.jsonld import dumps
from fedi.core.vocab import ACTIVITY_JSON

#: Seconds a shared cache may keep a public document.
BRIEFLY = 60


def document(
    request: web.Request,
    body: bytes | dict[str, Any],
    *,
    status: int = 200,
    content_type: str = ACTIVITY_JSON,
    max_age: int = BRIEFLY,
    modified: datetime | None = None,
) -> web.Response:
    """Answer with a public document, or with 304 when the caller already has these bytes.

    Anybody may read it from a page of another site: it is served to strangers as well.
    """
    content = body if isinstance(body, bytes) else dumps(body)
    etag = hashlib.sha256(content).hexdigest()[:32]
    response = web.Response(status=status, body=content, content_type=content_type)
    if status == web.HTTPOk.status_code and already_has(request, etag):
        response = web.Response(status=web.HTTPNotModified.status_code)
    response.etag = etag
    response.last_modified = modified
    response.headers[hdrs.CACHE_CONTROL] = f"public, max-age={max_age}"
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    return response


def already_has(request: web.Request, etag: str) -> bool:
    """Whether the caller has these bytes, as `If-None-Match` tells."""
    known: tuple[ETag, ...] = request.if_none_match or ()
    return any(tag.value in (etag, "*") for tag in known)


def private(body: bytes | dict[str, Any]) -> web.Response:
    """Answer with a document meant for this caller only; no cache keeps it."""
    content = body if isinstance(body, bytes) else dumps(body)
    response = web.Response(body=content, content_type=ACTIVITY_JSON)
    response.headers[hdrs.CACHE_CONTROL] = "private, no-store"
    return response
