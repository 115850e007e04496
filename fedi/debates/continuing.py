"""Going on with a debate whose origin is lost.

A Group of another node opens a new debate that says of which one it is the sequel.  Servers
that do not know this see a debate with a link to the past.  Nodes like ours put both into one:
the new opening stands below the old one, and so do those of others who go on elsewhere, for
nobody owns the conversation.  Should the origin come back, it does the same.
"""

from sqlalchemy import select

from actors.models import Actor, Follow
from fedi.core.errors import Conflict, Forbidden, Invalid
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.joining import note_sequel, place_apart
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Continuation, Thread
from fedi.debates.participation import count_post, note_change
from fedi.debates.publication import say_create
from fedi.debates.silence import Presence, absence_of_origin
from fedi.debates.writing import draft, read_title, render

_SEQUEL = {"fr": "{} (suite)", "en": "{} (continued)"}
_MAX_TITLE = 180


async def continue_thread(
    unit: Unit, author: Actor, group: Actor, thread: Thread, *, text: str
) -> Post:
    """Take up a debate in a Group of ours, with a text that sums it up; the opening of the sequel.

    Raises `Forbidden` while its origin is not lost, `Conflict` when it goes on here already,
    `Invalid` when there is nothing to go on with.
    """
    absence = await absence_of_origin(unit, thread)
    if absence is None or absence.presence is not Presence.LOST:
        raise Forbidden("its origin is not lost: the debate goes on there", code="origin-there")
    if not group.is_local or group.type != "Group" or author.suspended_at is not None:
        raise Invalid("a debate is taken up in a group of this network", code="not-a-group")
    for known in await continuations(unit, thread):
        if unit.site.is_local(known.uri):
            raise Conflict(f"it goes on at {known.uri} already", code="continued")
    written = await render(text, None, ())
    post = draft(unit, author, written, type="Article", language=group.language)
    sequel = _SEQUEL.get(group.language or "fr", _SEQUEL["en"])
    post.title = read_title(sequel.format(thread.title[:_MAX_TITLE]))
    post.context_uri, post.audience_uri = unit.site.context(post.key), group.uri
    post.continues_uri, post.mentions = thread.uri, []
    await place_apart(unit, post, thread)
    post.url = f"{unit.site.url}{post_path(thread, post.key, lasting=True)}"
    unit.add(post)
    await count_post(unit, thread, post, None)
    await take_up(unit, thread, post, group)
    await say_create(unit, post, thread, author)
    return post


async def continuations(unit: Unit, thread: Thread) -> list[Continuation]:
    """The sequels of a debate, the first first."""
    await unit.flush()
    query = select(Continuation).where(Continuation.thread_id == thread.id)
    return list(await unit.session.scalars(query.order_by(Continuation.id)))


async def join_sequel(unit: Unit, post: Post, thread: Thread) -> None:
    """Count a peer's opening as a sequel; the first one of a partner is where replies go now.

    As long as the origin is there it changes nothing but where that opening is read.
    """
    candidates = [uri for uri in (post.audience_uri, *post.addressed) if uri is not None]
    await unit.load(Actor, uri=candidates)
    groups = [await unit.find(Actor, uri=uri) for uri in candidates]
    group = next((actor for actor in groups if actor and actor.type == "Group"), None)
    if group is not None and not await _may_take_up(unit, thread, group):
        group = None
    await take_up(unit, thread, post, group)


async def take_up(unit: Unit, thread: Thread, post: Post, group: Actor | None) -> None:
    """Note a sequel, and let a Group be the one to which new replies are addressed."""
    uri = await note_sequel(unit, thread, post)
    if group is not None:
        thread.group_id, thread.continued_as = group.id, uri
    note_change(unit, thread)


async def _may_take_up(unit: Unit, thread: Thread, group: Actor) -> bool:
    """Whether a peer's Group may be the new home: the origin is lost, and it is a partner's."""
    if thread.continued_as is not None:
        return False
    absence = await absence_of_origin(unit, thread)
    if absence is None or absence.presence is not Presence.LOST:
        return False
    if group.uri in absence.successors:
        return True
    query = (
        select(Follow.id)
        .join(Actor, Actor.id == Follow.followed_id)
        .where(Actor.origin == group.origin, Follow.accepted_at.is_not(None))
        .limit(1)
    )
    return await unit.session.scalar(query) is not None
