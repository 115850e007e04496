"""Whatever the order in which activities arrive, and however often, the end is the same."""

import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from factories import FakeClock, make_person
from inboxes import Neighbour, OpenSite, Voice, open_site
from sqlalchemy import select

from actors.models import Actor
from fedi.core.vocab import PUBLIC
from fedi.debates.models.post import Post, Reaction
from fedi.debates.models.thread import Participation, Thread
from fedi.debates.threads import open_thread

ACTIVITIES = 200
POSTS = 60


def play_of_chance(seed: int) -> random.Random:
    """The same chance at every run."""
    return random.Random(seed)  # noqa: S311 - nothing here is secret


@pytest.fixture
async def lisbon() -> AsyncIterator[Neighbour]:
    async with Neighbour() as lisbon:
        yield lisbon


async def open_debate(site: OpenSite) -> str:
    async with site.node.db.unit() as unit:
        camille = await make_person(unit, "camille")
        group = await unit.find(Actor, id=site.network.id)
        assert group is not None
        thread = await open_thread(unit, camille, group, title="Ateliers", text="Qui décide ?")
        return thread.root_uri


class Script:
    """What five members of lisbon say about one debate, in the order in which they say it.

    Nothing can be fetched: what is not delivered does not exist.
    """

    def __init__(
        self, lisbon: Neighbour, root: str, group: str, *, with_deletes: bool, chance: random.Random
    ) -> None:
        self.members = [lisbon.actor(f"member{index}") for index in range(5)]
        self.said: list[tuple[Voice, dict[str, Any]]] = []
        self._chance = chance
        self._group = group
        self._posts: list[tuple[Voice, dict[str, Any]]] = []
        self._uris = [root]
        self._liked: set[tuple[str, str]] = set()
        while len(self._posts) < POSTS:
            self._reply()
        while len(self.said) < ACTIVITIES:
            chance.choice([self._edit, self._like, self._like])()
        if with_deletes:
            self._delete_leaves()
        for path in [path for path in lisbon.scripts if path.startswith("/notes/")]:
            del lisbon.scripts[path]

    def _say(self, voice: Voice, activity: dict[str, Any]) -> dict[str, Any]:
        self.said.append((voice, activity))
        return activity

    def _reply(self) -> None:
        voice, number = self._chance.choice(self.members), len(self._posts)
        post = voice.note(
            f"post{number}",
            inReplyTo=self._chance.choice(self._uris),
            to=[PUBLIC, self._group],
            published=f"2026-11-25T08:{number:02}:00Z",
        )
        self._posts.append((voice, post))
        self._uris.append(post["id"])
        self._say(voice, voice.create(post))

    def _edit(self) -> None:
        voice, post = self._chance.choice(self._posts)
        now = f"2026-11-25T08:59:{len(self.said) % 60:02}.{len(self.said):03}Z"
        edited = post | {"content": f"edited at {now}", "updated": now}
        self._say(voice, voice.say("Update", edited, id=f"{post['id']}#update"))

    def _like(self) -> None:
        voice, uri = self._chance.choice(self.members), self._chance.choice(self._uris)
        if (voice.uri, uri) not in self._liked:
            self._liked.add((voice.uri, uri))
            like = self._say(voice, voice.say("Like", uri))
            if self._chance.random() < 0.3:
                self._say(voice, voice.say("Undo", like))

    def _delete_leaves(self) -> None:
        answered = {post["inReplyTo"] for _, post in self._posts}
        leaves = [said for said in self._posts if said[1]["id"] not in answered]
        for voice, post in self._chance.sample(leaves, 10):
            self._say(voice, voice.say("Delete", post["id"]))


async def snapshot(site: OpenSite) -> dict[str, Any]:
    """What a reader sees: the trees, the words, the likes."""
    async with site.node.db.reading() as unit:
        posts = list(await unit.session.scalars(select(Post).where(Post.deleted_at.is_(None))))
        uris = {post.id: post.uri for post in posts}
        threads = await unit.session.scalars(select(Thread))
        reactions = await unit.session.scalars(select(Reaction))
        actors = {row.id: row.uri for row in await unit.session.scalars(select(Actor))}
        return {
            "posts": sorted(
                [post.path, post.uri, post.parent_uri, post.depth, post.content, post.like_count]
                for post in posts
            ),
            "threads": sorted([t.uri, t.root_uri, t.title, actors[t.author_id]] for t in threads),
            "likes": sorted(
                [actors[r.actor_id], uris[r.post_id], r.kind]
                for r in reactions
                if r.post_id in uris
            ),
        }


async def counts(site: OpenSite) -> dict[str, Any]:
    """What is counted: posts, replies, participants."""
    async with site.node.db.reading() as unit:
        posts = await unit.session.scalars(select(Post))
        threads = await unit.session.scalars(select(Thread))
        parts = await unit.session.scalars(select(Participation))
        actors = {row.id: row.uri for row in await unit.session.scalars(select(Actor))}
        return {
            "replies": sorted([post.uri, post.reply_count] for post in posts),
            "threads": sorted([thread.uri, thread.post_count] for thread in threads),
            "participants": sorted(
                [actors[p.actor_id], p.post_count] for p in parts if p.post_count
            ),
        }


async def play(
    tmp_path: Path, lisbon: Neighbour, order: random.Random | None, *, with_deletes: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Deliver one script to a fresh node, shuffled and with repetitions when `order` is given."""
    async with open_site(tmp_path, FakeClock()) as site:
        root = await open_debate(site)
        script = Script(
            lisbon, root, site.network.uri, with_deletes=with_deletes, chance=play_of_chance(7)
        )
        said = list(script.said)
        if order is not None:
            said += order.sample(said, 40)
            order.shuffle(said)
        for number, (voice, activity) in enumerate(said):
            assert await site.deliver(voice, activity) == 202
            if number % 17 == 0:
                await site.settle()
        await site.settle()
        for _ in range(3):
            await site.wait(minutes=10)
        seen, counted = await snapshot(site), await counts(site)
        return _anonymous(seen, root, site), _anonymous(counted, root, site)


def _anonymous(values: dict[str, Any], root: str, site: OpenSite) -> dict[str, Any]:
    """The same on every node: our own ids are new each time, and so is the root's place."""
    text = json.dumps(values).replace(root, "ROOT").replace(site.node.site.url, "SITE")
    found: dict[str, Any] = json.loads(text)
    start = next((row[0] for row in found.get("posts", ()) if row[1] == "ROOT"), "")
    for row in found.get("posts", ()):
        row[0] = row[0].removeprefix(start)
    for row in found["threads"]:
        row[0] = "THREAD" if row[0].startswith("SITE") else row[0]
    return {name: sorted(rows) for name, rows in found.items()}


async def test_two_hundred_activities_end_alike_in_any_order(
    tmp_path: Path, lisbon: Neighbour
) -> None:
    expected = await play(tmp_path, lisbon, None, with_deletes=False)
    assert len(expected[0]["posts"]) == POSTS + 1
    assert expected[0]["likes"]

    shuffled = await play(tmp_path, lisbon, play_of_chance(1), with_deletes=False)
    assert shuffled == expected


async def test_what_is_taken_back_ends_alike_in_any_order(
    tmp_path: Path, lisbon: Neighbour
) -> None:
    """Only the place differs that a deleted post keeps, if it was seen at all."""
    expected, _ = await play(tmp_path, lisbon, None, with_deletes=True)
    assert len(expected["posts"]) == POSTS + 1 - 10

    shuffled, _ = await play(tmp_path, lisbon, play_of_chance(3), with_deletes=True)
    assert shuffled == expected
