"""What a member's program asks for: ActivityPub client-to-server, read and checked.

Everything here is pure.  `read_request` turns the body of a `POST …/outbox` (ActivityPub
§6) into one of the requests below; whoever serves the door finds what they name and calls
the verb of the domain.  Ids, dates and senders that the program wrote are not taken over.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from fedi.core.errors import Invalid, Malformed
from fedi.core.jsonld import Document, id_of, ids_of, objects_of, one_type
from fedi.core.vocab import PUBLIC

RootKind = Literal["Article", "Note"]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text somebody wrote: Markdown in `text`, unless it came as `html`."""

    text: str
    html: str | None
    language: str | None
    mentions: tuple[str, ...]  # ids of actors


@dataclass(frozen=True, kw_only=True)
class OpenThread(Written):
    """Open a debate in the first of `groups` that is a Group."""

    groups: tuple[str, ...]
    kind: RootKind
    title: str
    question: str


@dataclass(frozen=True, kw_only=True)
class Reply(Written):
    """Answer a post, here or elsewhere."""

    parent_uri: str


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Change a post; None where the program left something as it is."""

    uri: str
    written: Written | None
    title: str | None
    question: str | None


@dataclass(frozen=True)
class Remove:
    """Take a post back."""

    uri: str


@dataclass(frozen=True)
class React:
    """Like a post."""

    uri: str


@dataclass(frozen=True)
class Share:
    """Boost a post."""

    uri: str


@dataclass(frozen=True)
class FollowActor:
    """Follow an actor."""

    uri: str


@dataclass(frozen=True)
class BlockActor:
    """Have nothing more to do with an actor."""

    uri: str


@dataclass(frozen=True)
class UndoActivity:
    """Take back a Like, Announce, Follow or Block, named by its id or by what it was about."""

    uri: str | None
    type: str | None
    object_uri: str | None


@dataclass(frozen=True)
class Report:
    """Tell moderators about an actor and posts."""

    uris: tuple[str, ...]
    reason: str


Request = (
    OpenThread
    | Reply
    | Edit
    | Remove
    | React
    | Share
    | FollowActor
    | BlockActor
    | UndoActivity
    | Report
)


def read_request(document: Document, actor_uri: str) -> Request:
    """Understand what the member `actor_uri` asks for; a bare post is a Create of it.

    Raises `Malformed` for what cannot be read and `Invalid` for what this node does not do,
    with a sentence that says what to change.
    """
    kind = document.get("type")
    if not isinstance(kind, str):
        raise Malformed("an activity or an object has one `type`", code="type")
    if kind in _POSTS:
        return _read_post(document, document, actor_uri)
    if kind not in _READERS:
        raise Invalid(f"{kind} is not something this node does for members", code="unsupported")
    _check_owner(document, "actor", actor_uri)
    return _READERS[kind](document, actor_uri)


# --- posts -------------------------------------------------------------------------------

_POSTS: dict[str, RootKind] = {"Article": "Article", "Note": "Note"}


def _read_create(activity: Document, actor_uri: str) -> Request:
    return _read_post(_embedded(activity), activity, actor_uri)


def _read_post(post: Document, activity: Document, actor_uri: str) -> OpenThread | Reply:
    kind = one_type(post.get("type"), _POSTS)
    if kind is None:
        raise Invalid("what is created is an Article or a Note", code="unsupported")
    _check_owner(post, "attributedTo", actor_uri)
    written = _require_text(post)
    if post.get("inReplyTo") is not None:
        parent = id_of(post["inReplyTo"])
        if parent is None:
            raise Invalid("`inReplyTo` is the id of one post", code="parent")
        _require_public(activity, post, besides=())
        return Reply(parent_uri=parent, **written)
    title = _text(post, "name")
    if not title:
        raise Invalid(
            "a message answers another (`inReplyTo`), or opens a debate: then give it a title "
            "(`name`) and a group (`audience`)",
            code="title",
        )
    groups = _read_groups(activity, post, actor_uri)
    _require_public(activity, post, besides=groups)
    return OpenThread(
        groups=groups,
        kind=_POSTS[kind],
        title=title,
        question=_text(post, "summary") or "",
        **written,
    )


def _read_groups(activity: Document, post: Document, actor_uri: str) -> tuple[str, ...]:
    """Who may be the Group: the audience, or else whoever is addressed."""
    named = ids_of(post.get("audience")) or ids_of(activity.get("audience"))
    own = f"{actor_uri}/"  # such as the member's followers
    found = named or [uri for uri in _recipients(activity, post) if not uri.startswith(own)]
    groups = tuple(uri for uri in found if uri not in (PUBLIC, actor_uri))
    if not groups:
        raise Invalid("a debate opens in a group: name it in `audience`", code="audience")
    return groups


def _require_public(activity: Document, post: Document, *, besides: tuple[str, ...]) -> None:
    """Refuse to publish what was meant for a few; a post without recipients is for everybody.

    Groups are public places, so naming only the Group is enough.
    """
    addressed = _recipients(activity, post)
    hidden = any(ids_of(source.get(name)) for source in (activity, post) for name in _HIDDEN)
    others = [uri for uri in addressed if uri not in besides]
    if PUBLIC not in addressed and (others or (hidden and not addressed)):
        raise Invalid(
            f"debates are public: address the message to {PUBLIC}, or to nobody", code="not-public"
        )


_HIDDEN = ("bto", "bcc")


def _recipients(activity: Document, post: Document) -> list[str]:
    fields = [source.get(name) for source in (activity, post) for name in ("to", "cc")]
    return list(dict.fromkeys(uri for field in fields for uri in ids_of(field)))


class _Text(TypedDict):
    text: str
    html: str | None
    language: str | None
    mentions: tuple[str, ...]


def _require_text(post: Document) -> _Text:
    written = _read_text(post)
    if written is None or not (written["text"] if written["html"] is None else written["html"]):
        raise Invalid("the message is empty: it needs `content`, or `source`", code="empty")
    return written


def _read_text(post: Document) -> _Text | None:
    """The text of a post; its source wins, because that is what its author typed."""
    source, language = post.get("source"), None
    content, media_type = post.get("content"), post.get("mediaType", "text/html")
    if isinstance(source, dict):
        content, media_type = source.get("content"), source.get("mediaType", "text/markdown")
    by_language = post.get("contentMap")
    if isinstance(by_language, dict) and len(by_language) == 1:
        ((language, translated),) = by_language.items()
        content = translated if content is None else content
    if content is None:
        return None
    if not isinstance(content, str) or not isinstance(media_type, str):
        raise Malformed("`content` and `mediaType` are texts", code="content")
    is_html = _is_html(media_type)
    return {
        "text": "" if is_html else content.strip(),
        "html": content.strip() if is_html else None,
        "language": language,
        "mentions": _read_mentions(post),
    }


def _is_html(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    if essence not in ("text/html", "text/markdown", "text/plain"):
        raise Invalid("a text is text/html or text/markdown", code="media-type")
    return essence == "text/html"


def _read_mentions(post: Document) -> tuple[str, ...]:
    tags = [tag for tag in objects_of(post.get("tag")) if tag.get("type") == "Mention"]
    return tuple(dict.fromkeys(uri for tag in tags if (uri := id_of(tag.get("href"))) is not None))


def _text(post: Document, name: str) -> str | None:
    """A plain text, alone or in its one language; None when it is not given."""
    value = post.get(name)
    by_language = post.get(f"{name}Map")
    if value is None and isinstance(by_language, dict) and len(by_language) == 1:
        (value,) = by_language.values()
    if value is not None and not isinstance(value, str):
        raise Malformed(f"`{name}` is a text", code=name)
    return value if value is None else value.strip()


def _read_update(activity: Document, actor_uri: str) -> Edit:
    post = _embedded(activity)
    uri = _require_id(post)
    if uri == actor_uri:
        raise Invalid("members change their profile on its page", code="unsupported")
    _check_owner(post, "attributedTo", actor_uri)
    written = _read_text(post)
    return Edit(
        uri=uri,
        written=None if written is None else Written(**_require_text(post)),
        title=_text(post, "name"),
        question=_text(post, "summary"),
    )


# --- everything else ---------------------------------------------------------------------


def _read_undo(activity: Document, _: str) -> UndoActivity:
    undone = activity.get("object")
    if isinstance(undone, dict):
        kind = undone.get("type")
        request = UndoActivity(
            id_of(undone),
            kind if isinstance(kind, str) else None,
            id_of(undone.get("object")),
        )
    else:
        request = UndoActivity(id_of(undone), None, None)
    if request.uri is None and (request.type is None or request.object_uri is None):
        raise Malformed("`object` is the id of what is undone, or the activity", code="object")
    return request


def _read_flag(activity: Document, _: str) -> Report:
    uris = tuple(ids_of(activity.get("object")))
    if not uris:
        raise Malformed("`object` is the id of what is reported, or a list", code="object")
    return Report(uris, _text(activity, "content") or _text(activity, "summary") or "")


def _about_one(
    make: Callable[[str], Remove | React | Share | FollowActor | BlockActor],
) -> Callable[[Document, str], Request]:
    return lambda activity, _: make(_require_id(activity.get("object")))


_READERS: dict[str, Callable[[Document, str], Request]] = {
    "Create": _read_create,
    "Update": _read_update,
    "Delete": _about_one(Remove),
    "Like": _about_one(React),
    "Announce": _about_one(Share),
    "Follow": _about_one(FollowActor),
    "Block": _about_one(BlockActor),
    "Undo": _read_undo,
    "Flag": _read_flag,
}


def _embedded(activity: Document) -> Document:
    found = objects_of(activity.get("object"))
    if len(found) != 1:
        raise Malformed(f"the object of {activity['type']} is embedded in it", code="object")
    return found[0]


def _require_id(value: Any) -> str:
    uri = id_of(value)
    if uri is None:
        raise Malformed("`object` has one id, an http or https URL", code="object")
    return uri


def _check_owner(document: Document, name: str, actor_uri: str) -> None:
    """What a program says of its sender may be left out, and may not be somebody else."""
    if document.get(name) is not None and id_of(document[name]) != actor_uri:
        raise Invalid(f"`{name}` can only be {actor_uri}", code="not-you")
