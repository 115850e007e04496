"""A program of a member: it speaks to the node by ActivityPub, client to server."""

import asyncio
import json
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from fedi.cli.refusals import Refused
from fedi.core.vocab import ACTIVITY_JSON

SECONDS = 30.0


async def is_ready(url: str) -> bool:
    """Whether a node answers that it can serve."""
    try:
        status, _, _ = await asyncio.to_thread(_request, "GET", f"{url}/readyz", {}, None)
    except (OSError, HTTPException):
        return False
    return status == 200


async def post_to_outbox(actor: str, token: str, document: dict[str, Any]) -> str:
    """Hand an object to the outbox of an actor; returns the id the node gave it.

    Raises `Refused` when the node does not take it.
    """
    headers = {"Authorization": f"Bearer {token}", "Content-Type": ACTIVITY_JSON}
    body = json.dumps(document).encode()
    try:
        status, location, answer = await asyncio.to_thread(
            _request, "POST", f"{actor}/outbox", headers, body
        )
    except (OSError, HTTPException) as error:
        raise Refused(f"{actor} does not answer: {error}") from error
    if status != 201 or location is None:
        raise Refused(f"{actor} cannot write: {status} {answer[:200]}")
    return location.partition("#")[0]  # a Create has the id of its object, and a fragment


def _request(
    method: str, url: str, headers: dict[str, str], body: bytes | None
) -> tuple[int, str | None, str]:
    """Status, Location and body of one answer."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
    try:
        connection.request(method, address.path, body, headers)
        response: HTTPResponse = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        return response.status, response.getheader("Location"), text
    finally:
        connection.close()
