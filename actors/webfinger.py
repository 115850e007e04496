"""WebFinger (RFC 7033): how a name such as `climat@reseau.example` leads to an actor."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from actors.local import get_local
from actors.models import Actor, Role
from fedi.core.answers import is_activity_type
from fedi.core.config import is_reserved
from fedi.core.errors import ForbiddenAddress, Malformed, NotFound, Unreachable
from fedi.core.fetch import Budget, Fetcher
from fedi.core.jsonld import Document, objects_of
from fedi.core.unit import Unit
from fedi.core.urls import MAX_URL, Site, parse_url, read_id
from fedi.core.vocab import ACTIVITY_JSON, JRD_JSON

PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
#: Activity intents (FEP-3b86): where the server of a visitor takes what they want to do.
INTENT = "https://w3id.org/fep/3b86/"

#: The intents we answer, with what the asker fills in.
_INTENTS = {
    "Object": "object",
    "Create": "inReplyTo",
    "Follow": "object",
    "Like": "object",
    "Announce": "object",
}


@dataclass(frozen=True)
class Handle:
    """The name of an actor and the server where it is looked up."""

    name: str
    host: str  # authority: with the port when it is not the usual one

    def __str__(self) -> str:
        return f"{self.name}@{self.host}"

    @property
    def resource(self) -> str:
        """What WebFinger is asked for."""
        return f"acct:{self}"


def read_handle(text: str) -> Handle:
    """Read `name@host`, `@name@host` or `acct:name@host`; raises `Malformed` for anything else.

    The host is brought into canonical form; the name is kept as it is written.
    """
    name, at, host = text.strip().removeprefix("acct:").removeprefix("@").partition("@")
    if not (name and at and host) or len(text) > MAX_URL or "://" in text:
        raise Malformed("a handle looks like name@host", code="handle")
    if any(letter.isspace() or not letter.isprintable() for letter in name):
        raise Malformed("a name has no spaces", code="handle")
    address = parse_url(f"https://{host}")
    if address.target or address.fragment:
        raise Malformed("a handle ends with the name of a server", code="handle")
    return Handle(name, address.origin.authority)


# --- ours --------------------------------------------------------------------------------


def write_jrd(actor: Actor, site: Site, *, aliases: Sequence[str] = ()) -> Document:
    """What WebFinger answers about an actor of ours; `aliases` are further addresses of it."""
    addresses = dict.fromkeys((actor.uri, actor.url, *aliases))
    links: list[Document] = [
        {"rel": "self", "type": ACTIVITY_JSON, "href": actor.uri},
        {"rel": PROFILE_PAGE, "type": "text/html", "href": actor.url or actor.uri},
    ]
    if actor.role is not Role.INSTANCE:
        interact = f"{site.url}/authorize_interaction?uri="
        links.append({"rel": SUBSCRIBE, "template": f"{interact}{{uri}}"})
        links.extend(
            {"rel": f"{INTENT}{intent}", "template": f"{interact}{{{parameter}}}"}
            for intent, parameter in _INTENTS.items()
        )
    return {
        "subject": Handle(actor.handle, site.domain).resource,
        "aliases": [address for address in addresses if address],
        "links": links,
    }


async def find_resource(unit: Unit, resource: str) -> Actor:
    """The actor of ours that somebody asks WebFinger for, by name or by address.

    Raises `Malformed` for what can be no name of an actor, and one `NotFound` for those we do
    not have, do not show any more, or that live elsewhere.
    """
    actor = await _find(unit, resource.strip())
    if actor is None or actor.suspended_at or actor.gone_at:
        raise NotFound("there is no such actor here")
    return actor


async def _find(unit: Unit, resource: str) -> Actor | None:
    if not resource or len(resource) > MAX_URL or not resource.isprintable():
        raise Malformed("this is no name of an actor", code="resource")
    if "://" in resource:
        actor = await unit.find(Actor, uri=resource) if unit.site.is_local(resource) else None
        return actor if actor is not None and actor.is_local else None
    handle = read_handle(resource)
    if handle.host != unit.site.domain:
        return None
    return await get_local(unit, handle.name.lower())


# --- of others ---------------------------------------------------------------------------


async def lookup(fetcher: Fetcher, text: str, budget: Budget | None = None) -> str:
    """The id of the actor that a server knows by a name such as `@climat@reseau.example`.

    The answer may name another handle as the true one: then that handle's own server has to
    lead to the same actor, because a server answers for its own names only.
    Raises `NotFound`, `Malformed`, `Unreachable`.
    """
    handle = read_handle(text)
    answer = await _ask(fetcher, handle, budget)
    uri = _self_link(answer)
    subject = _subject(answer)
    if subject.host != handle.host:
        confirmed = await _ask(fetcher, subject, budget)
        if _subject(confirmed).host != subject.host or _self_link(confirmed) != uri:
            raise Malformed(f"{subject} does not know of {handle}", code="webfinger-subject")
    return uri


async def lookup_intents(
    fetcher: Fetcher, text: str, budget: Budget | None = None
) -> dict[str, str]:
    """Where a visitor's own server takes what they want to do: templates by link relation.

    `text` is the visitor's handle.  Templates hold `{…}` to fill in: `{uri}` in `SUBSCRIBE`,
    `{object}` and others in those that begin with `INTENT`.  Raises as `lookup`.
    """
    found: dict[str, str] = {}
    for link in objects_of((await _ask(fetcher, read_handle(text), budget)).get("links")):
        rel = link.get("rel")
        if isinstance(rel, str) and (rel == SUBSCRIBE or rel.startswith(INTENT)):
            template = _read_template(link.get("template"))
            if template is not None:
                found.setdefault(rel, template)
    return found


def _read_template(value: object) -> str | None:
    """A place to send a person to, over https; over http on the machine of a test only."""
    if not isinstance(value, str) or "{" not in value:
        return None
    try:
        origin = parse_url(value.partition("{")[0]).origin
    except Malformed:
        return None
    return value if origin.scheme == "https" or is_reserved(origin.host) else None


async def _ask(fetcher: Fetcher, handle: Handle, budget: Budget | None) -> Document:
    """The answer of a handle's server, over https; a test server may speak plain http."""
    if is_reserved(handle.host.partition(":")[0]):
        try:
            return await _ask_origin(fetcher, f"http://{handle.host}", handle, budget)
        except ForbiddenAddress:
            pass
        except Unreachable as error:
            if error.code.startswith("http-"):
                raise
    return await _ask_origin(fetcher, f"https://{handle.host}", handle, budget)


