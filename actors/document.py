"""Actor documents: ours written, those of peers read.  Nothing here waits or remembers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

from actors.keys import kind_of, to_public_key
from actors.models import Actor, ActorKey, Role
from fedi.core.errors import Malformed
from fedi.core.html import clean
from fedi.core.jsonld import (
    Document,
    id_of,
    link_of,
    objects_of,
    one_owner,
    one_type,
    text_of,
    time_of,
)
from fedi.core.signatures.errors import BadKey
from fedi.core.signatures.keys import PublicKey, read_multikey, read_pem, write_multikey, write_pem
from fedi.core.text import strip_controls
from fedi.core.urls import Site, origin_of, read_id
from fedi.core.vocab import ACTOR_TYPES, AS2, CID, IMPLEMENTS, SECURITY, TERMS

MAX_NAME = 500
MAX_SUMMARY = 20_000
MAX_HANDLE = 128
MAX_FIELDS = 50
MAX_ALIASES = 256
MAX_KEYS = 10
MAX_PARTNERS = 50

#: Terms are defined here, in the document: a context served by a node would die with it.
CONTEXT: list[Any] = [
    AS2,
    SECURITY,
    CID,
    {
        "toot": "http://joinmastodon.org/ns#",
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "suspended": "toot:suspended",
        "featured": {"@id": "toot:featured", "@type": "@id"},
        "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "lemmy": "https://join-lemmy.org/ns#",
        "postingRestrictedToMods": "lemmy:postingRestrictedToMods",
        "sc": "http://schema.org/",
        "language": "sc:inLanguage",
        "schema": "http://schema.org#",
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
        "implements": "https://w3id.org/fep/844e#implements",
        **TERMS,
    },
]

_LANGUAGES = {"fr": "Français", "en": "English"}
_IMPLEMENTS = [{"href": href, "name": name} for href, name in IMPLEMENTS]

#: Names in any alphabet, as Lemmy has them, and with dots, as WordPress has them; never a
#: path, markup or a character that turns the reading direction.
_HANDLE = re.compile(r"[\w-][\w.~-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


# --- ours --------------------------------------------------------------------------------


def write_actor(
    actor: Actor, keys: Sequence[ActorKey], site: Site, *, mirrors: Sequence[str] = ()
) -> Document:
    """The document of an actor of ours; the same rows always give the same bytes.

    `keys` come from `public_keys`, `mirrors` are the networks that keep its debates.  Groups
    are full FEP-1b12 groups, so that forums can join.
    """
    document = {
        "@context": CONTEXT,
        "id": actor.uri,
        "type": actor.type,
        "preferredUsername": actor.handle,
        "name": actor.name,
        **_write_summary(actor),
        "url": actor.url,
        "icon": {"type": "Image", "url": actor.icon} if actor.icon else None,
        "inbox": actor.inbox,
        "outbox": actor.outbox,
        "followers": actor.followers,
        "following": actor.following,
        "endpoints": {"sharedInbox": site.shared_inbox},
        **(_write_group(actor) if actor.type == "Group" else {}),
        "manuallyApprovesFollowers": actor.approves_followers,
        "discoverable": actor.discoverable,
        "indexable": actor.indexable,
        "suspended": True if actor.suspended_at else None,
        "attachment": [{"type": "PropertyValue", **field} for field in actor.fields] or None,
        "published": _write_time(actor.created_at),
        "updated": _write_time(actor.updated_at),
        "alsoKnownAs": actor.also_known_as or None,
        "movedTo": actor.moved_to,
        "mirrors": list(mirrors) or None,
        "successors": actor.successors or None,
        "closing": _write_time(actor.closing_at) if actor.closing_at else None,
        **_write_keys(actor, keys),
        **_write_capabilities(actor, site),
    }
    return {name: value for name, value in document.items() if value is not None}


def _write_summary(actor: Actor) -> Document:
    """HTML for Persons, as Mastodon reads it; plain for Groups, whose markup NodeBB would show."""
    if not actor.summary:
        return {"summary": ""}
    if actor.type != "Group":
        return {"summary": f"<p>{escape(actor.summary, quote=False).replace(chr(10), '<br>')}</p>"}
    source = {"content": actor.summary, "mediaType": "text/markdown"}
    return {"summary": actor.summary, "source": source}


def _write_group(actor: Actor) -> Document:
    code = actor.language
    return {
        "featured": actor.featured,
        "attributedTo": actor.moderators,
        "postingRestrictedToMods": False,
        "language": [{"identifier": code, "name": _LANGUAGES.get(code, code)}] if code else None,
    }


def _write_keys(actor: Actor, rows: Sequence[ActorKey]) -> Document:
    keys = [to_public_key(row, actor.uri) for row in rows]
    return {
        "publicKey": next(
            {"id": key.id, "owner": actor.uri, "publicKeyPem": write_pem(key.key)}
            for key in keys
            if kind_of(key.key) == "rsa"
        ),
        "assertionMethod": [
            {
                "id": key.id,
                "type": "Multikey",
                "controller": actor.uri,
                "publicKeyMultibase": write_multikey(key.key),
            }
            for key in keys
            if kind_of(key.key) == "ed25519"
        ],
    }


def _write_capabilities(actor: Actor, site: Site) -> Document:
    """What this software implements (FEP-844e), on the application that generates our documents."""
    if actor.role is Role.INSTANCE:
        return {"implements": _IMPLEMENTS}
    application = {"type": "Application", "id": site.instance_actor, "implements": _IMPLEMENTS}
    return {"generator": application}


def _write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- of peers ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ActorDocument:
    """What a peer says about one of its actors, every member checked; names as in `Actor`."""

    uri: str
    type: str
    origin: str
    handle: str
    name: str
    summary: str
    url: str | None
    icon: str | None
    inbox: str
    shared_inbox: str | None
    outbox: str | None
    followers: str | None
    following: str | None
    featured: str | None
    moderators: str | None
    language: str | None
    approves_followers: bool
    discoverable: bool
    indexable: bool
    also_known_as: list[str]
    moved_to: str | None
    fields: list[dict[str, str]]
    mirrors: list[str] | None  # of a Group: networks that keep its debates
    successors: list[str] | None  # who goes on when it closes, the first first
    closing_at: datetime | None
    published_at: datetime | None
    keys: tuple[PublicKey, ...]
    implements: frozenset[str]  # hrefs of FEPs and specifications (FEP-844e)


def read_actor(document: Document) -> ActorDocument:
    """Read the document of a peer's actor, which was fetched from its own id.

    Raises `Malformed` when it lacks what we could not do without: a usable id, one actor type,
    a name, an inbox on its own origin.  Everything else that is wrong is left out.
    """
    uri = id_of(document)
    kind = one_type(document.get("type"), ACTOR_TYPES)
    if uri is None or kind is None:
        raise Malformed("this is not the document of an actor", code="actor-type")
    origin = str(origin_of(uri))
    handle = _read_handle(document, kind, origin)
    inbox = _read_endpoint(document.get("inbox"), origin)
    if inbox is None:
        raise Malformed("the actor has no inbox on its own server", code="actor-inbox")
    is_group = kind == "Group"
    return ActorDocument(
        uri=uri,
        type=kind,
        origin=origin,
        handle=handle,
        name=_read_text(document.get("name"), MAX_NAME) or handle,
        summary=_read_html(document.get("summary"), MAX_SUMMARY),
        url=_read_endpoint(link_of(document.get("url")), origin),
        icon=link_of(document.get("icon")),
        inbox=inbox,
        shared_inbox=_read_shared_inbox(document, origin),
        **{
            name: _read_endpoint(id_of(document.get(name)), origin)
            for name in ("outbox", "followers", "following", "featured")
        },
        moderators=_read_endpoint(id_of(document.get("attributedTo")), origin)
        if is_group
        else None,
        language=_read_language(document.get("language")),
        approves_followers=document.get("manuallyApprovesFollowers") is True,
        # A person who says nothing has not asked to be listed; a group exists to be found.
        discoverable=document.get("discoverable", is_group) is True,
        indexable=document.get("indexable", is_group) is True,
        also_known_as=_read_ids(document.get("alsoKnownAs"), MAX_ALIASES),
        moved_to=id_of(document.get("movedTo")),
        fields=_read_fields(document.get("attachment")),
        mirrors=_read_ids(document.get("mirrors"), MAX_PARTNERS) or None,
        successors=_read_ids(document.get("successors"), MAX_PARTNERS) or None,
        closing_at=time_of(document.get("closing")),
        published_at=time_of(document.get("published")),
        keys=tuple(read_keys(document)),
        implements=read_implements(document),
    )


def read_keys(document: Document) -> list[PublicKey]:
    """The keys an actor publishes for itself, at most ten; those we cannot use are left out.

    RSA or Ed25519, in `publicKey` or in `assertionMethod`.  A key counts when it is on the
    actor's origin and names the actor as its owner.
    """
    actor_uri = id_of(document)
    if actor_uri is None:
        return []
    found: dict[str, PublicKey] = {}
    for entry, owner, text, read in _key_entries(document):
        uri = id_of(entry)
        if uri is None or uri in found or one_owner(entry.get(owner)) != actor_uri:
            continue
        if origin_of(uri) != origin_of(actor_uri) or "revoked" in entry:
            continue
        try:
            found[uri] = PublicKey(uri, actor_uri, read(entry[text]))
        except (BadKey, KeyError, TypeError):
            continue
    return list(found.values())


def _key_entries(document: Document) -> list[tuple[Document, str, str, Any]]:
    rsa = objects_of(document.get("publicKey"))
    multikeys = objects_of(document.get("assertionMethod"))
    entries: list[tuple[Document, str, str, Any]] = [
        *((entry, "owner", "publicKeyPem", read_pem) for entry in rsa),
        *((entry, "controller", "publicKeyMultibase", read_multikey) for entry in multikeys),
    ]
    return entries[:MAX_KEYS]


def read_implements(document: Document) -> frozenset[str]:
    """What the software behind an actor says it implements (FEP-844e): hrefs."""
    generators = [document, *objects_of(document.get("generator"), 1)]
    entries = [entry for each in generators for entry in objects_of(each.get("implements"))]
    return frozenset(entry["href"] for entry in entries if isinstance(entry.get("href"), str))


def _read_handle(document: Document, kind: str, origin: str) -> str:
    handle = document.get("preferredUsername")
    if handle is None and kind == "Application":
        return origin_of(origin).host  # the actor of a server may go by the server's own name
    if isinstance(handle, str) and len(handle) <= MAX_HANDLE and _HANDLE.fullmatch(handle):
        return handle
    raise Malformed("the actor has no usable preferredUsername", code="actor-handle")


def _read_endpoint(value: object, origin: str) -> str | None:
    """An address on the actor's own server: another one could be made to take its mail."""
    try:
        uri = read_id(value)
        return uri if str(origin_of(uri)) == origin else None
    except Malformed:
        return None


