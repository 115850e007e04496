"""What the load consists of: signed requests as Mastodon would send them, ready as bytes."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from references.cavage import digest, sign
from strangers import Stranger, key_id

AS2 = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS2}#Public"
ACTIVITY = "application/activity+json"

_SENTENCE = (
    "Une <strong>association</strong> qui ouvre son atelier trois soirs par semaine n’a pas les "
    "mêmes comptes qu’un tiers-lieu porté par une commune. "
)
_PARAGRAPH = f"<p>{_SENTENCE * 3}</p>"
_LINKS = (
    '<p>Voyez <a href="https://example.org/comptes" rel="nofollow noopener" target="_blank">'
    'le tableau</a> et <a href="https://example.org/notes">nos notes</a>.</p>'
)
#: Bytes of HTML in a post, near enough: an argued one, and one as most of a debate are.
LONG, SHORT = 3000, 600


def write_text(size: int) -> str:
    """Paragraphs with some markup and two links, of about so many bytes."""
    room = size - len(_LINKS)
    return _LINKS + _PARAGRAPH * max(1, round(room / len(_PARAGRAPH.encode())))


def write_reply(sender: Stranger, parent: str, context: str, size: int) -> dict[str, Any]:
    """A Create of a public reply, with an id of its own."""
    uri = f"{sender.uri}/posts/{uuid4().hex}"
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = write_text(size)
    addressed = {"to": [PUBLIC], "cc": [f"{sender.uri}/followers"]}
    note = {
        "id": uri,
        "type": "Note",
        "attributedTo": sender.uri,
        "inReplyTo": parent,
        "context": context,
        "content": text,
        "contentMap": {"fr": text[:400]},
        "published": now,
        "url": f"{uri}/page",
        "sensitive": False,
        "tag": [],
        "attachment": [],
        "replies": {"id": f"{uri}/replies", "type": "Collection"},
        **addressed,
    }
    activity = {"id": f"{uri}/activity", "type": "Create", "actor": sender.uri, "published": now}
    return {"@context": AS2, **activity, **addressed, "object": note}


def write_follow(sender: Stranger, followed: str) -> dict[str, Any]:
    """A request to follow."""
    uri = f"{sender.uri}/follows/{uuid4().hex}"
    return {"@context": AS2, "id": uri, "type": "Follow", "actor": sender.uri, "object": followed}


def post(key: RSAPrivateKey, host: str, activity: dict[str, Any]) -> bytes:
    """The bytes of a POST to the shared inbox, signed now by whom it says it is from."""
    body = orjson.dumps(activity)
    headers = sign(key, key_id(activity["actor"]), host, "/inbox", digest(body), ACTIVITY)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["POST /inbox HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body


def write_like(sender: Stranger, liked: str) -> dict[str, Any]:
    """A like of a post."""
    uri = f"{sender.uri}/likes/{uuid4().hex}"
    return {"@context": AS2, "id": uri, "type": "Like", "actor": sender.uri, "object": liked}


def get_page(host: str, target: str, cookie: str = "", accept: str = "text/html") -> bytes:
    """A GET of a page, as a browser asks for it: a visitor's, or with a cookie a member's."""
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", f"Accept: {accept}"]
    lines += [f"Cookie: {cookie}"] if cookie else []
    return "\r\n".join([*lines, "", ""]).encode()