async def _ask_origin(
    fetcher: Fetcher, origin: str, handle: Handle, budget: Budget | None
) -> Document:
    resource = quote(handle.resource, safe="")
    url = f"{origin}/.well-known/webfinger?resource={resource}"
    try:
        return await _get_jrd(fetcher, url, budget)
    except NotFound as missing:
        template = await _ask_host_meta(fetcher, origin, budget)
        if template is None:
            raise NotFound(f"{handle} is not known on {origin}") from missing
        return await _get_jrd(fetcher, template.replace("{uri}", resource), budget)


async def _get_jrd(fetcher: Fetcher, url: str, budget: Budget | None) -> Document:
    """A server may send us on to another one, and answers for what that one says."""
    fetched = await fetcher.get_json(url, accept=JRD_JSON, budget=budget, any_origin=True)
    return fetched.document


async def _ask_host_meta(fetcher: Fetcher, origin: str, budget: Budget | None) -> str | None:
    """Where WebFinger is when it is not in its usual place (RFC 6415, in its JSON form)."""
    try:
        fetched = await fetcher.get_json(f"{origin}/.well-known/host-meta.json", budget=budget)
    except (Malformed, NotFound):
        return None
    for link in objects_of(fetched.document.get("links")):
        template = link.get("template")
        if link.get("rel") == "lrdd" and isinstance(template, str) and "{uri}" in template:
            return template
    return None


def _subject(answer: Document) -> Handle:
    subject = answer.get("subject")
    if not isinstance(subject, str) or not subject.startswith("acct:"):
        raise Malformed("the WebFinger answer has no subject", code="webfinger-subject")
    return read_handle(subject)


def _self_link(answer: Document) -> str:
    """The first link to an ActivityStreams document, as Mastodon chooses it."""
    for link in objects_of(answer.get("links")):
        kind: Any = link.get("type")
        if link.get("rel") == "self" and isinstance(kind, str) and is_activity_type(kind):
            return read_id(link.get("href"))
    raise NotFound("the name leads to no actor", code="webfinger-self")
