"""The door: POST to an inbox.

Cheap questions come first, and nobody is believed before the signature is verified.  202
means that the activity is on disk; everything else happens later, in `processor`.
"""

import asyncio
from dataclasses import dataclass

import structlog
from aiohttp import web

from actors.appkeys import AUTHENTICATOR, JOURNAL
from actors.authenticate import ACTOR_GONE
from actors.local import find_local
from actors.models import Actor
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError, Malformed, Unauthenticated
from fedi.core.jsonld import Document, parse_document
from fedi.core.node import Node
from fedi.core.signatures.message import Request
from fedi.core.signatures.request import SignatureClaim, read_key_id
from inbox.answers import accepted, refused
from inbox.frame import (
    MAX_FAREWELL,
    BrokenOff,
    NoSuchInbox,
    TooSlow,
    check_content,
    check_host,
    check_length,
    check_signer,
    read_farewell,
    read_frame,
)
from inbox.keys import ACCEPTOR, GUARD
from inbox.receive import new_item

log = structlog.get_logger()

BODY_SECONDS = 15
SHARED = "/inbox"


@dataclass
class _Arrival:
    """What is known of a request so far, for the journal."""

    origin: str = ""
    subject: str = ""
    noted: bool = False  # by the authenticator, which knows more


async def post_inbox(request: web.Request) -> web.Response:
    """POST /inbox, /actor/inbox, /p/NAME/inbox, /g/NAME/inbox"""
    arrival = _Arrival()
    try:
        await _receive(request, arrival)
    except Exception as error:
        if isinstance(error, FediError) and not arrival.noted:
            request.app[JOURNAL].note(
                direction="in", origin=arrival.origin, code=error.code, subject=arrival.subject
            )
        return refused(error)
    return accepted()


async def _receive(request: web.Request, arrival: _Arrival) -> None:
    app = request.app
    node = app[NODE]
    check_host(request.scheme, request.host, node.site)
    check_content(
        request.headers.get("Content-Type", ""), request.headers.getall("Content-Encoding", [])
    )
    check_length(request.content_length)
    recipient = None if request.path == SHARED else await _find_recipient(node, request.path)
    body = await _read_body(request)
    signed = _as_signed(request, body)
    claim = read_key_id(signed)
    arrival.subject = claim.key_id
    farewell = _read_short_delete(body)
    if farewell is not None and await _is_of_a_stranger(app, claim.key_id, farewell):
        return
    with app[GUARD].passage(app[AUTHENTICATOR].claimed_origin(claim.key_id)):
        await _accept(app, signed, claim, recipient, arrival)


async def _accept(
    app: web.Application,
    signed: Request,
    claim: SignatureClaim,
    recipient: str | None,
    arrival: _Arrival,
) -> None:
    node, body = app[NODE], signed.body
    arrival.noted = True
    try:
        signer = await app[AUTHENTICATOR].authenticate(signed, claim)
    except Unauthenticated as error:
        if error.code == ACTOR_GONE and _names_farewell(body):
            return
        raise
    arrival.noted, arrival.origin, arrival.subject = False, signer.origin, signer.key_id
    app[GUARD].count(signer.origin)
    document = parse_document(body)
    frame = read_frame(document, node.site)
    arrival.subject = frame.uri or signer.uri
    signer.check_standing(frame.type)
    check_signer(frame, document, signer.uri)
    await app[ACCEPTOR].accept(
        new_item(
            frame,
            signer_uri=signer.uri,
            origin=signer.origin,
            recipient=recipient,
            body=body,
            now=node.clock(),
        )
    )
    log.debug("accepted", activity=frame.uri, type=frame.type, peer=signer.origin)


async def _find_recipient(node: Node, path: str) -> str:
    """The actor whose own inbox this is.  Raises `NoSuchInbox`."""
    owner = node.site.url + path.removesuffix("/inbox")
    async with node.db.reading() as unit:
        actor = await find_local(unit, owner)
    if actor is None or actor.gone_at is not None:
        raise NoSuchInbox
    return actor.uri


async def _read_body(request: web.Request) -> bytes:
    body = bytearray()
    try:
        if request.content.is_eof():  # It came along with the headers, as most do.
            whole: bytes = request.content.read_nowait()
            check_length(len(whole))
            return whole
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                body += piece
                check_length(len(body))
    except TimeoutError as error:
        raise TooSlow from error
    except (ConnectionError, web.RequestPayloadError) as error:
        raise BrokenOff from error
    return bytes(body)


def _as_signed(request: web.Request, body: bytes) -> Request:
    """The request as it stood on the wire, for the signature to be checked against."""
    headers = tuple(request.headers.items())
    return Request(request.method, request.scheme, request.host, request.raw_path, headers, body)


async def _is_of_a_stranger(app: web.Application, key_id: str, document: Document) -> bool:
    """Whether a Delete is the farewell of an actor that we never met.

    A server that closes says it once for each of its actors.  There is nothing to delete
    here, and their keys are gone: asking for each would only cost both sides.
    """
    actor_uri = read_farewell(document)
    if actor_uri is None or await app[AUTHENTICATOR].knows(key_id):
        return False
    async with app[NODE].db.reading() as unit:
        return await unit.find(Actor, uri=actor_uri) is None


def _names_farewell(body: bytes) -> bool:
    document = _read_short_delete(body)
    return document is not None and read_farewell(document) is not None


def _read_short_delete(body: bytes) -> Document | None:
    if len(body) > MAX_FAREWELL or b"Delete" not in body:
        return None
    try:
        return parse_document(body)
    except Malformed:
        return None