def _read_collection(document: Document, name: str, origin: str) -> str | None:
    return _read_endpoint(id_of(document.get(name)), origin)


def _read_shared_inbox(document: Document, origin: str) -> str | None:
    """From `endpoints`, or from the top level, where Discourse writes it."""
    endpoints = document.get("endpoints")
    value = endpoints.get("sharedInbox") if isinstance(endpoints, dict) else None
    return _read_endpoint(value or document.get("sharedInbox"), origin)


def _read_text(value: object, limit: int) -> str:
    return strip_controls(text_of(value, limit) or "")


def _read_html(value: object, limit: int) -> str:
    """Clean HTML; a text that is too long or too tangled to be cleaned is left out."""
    if not isinstance(value, str) or len(value) > limit:
        return ""
    try:
        return clean(value)
    except Malformed:
        return ""


def _read_fields(value: object) -> list[dict[str, str]]:
    fields = [
        {
            "name": _read_text(entry.get("name"), MAX_NAME),
            "value": _read_html(entry.get("value"), 2 * MAX_NAME),
        }
        for entry in objects_of(value, MAX_FIELDS)
        if entry.get("type") == "PropertyValue"
    ]
    return [field for field in fields if field["name"]]


def _read_ids(value: object, limit: int) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    return [uri for entry in entries[:limit] if (uri := id_of(entry)) is not None]


def _read_language(value: object) -> str | None:
    """The first language of a Group (Lemmy lists them as objects), or the one it names."""
    entries = value if isinstance(value, list) else [value]
    first = entries[0] if entries else None
    code = first.get("identifier") if isinstance(first, dict) else first
    return code if isinstance(code, str) and _LANGUAGE.fullmatch(code) else None
