"""Meeting at once what a batch of activities will ask for one by one.

Handlers ask `unit.find`; each row met here is a query that none of them has to make.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from actors.models import Actor
from fedi.core.jsonld import id_of
from fedi.core.unit import Unit
from fedi.core.urls import Site
from fedi.debates.archive import load_said
from fedi.debates.holding import hold_threads
from fedi.debates.likes import load_reactions
from fedi.debates.models.post import Post, Reaction, Retraction
from fedi.debates.models.thread import Thread
from fedi.debates.orphans import load_orphans
from fedi.debates.participation import load_participations
from inbox.models import Backfill
from inbox.relevance import expect
from inbox.types import Received
from outbox.models import Activity


@dataclass
class _Names:
    """The ids that a batch mentions, by what they can be ids of."""

    site: Site
    actors: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    posts: set[str] = field(default_factory=set)
    new_posts: set[str] = field(default_factory=set)
    contexts: set[str] = field(default_factory=set)
    reactions: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    passed_on: set[str] = field(default_factory=set)
    reactors: set[str] = field(default_factory=set)
    liked: set[str] = field(default_factory=set)

    def add(self, part: Received) -> None:
        """Note what an activity names."""
        self.actors |= {part.actor_uri, part.signer_uri}
        if part.way == "sent" and part.uri is not None:
            self.passed_on.add(part.uri)
        if part.object_uri is not None:
            self.posts.add(part.object_uri)
        if part.type in ("Like", "Dislike", "EmojiReact", "Announce") and part.uri is not None:
            self.undone.add(part.uri)
            self.reactors.add(part.actor_uri)
            self.liked |= {uri for uri in (part.object_uri,) if uri is not None}
        elif part.type == "Undo" and part.object_uri is not None:
            self.reactions.add(part.object_uri)
            if (about := id_of((part.object or {}).get("object"))) is not None:
                self.posts.add(about)
        if part.post is not None:
            self._add_post(part)

    def _add_post(self, part: Received) -> None:
        post = part.post
        if post is None:
            return
        self.new_posts.add(post.uri)
        self.writers.add(part.actor_uri)
        self.posts |= {uri for uri in (post.uri, post.parent_uri) if uri is not None}
        self.contexts |= {uri for uri in (post.context_uri,) if uri is not None}
        self.actors |= {uri for uri in (post.audience_uri,) if uri is not None}
        self.actors |= {uri for uri in post.mentions if self.site.is_local(uri)}


async def preload(unit: Unit, batch: Sequence[Received]) -> None:
    """Meet the actors, posts and threads of a batch, in a number of queries that does not grow."""
    names = _Names(unit.site)
    for received in batch:
        for part in received.parts():
            names.add(part)
    await hold_threads(unit, posts=names.posts, contexts=names.contexts)
    expect(unit, names.actors)
    await unit.load(Post, uri=names.posts)
    await _load_neighbours(unit, names)
    await unit.load(Retraction, uri=names.posts | names.undone | names.reactions)
    unit.expect(Reaction, uri=names.reactions | names.undone)
    unit.expect(Backfill, uri=names.contexts)
    unit.expect(Activity, uri=names.passed_on)
    await _load_history(unit, names)


async def _load_neighbours(unit: Unit, names: _Names) -> None:
    """The actors and threads that are named, and those that the posts belong to."""
    posts = [post for uri in names.posts if (post := await unit.find(Post, uri=uri)) is not None]
    threads = {post.thread_id for post in posts}
    await unit.load(Thread, uri=names.contexts, id=threads, lock=True)
    groups = {thread.group_id for thread in _threads(unit) if thread.group_id is not None}
    await unit.load(Actor, uri=names.actors, id={post.author_id for post in posts} | groups)


async def _load_history(unit: Unit, names: _Names) -> None:
    """What was said, liked and left waiting before, of which this is the sequel."""
    if names.new_posts:
        await load_orphans(unit, parent_uri=names.new_posts)
        known = {uri for uri in names.new_posts if await unit.find(Post, uri=uri) is not None}
        await load_said(unit, known)
        writers = await _ids(unit, Actor, names.writers)
        threads = {thread.id for thread in _threads(unit)}
        await load_participations(unit, threads=threads, actors=writers)
    if names.liked:
        reactors = await _ids(unit, Actor, names.reactors)
        await load_reactions(unit, actors=reactors, posts=await _ids(unit, Post, names.liked))


def _threads(unit: Unit) -> set[Thread]:
    """The threads that the unit has met."""
    return {row for row in unit.met.values() if isinstance(row, Thread)}


async def _ids(unit: Unit, model: type[Actor | Post], uris: Iterable[str]) -> list[int]:
    rows = [await unit.find(model, uri=uri) for uri in uris]
    return [row.id for row in rows if row is not None]
