"""GET /p/NAME/inbox: what was said to a member, for the programs they use (ActivityPub §5.2)."""

from typing import Any

from aiohttp import hdrs, web
from sqlalchemy import select

from actors.models import Actor
from fedi.accounts.tokens import find_token
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError
from fedi.core.jsonld import dumps, embed
from fedi.core.unit import Unit
from fedi.core.vocab import ACTIVITY_JSON, AS2
from fedi.debates.models.post import ArchivedActivity
from inbox.answers import refused
from inbox.models import InboxItem
from outbox.models import Activity, Reception

PAGE = 40


async def read_inbox(request: web.Request) -> web.Response:
    """Answer the owner of a bearer token with their inbox, newest first; nobody else."""
    scheme, _, secret = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    token = secret.strip() if scheme.lower() == "bearer" else ""
    try:
        async with request.app[NODE].db.reading() as unit:
            member = await find_token(unit, token, "read")
            if member.handle != request.match_info["name"]:
                raise web.HTTPForbidden
            content = await _page(unit, member, request.query.get("page"))
    except FediError as error:
        return refused(error)
    headers = {hdrs.CACHE_CONTROL: "private, no-store"}
    return web.Response(body=dumps(content), content_type=ACTIVITY_JSON, headers=headers)


async def _page(unit: Unit, member: Actor, page: str | None) -> dict[str, Any]:
    """The newest activities stand in the collection itself; older ones in pages after it."""
    query = select(Reception).where(Reception.actor_id == member.id)
    if page is not None and page.isascii() and page.isdigit():
        query = query.where(Reception.id < int(page[:19]))
    rows = list(await unit.session.scalars(query.order_by(Reception.id.desc()).limit(PAGE)))
    bodies = await _bodies(unit, [row.activity_uri for row in rows])
    uri = member.inbox
    content: dict[str, Any] = {
        "@context": [AS2],
        "id": uri if page is None else f"{uri}?page={page}",
        "type": "OrderedCollection" if page is None else "OrderedCollectionPage",
        "orderedItems": [
            embed(bodies[row.activity_uri]) for row in rows if row.activity_uri in bodies
        ],
    }
    if page is not None:
        content["partOf"] = uri
    if len(rows) == PAGE:
        content["next"] = f"{uri}?page={rows[-1].id}"
    return content


async def _bodies(unit: Unit, uris: list[str]) -> dict[str, bytes]:
    """Activities by id, wherever they are kept: said here, evidence of debates, just received."""
    bodies: dict[str, bytes] = {}
    for name, body in (
        (InboxItem.activity_uri, InboxItem.body),
        (ArchivedActivity.activity_uri, ArchivedActivity.body),
        (Activity.uri, Activity.body),
    ):
        query = select(name.label("uri"), body.label("body")).where(name.in_(uris), body != b"")
        bodies |= {row.uri: row.body for row in await unit.session.execute(query)}
    return bodies
