"""How others find us: WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo 2.1 (FEP-f1d5)."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from xml.sax.saxutils import quoteattr

from aiohttp import hdrs, web
from sqlalchemy import distinct, func, select

from actors.webfinger import find_resource, write_jrd
from fedi.accounts.models import Account
from fedi.core.appkeys import NODE
from fedi.core.errors import FediError, Malformed
from fedi.core.jsonld import dumps
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.core.version import VERSION
from fedi.core.vocab import AS2, JRD_JSON, OUR_SOFTWARE
from fedi.debates.models.post import Post
from fedi.web.answers import BRIEFLY, document
from fedi.web.keys import CHOSEN, USAGE

NODEINFO = "http://nodeinfo.diaspora.software/ns/schema/2.1"
MAX_RESOURCE = 2048


async def webfinger(request: web.Request) -> web.Response:
    """GET /.well-known/webfinger?resource=acct:NAME@DOMAIN

    Unknown, suspended and foreign names get the same 404.
    """
    resources = request.query.getall("resource", [])
    if len(resources) != 1 or not resources[0].strip() or len(resources[0]) > MAX_RESOURCE:
        raise web.HTTPBadRequest(text="give one resource, such as acct:name@domain")
    node = request.app[NODE]
    async with node.db.reading() as unit:
        try:
            actor = await find_resource(unit, resources[0])
        except Malformed as error:
            raise web.HTTPBadRequest(text="that resource is not an account") from error
        except FediError as error:
            raise web.HTTPNotFound(text="no such account") from error
    return document(request, write_jrd(actor, node.site), content_type=JRD_JSON)


async def host_meta(request: web.Request) -> web.Response:
    """GET /.well-known/host-meta: where WebFinger is, for those who ask the old way."""
    template = quoteattr(f"{request.app[NODE].site.url}/.well-known/webfinger?resource={{uri}}")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="{JRD_JSON}" template={template}/>\n'
        "</XRD>\n"
    )
    return document(request, body.encode(), content_type="application/xrd+xml")


async def nodeinfo_links(request: web.Request) -> web.Response:
    """GET /.well-known/nodeinfo, with the instance actor of FEP-2677."""
    site = request.app[NODE].site
    links = [
        {"rel": NODEINFO, "href": f"{site.url}/nodeinfo/2.1"},
        {"rel": f"{AS2}#Application", "href": site.instance_actor},
    ]
    return document(request, {"links": links}, content_type="application/json")


async def nodeinfo(request: web.Request) -> web.Response:
    """GET /nodeinfo/2.1: roots are posts, replies are comments, who writes is active."""
    node = request.app[NODE]
    usage = await request.app[USAGE].get(partial(_usage, node))
    body = {
        "version": "2.1",
        "software": {"name": OUR_SOFTWARE, "version": VERSION},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": request.app[CHOSEN].now.registration == "open",
        "usage": usage,
        "metadata": {},
    }
    response = document(request, dumps(body), content_type="application/json", max_age=BRIEFLY * 10)
    response.headers[hdrs.CONTENT_TYPE] = f'application/json; profile="{NODEINFO}#"'
    return response


async def _usage(node: Node) -> Mapping[str, Any]:
    async with node.db.reading() as unit:
        return await _count(unit)


async def _count(unit: Unit) -> Mapping[str, Any]:
    accounts = select(func.count()).select_from(Account).where(Account.disabled_at.is_(None))
    ours = select(func.count()).where(Post.document.is_not(None), Post.published_at <= unit.now)
    writers = select(func.count(distinct(Post.author_id))).where(Post.document.is_not(None))
    month, half_year = (Post.published_at >= unit.now - timedelta(days=days) for days in (30, 180))
    return {
        "users": {
            "total": await unit.session.scalar(accounts),
            "activeMonth": await unit.session.scalar(writers.where(month)),
            "activeHalfyear": await unit.session.scalar(writers.where(half_year)),
        },
        "localPosts": await unit.session.scalar(ours.where(Post.depth == 0)),
        "localComments": await unit.session.scalar(ours.where(Post.depth > 0)),
    }
