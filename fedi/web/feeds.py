"""Atom feeds (RFC 4287) of the network, of a group and of a thread, written by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from aiohttp import web

from actors.local import get_local, network_actor
from actors.models import Actor, Role
from fedi.core.appkeys import NODE
from fedi.core.unit import Unit
from fedi.core.urls import Site
from fedi.debates.carried import show_images, sign_content
from fedi.debates.models.thread import Thread
from fedi.debates.threads import latest_posts, list_threads
from fedi.web.answers import document
from fedi.web.keys import CHOSEN

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
register_namespace("", ATOM)


@dataclass(frozen=True)
class Entry:
    """One line of a feed; `content` is clean HTML."""

    uri: str
    url: str
    title: str
    author: str
    published: datetime
    updated: datetime
    content: str


async def network(request: web.Request) -> web.Response:
    """GET /feed.atom: the debates of the network, by last activity."""
    node = request.app[NODE]
    async with node.db.reading() as unit:
        actor = await network_actor(unit)
        entries = await _debates(unit, None)
    return _feed(request, actor.uri, node.site.url + "/", actor.name, entries)


async def group(request: web.Request) -> web.Response:
    """GET /g/NAME/feed.atom: the debates of a group, by last activity."""
    async with request.app[NODE].db.reading() as unit:
        actor = await get_local(unit, request.match_info["name"])
        if actor is None or actor.role not in (Role.GROUP, Role.NETWORK):
            raise web.HTTPNotFound
        entries = await _debates(unit, actor)
    return _feed(request, actor.uri, actor.uri, actor.name, entries)


async def thread(request: web.Request) -> web.Response:
    """GET /c/KEY/feed.atom: the newest posts of a debate, newest first."""
    async with request.app[NODE].db.reading() as unit:
        found = await unit.find(Thread, uri=unit.site.context(request.match_info["key"]))
        if found is None:
            raise web.HTTPNotFound
        entries = [
            Entry(
                uri=post.uri,
                url=f"{unit.site.url}/o/{post.key}",
                title=found.title,
                author=post.author_name,
                published=post.published_at,
                updated=post.updated_at or post.published_at,
                content=sign_content(
                    post.content + show_images(post.images, unit.site), post.hat, post.language
                ),
            )
            for post in await latest_posts(unit, found, limit=ENTRIES)
        ]
    return _feed(request, found.uri, found.uri, found.title, entries)


async def _debates(unit: Unit, group: Actor | None) -> list[Entry]:
    return [
        Entry(
            uri=row.uri,
            url=page_url(unit.site, row.key),
            title=row.title,
            author=row.author_name,
            published=row.opened_at,
            updated=row.active_at,
            content=row.question,
        )
        for row in await list_threads(unit, group=group, limit=ENTRIES)
    ]


def page_url(site: Site, key: str) -> str:
    """Where people read a thread here."""
    return f"{site.url}/d/{key}"


def _feed(
    request: web.Request, uri: str, page: str, title: str, entries: list[Entry]
) -> web.Response:
    feed = Element(f"{{{ATOM}}}feed")
    here = request.app[NODE].site.url + request.path
    updated = max(
        (entry.updated for entry in entries), default=datetime.fromtimestamp(0).astimezone()
    )
    _text(feed, "id", uri)
    _text(feed, "title", title)
    _text(feed, "updated", updated.isoformat())
    if logo := request.app[CHOSEN].now.logo:
        _text(feed, "logo", request.app[NODE].site.url + logo)
    SubElement(feed, f"{{{ATOM}}}link", rel="self", type="application/atom+xml", href=here)
    SubElement(feed, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=page)
    for entry in entries:
        _entry(feed, entry)
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(feed, encoding="utf-8")
    return document(request, body, content_type="application/atom+xml")


def _entry(feed: Element, entry: Entry) -> None:
    element = SubElement(feed, f"{{{ATOM}}}entry")
    _text(element, "id", entry.uri)
    _text(element, "title", entry.title)
    _text(element, "published", entry.published.isoformat())
    _text(element, "updated", entry.updated.isoformat())
    author = SubElement(element, f"{{{ATOM}}}author")
    _text(author, "name", entry.author)
    SubElement(element, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=entry.url)
    content = SubElement(element, f"{{{ATOM}}}content", type="html")
    content.text = entry.content


def _text(parent: Element, name: str, value: str) -> None:
    SubElement(parent, f"{{{ATOM}}}{name}").text = value
