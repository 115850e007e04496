"""Walking through all that a node serves in public, and writing it down address by address.

An address answers twice, to machines and to people, so each becomes a directory with
`index.json` and `index.html` in it; a query is part of the name, as in `index?page=2.json`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import orjson
from sqlalchemy import select

from actors.models import Actor
from fedi.cli.export.asking import Asking, Said
from fedi.core.node import Node
from fedi.core.vocab import ACTIVITY_JSON
from fedi.debates.mirrors import is_mirror
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from outbox.models import Activity

PEOPLE = "text/html"
BEGINNINGS = (
    "/", "/groups", "/members", "/tags", "/accessibility", "/feed.atom", "/actor", "/m",
    "/.well-known/nodeinfo", "/nodeinfo/2.1", "/.well-known/host-meta",
)  # fmt: skip
#: What is one's own, changes with who looks, or is for those who act.
_LEFT_OUT = re.compile(
    r"/(?:search|sign-in|open|settings|bookmarks|drafts|live|admin|posts/[^/]+/(?!history|likes)"
    r"|threads|interact|authorize_interaction|inbox|setup|join|names|networks\?)"
)
_LINKS = re.compile(r'(?:href|src)="(/[^"#]*)')
_EXTENSIONS = {ACTIVITY_JSON: "json", "application/json": "json", "application/jrd+json": "json"}
#: Members of documents that lead to further documents of the same node.
_LEADING = (
    "first", "last", "next", "replies", "likes", "shares", "context", "contextHistory", "outbox",
    "followers", "following", "featured", "moderators",
)  # fmt: skip


@dataclass
class Walk:
    """What was written, and what still has to be asked for."""

    node: Node
    asking: Asking
    directory: Path
    written: int = 0
    gone: list[str] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    async def run(self) -> None:
        """Write everything that leads on from what the node has."""
        pending = [(path, kind) for path in await self._beginnings() for kind in _kinds(path)]
        while pending:
            target, kind = pending.pop()
            if (target, kind) in self._seen or _LEFT_OUT.match(target):
                continue
            self._seen.add((target, kind))
            said = await self.asking.get(target, kind)
            if said.status in (301, 302, 303):
                self._write(target, kind, _lead_to(said.headers.get("location", "/")))
                pending.append((said.headers.get("location", "/").partition("#")[0], kind))
            elif said.status in (200, 410):
                self._note(target, said)
                self._write(target, kind, said)
                pending += [(link, other) for link in self._links(said) for other in _kinds(link)]

    async def _beginnings(self) -> list[str]:
        """Every address that has an id, and those where people begin."""
        paths, site = list(BEGINNINGS), self.node.site
        async with self.node.db.reading() as unit:
            actors = list(await unit.session.scalars(select(Actor).where(Actor.role.is_not(None))))
            for actor in actors:
                paths += [actor.uri, f"{actor.uri}/feed.atom"]
                paths.append(f"/.well-known/webfinger?resource=acct:{actor.acct}")
            posts = select(Post.uri).where(Post.uri >= site.object(""), Post.uri < site.object("~"))
            paths += await unit.session.scalars(posts)
            spoken = select(Activity.uri).where(
                Activity.public,
                Activity.uri >= site.activity(""),
                Activity.uri < site.activity("~"),
            )
            paths += await unit.session.scalars(spoken)
            paths += [f"/d/{key}" for key in await unit.session.scalars(select(Thread.key))]
            contexts = select(Thread.uri).where(
                Thread.uri >= site.context(""), Thread.uri < site.context("~")
            )
            paths += await unit.session.scalars(contexts)
        return [path.removeprefix(site.url) for path in paths]

    def _links(self, said: Said) -> Iterator[str]:
        """Where an answer leads, on this node."""
        if said.media == PEOPLE:
            for link in _LINKS.findall(said.body.decode("utf-8", "replace")):
                yield unescape(link)
        elif said.media in _EXTENSIONS:
            for uri in _uris(orjson.loads(said.body)):
                if uri.startswith(f"{self.node.site.url}/"):
                    yield uri.removeprefix(self.node.site.url).partition("#")[0]

    def _note(self, target: str, said: Said) -> None:
        if said.status == 410:
            self.gone.append(target)

    def _write(self, target: str, kind: str, said: Said) -> None:
        path = _file_of(self.directory, target, kind, said)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(said.body)
        self.written += 1


def _kinds(target: str) -> list[str]:
    """Ids answer machines and people; files, everybody alike."""
    path = target.partition("?")[0]
    if re.match(r"/(?:o|c|g|p|actor)\b", path) and not path.endswith((".atom", ".css", ".svg")):
        return [ACTIVITY_JSON, PEOPLE]
    machine = re.match(r"/(?:a|m|nodeinfo|\.well-known)\b", path)
    return [ACTIVITY_JSON] if machine else [PEOPLE]


def _file_of(directory: Path, target: str, kind: str, said: Said) -> Path | None:
    path, _, query = target.partition("?")
    if ".." in path or "\x00" in target:
        return None
    if Path(path).suffix and not query and not path.startswith("/m/"):
        return directory / path.lstrip("/")
    ending = _EXTENSIONS.get(said.media, "html" if kind == PEOPLE else "json")
    name = f"index?{query}" if query else "index"
    if "/" in name or len(name) > 200:
        return None
    return directory / path.strip("/") / f"{name}.{ending}"


def _lead_to(location: str) -> Said:
    """A page that leads on, for servers of files cannot."""
    parts = urlsplit(urljoin("/", location))
    where = escape(parts._replace(scheme="", netloc="").geturl())
    page = f'<meta http-equiv="refresh" content="0;url={where}"><a href="{where}">{where}</a>'
    return Said(200, {"content-type": PEOPLE}, f"<!doctype html>{page}\n".encode())


def _uris(value: Any) -> Iterator[str]:
    """The addresses to which a document leads."""
    if not isinstance(value, dict):
        return
    for name in _LEADING:
        entry = value.get(name)
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            yield str(entry.get("id", ""))
            yield from _uris(entry)
    for item in value.get("orderedItems", ()):
        if isinstance(item, str) and item.startswith("http") and is_mirror(item):
            yield item
