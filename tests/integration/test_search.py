"""Search: what is found follows what is written, and nobody finds what they may not read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from factories import make_group, make_local, make_person, make_remote_actor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notes import received
from plans import Statements
from sqlalchemy import select, text

from actors.followers import accept_follow, request_follow
from actors.local import network_actor, update_actor
from actors.models import Actor, Role
from fedi.core.node import Node
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.debates.models.post import Post, Visibility
from fedi.debates.models.search import PostWords
from fedi.debates.models.thread import Thread
from fedi.debates.posts import delete_post, edit_post, write_reply
from fedi.debates.search import finding, keeping
from fedi.debates.search.finding import Results, find_debates
from fedi.debates.search.keeping import Indexer, rebuild
from fedi.debates.search.people import find_people
from fedi.debates.search.query import read_query
from fedi.debates.threads import open_thread

AS_PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@dataclass
class Library:
    """A node with debates, and what its readers find."""

    node: Node
    indexer: Indexer
    posts: dict[str, int] = field(default_factory=dict)  # the keys of posts, by a name for tests

    async def find(self, typed: str, viewer: Actor | None = None, page: int = 1) -> Results:
        async with self.node.db.reading() as unit:
            return await find_debates(unit, read_query(typed), viewer=viewer, page=page)

    async def names(self, typed: str, viewer: Actor | None = None) -> list[str]:
        """The posts that are found, by their names, the best debate first."""
        results = await self.find(typed, viewer)
        names = {identity: name for name, identity in self.posts.items()}
        return [names[post.id] for found in results.debates for post in found.posts]

    async def open(
        self, unit: Unit, name: str, author: Actor, group: Actor, title: str, body: str, **more: Any
    ) -> Post:
        """Open a debate."""
        thread = await open_thread(
            unit, author, group, title=title, text=body, language="fr", **more
        )
        self.posts[name] = thread.root_id
        root = await unit.find(Post, id=thread.root_id)
        assert root is not None
        return root

    async def answer(self, unit: Unit, name: str, author: Actor, parent: Post, body: str) -> Post:
        """Reply in it."""
        post = await write_reply(unit, author, parent, text=body, language="fr")
        self.posts[name] = post.id
        return post

    async def hear(self, unit: Unit, name: str, author: Actor, parent: Post, **more: Any) -> Post:
        """Receive a reply in it."""
        post = await received(unit, author, name, inReplyTo=parent.uri, **more)
        self.posts[name] = post.id
        return post

    async def post(self, unit: Unit, name: str) -> Post:
        post = await unit.find(Post, id=self.posts[name])
        assert post is not None
        return post


@pytest.fixture
async def library(node: Node) -> Library:
    """Two debates between three servers."""
    it = Library(node, Indexer(node.db))
    async with node.db.unit() as unit:
        communs, bati = await make_group(unit, "communs"), await make_group(unit, "bati")
        camille = await make_local(unit, Role.PERSON, "camille", name="Camille Roy")
        elise = await make_local(unit, Role.PERSON, "elise", name="Élise Faure")
        ana = await make_remote_actor(
            unit, "ana", "https://velo.example", name="Ana Solé", indexable=True
        )
        root = await it.open(
            unit, "four", camille, communs, "Un four à pain", "Pour mutualiser nos outils."
        )
        await it.answer(unit, "outils", elise, root, "La mutualisation des outils fédérés.")
        await it.hear(unit, "vélo", ana, root, content="<p>Et les <b>vélos</b> à plusieurs ?</p>")
        await it.open(unit, "hiver", elise, bati, "Chauffer l’hiver", "Du pain, du bois, un four.")
    await it.indexer.run_once()
    return it


async def actor(node: Node, handle: str) -> Actor:
    async with node.db.reading() as unit:
        return (await unit.session.scalars(select(Actor).where(Actor.handle == handle))).one()


# --- words -------------------------------------------------------------------------------


async def test_endings_accents_and_capitals_do_not_matter(library: Library):
    for typed in ("mutualiser", "MUTUALISATIONS", "mutualisé", "mutualisee"):
        assert set(await library.names(typed)) == {"four", "outils"}
    assert await library.names("federes") == ["outils"]
    assert await library.names("vélo") == await library.names("Velos") == ["vélo"]


async def test_every_word_has_to_be_there_and_none_that_must_not(library: Library):
    assert await library.names("four pain") == ["four", "hiver"]
    assert await library.names("mutualiser vélo") == []
    assert await library.names("pain -bois") == ["four"]
    assert set(await library.names("-bois depuis:2000")) == {"outils", "vélo", "four"}


async def test_quoted_words_stand_one_after_the_other(library: Library):
    assert set(await library.names("outils mutualisation")) == {"four", "outils"}
    assert await library.names('"outils mutualisation"') == []
    assert await library.names('"outils fédérés"') == ["outils"]
    assert set(await library.names("« mutualisation de l’outil »")) == {"four", "outils"}
    assert await library.names("four-pain") == ["four"]


async def test_tags_and_what_images_show_are_words_too(library: Library):
    async with library.node.db.unit() as unit:
        post = await library.post(unit, "outils")
        post.tags = ["Forge"]
        post.images = [{"path": "/media/a.webp", "text": "Un soufflet de cuir"}]
        post.stamp = new_id()
    await library.indexer.run_once()

    assert await library.names("forge soufflets") == ["outils"]


async def test_a_word_of_the_title_counts_more_than_one_of_the_text(library: Library):
    results = await library.find("four")

    assert [found.thread.title for found in results.debates] == [
        "Un four à pain",
        "Chauffer l’hiver",
    ]
    assert await library.names("titre:four") == ["four"]
    assert await library.names("outils in:title") == []


async def test_among_equals_the_newest_come_first(library: Library):
    async with library.node.db.unit() as unit:
        root, elise = await library.post(unit, "four"), await actor(library.node, "elise")
        for number, name in enumerate(("a", "b", "c")):
            unit.now += timedelta(minutes=number)
            await library.answer(unit, name, elise, root, "Une cisaille.")
    await library.indexer.run_once()

    assert await library.names("cisaille") == ["c", "b", "a"]


# --- operators ---------------------------------------------------------------------------


async def test_what_somebody_wrote(library: Library):
    elise = await actor(library.node, "elise")

    assert set(await library.names("auteur:elise")) == {"outils", "hiver"}
    assert set(await library.names('author:"élise faure"')) == {"outils", "hiver"}
    assert await library.names("auteur:moi four", elise) == ["hiver"]
    assert await library.names("auteur:@ana@velo.example") == ["vélo"]
    assert (await library.find("auteur:personne pain")).unknown == ["personne"]


async def test_what_is_written_in_a_group(library: Library):
    assert await library.names("four groupe:bati") == ["hiver"]
    assert set(await library.names("group:communs")) == {"four", "outils", "vélo"}
    assert (await library.find("groupe:nulle four")).unknown == ["nulle"]


async def test_what_is_written_on_a_server(library: Library):
    async with library.node.db.unit() as unit:
        us = await network_actor(unit)
        them = await make_remote_actor(
            unit, "debats", "https://velo.example", "Group", name="Ateliers vélo"
        )
        await accept_follow(unit, await request_follow(unit, f"{us.uri}#1", us, them))

    for typed in ("réseau:velo.example", "serveur:VELO.example", "network:ateliers"):
        assert await library.names(typed) == ["vélo"], typed
    assert "vélo" not in await library.names(f"réseau:{library.node.site.domain}")
    assert (await library.find("réseau:ailleurs.example")).unknown == ["ailleurs.example"]


async def test_what_was_written_at_a_time(library: Library):
    async with library.node.db.reading() as unit:
        today: datetime = unit.now

    day, next_day = today.date(), today.date() + timedelta(days=1)
    assert set(await library.names(f"pain depuis:{day}")) == {"four", "hiver"}
    assert await library.names(f"pain depuis:{next_day}") == []
    assert await library.names(f"pain avant:{day}") == []
    assert set(await library.names(f"pain avant:{next_day}")) == {"four", "hiver"}


@pytest.mark.parametrize(
    "typed",
    [
        '"',
        "*",
        "NEAR(four pain)",
        "four* OR",
        "title: four",
        "{title}:x",
        "a:b:c",
        "^four",
        "' \\ %",
    ],
)
async def test_no_question_is_an_error(library: Library, typed: str):
    await library.find(typed)
    await library.find(f"{typed} four")


async def test_words_of_operators_of_databases_are_words(library: Library):
    assert await library.names("four AND pain") == ["four", "hiver"]
    assert await library.names("four NOT pain") == ["four", "hiver"]
    assert await library.names("pai*") == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
async def test_nothing_that_can_be_typed_is_an_error(library: Library, typed: str):
    await library.find(typed)
    async with library.node.db.reading() as unit:
        await find_people(unit, typed)


# --- what is found follows what is written -----------------------------------------------


async def test_an_edit_is_found_by_its_new_words_alone(library: Library):
    async with library.node.db.unit() as unit:
        camille = await actor(library.node, "camille")
        post = await library.post(unit, "four")
        await edit_post(unit, camille, post, text="Une scie à ruban.", title="Une machine")
    assert await library.indexer.run_once() == 1

    assert await library.names("scie") == ["four"]
    assert await library.names("machine in:title") == ["four"]
    assert await library.names("four") == ["hiver"]
    assert await library.indexer.run_once() == 0


async def test_what_is_deleted_is_not_found_even_before_the_index_knows(library: Library):
    async with library.node.db.unit() as unit:
        await delete_post(
            unit, await actor(library.node, "elise"), await library.post(unit, "outils")
        )
    assert await library.names("fédérés") == []
    await library.indexer.run_once()

    assert await library.names("fédérés") == []
    async with library.node.db.reading() as unit:
        kept = set(await unit.session.scalars(select(PostWords.id)))
    assert library.posts["outils"] not in kept
    assert library.posts["four"] in kept


async def test_a_person_is_found_by_a_new_name(library: Library):
    async with library.node.db.unit() as unit:
        camille = await unit.find(Actor, id=(await actor(library.node, "camille")).id)
        assert camille is not None
        await update_actor(unit, camille, name="Camille Duroy")
    await library.indexer.run_once()

    async with library.node.db.reading() as unit:
        assert [found.handle for found in await find_people(unit, "duroy")] == ["camille"]
        assert await find_people(unit, "camille roy") == []


async def test_the_index_can_be_made_anew(library: Library):
    async with library.node.db.unit() as unit:
        if library.node.db.is_shared:
            await unit.session.execute(text("UPDATE post_words SET text = 'autre'"))
        else:  # as damage would: the table tells the index nothing of it
            await unit.session.execute(
                text("INSERT INTO post_words_index(post_words_index) VALUES ('delete-all')")
            )
    assert await library.names("mutualiser") == []
    counts: list[int] = []

    total = await rebuild(library.node.db, counts.append)

    assert set(await library.names("mutualiser")) == {"four", "outils"}
    assert total >= 4
    assert counts


async def test_what_was_stored_late_is_not_missed(library: Library):
    """Another process made its stamp before the newest one that is known, and stores it now."""
    async with library.node.db.unit() as unit:
        post = await library.post(unit, "outils")
        newest = max(
            [await library.post(unit, name) for name in library.posts], key=lambda p: p.stamp
        )
        post.stamp, post.content = newest.stamp - 5, "<p>Une enclume.</p>"
    await library.indexer.run_once()

    assert await library.names("enclume") == ["outils"]


async def test_batches_reach_the_end(library: Library, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping, "BATCH", 2)
    async with library.node.db.unit() as unit:
        root, elise = await library.post(unit, "four"), await actor(library.node, "elise")
        for number in range(5):
            await library.answer(unit, f"n{number}", elise, root, "Un établi.")

    assert await library.indexer.run_once() == 5
    assert (await library.find("établi")).posts == 5


# --- who finds what ----------------------------------------------------------------------


async def found_by(
    library: Library, name: str, readers: Sequence[tuple[str, Actor | None]]
) -> set[str]:
    """Which of these readers find a post that says its own name."""
    return {who for who, viewer in readers if name in await library.names(name, viewer)}


async def test_everybody_finds_what_they_may_and_nothing_else(library: Library):
    node = library.node
    async with node.db.unit() as unit:
        root = await library.post(unit, "four")
        hiver = await library.post(unit, "hiver")
        camille = await actor(node, "camille")
        await make_person(unit, "zoe")
        ana = await unit.find(Actor, uri="https://velo.example/users/ana")
        shy = await make_remote_actor(unit, "shy", "https://velo.example", indexable=False)
        bad = await make_remote_actor(unit, "bad", "https://bad.example", indexable=True)
        assert ana is not None
        said = library.hear
        await said(unit, "openly", ana, root)
        await said(unit, "quietly", ana, root, to=[f"{ana.uri}/followers"], cc=[AS_PUBLIC])
        await said(unit, "privately", ana, root, to=[camille.uri], cc=[])
        await said(unit, "shyly", shy, hiver)
        await said(unit, "badly", bad, root)
        elsewhere = await received(unit, ana, "elsewhere", content="<p>elsewhere</p>")
        library.posts["elsewhere"] = elsewhere.id
        bad.suspended_at = unit.now
    await library.indexer.run_once()
    async with node.db.reading() as unit:
        thread = await unit.find(Thread, id=elsewhere.thread_id)
        assert thread is not None
        assert not thread.listed
        assert (
            await unit.find(Post, id=library.posts["quietly"])
        ).visibility is Visibility.UNLISTED  # type: ignore[union-attr]
    readers = [("a visitor", None)] + [
        (handle, await actor(node, handle)) for handle in ("camille", "elise", "zoe", "shy")
    ]

    everybody = {who for who, _ in readers}
    assert await found_by(library, "openly", readers) == everybody
    assert await found_by(library, "quietly", readers) == {"camille", "elise"}  # they take part
    assert await found_by(library, "privately", readers) == {"camille"}
    assert await found_by(library, "shyly", readers) == {"elise", "shy"}
    assert await found_by(library, "badly", readers) == set()
    assert await found_by(library, "elsewhere", readers) == everybody - {"a visitor"}


async def test_nothing_that_is_hidden_is_counted(library: Library):
    async with library.node.db.unit() as unit:
        root = await library.post(unit, "four")
        shy = await make_remote_actor(unit, "shy", "https://velo.example", indexable=False)
        await library.hear(unit, "shyly", shy, root, content="<p>Un four secret</p>")
    await library.indexer.run_once()

    results = await library.find("four")
    assert (results.total, results.posts) == (2, 2)
    assert (await library.find("secret")).posts == 0


async def test_people_and_groups_are_found_by_the_beginnings_of_their_names(library: Library):
    async with library.node.db.unit() as unit:
        await make_remote_actor(
            unit, "hidden", "https://velo.example", name="Camille Cachée", discoverable=False
        )
        gone = await make_remote_actor(unit, "gone", "https://velo.example", name="Camille Partie")
        gone.gone_at = unit.now
    await library.indexer.run_once()
    member = await actor(library.node, "elise")

    async def people(typed: str, viewer: Actor | None = None) -> list[str]:
        async with library.node.db.reading() as unit:
            return [found.handle for found in await find_people(unit, typed, viewer=viewer)]

    assert await people("eli") == await people("Élise FAU") == ["elise"]
    assert await people("commu") == ["communs"]
    assert await people("camille") == ["camille"]
    assert await people("camille", member) == ["camille", "hidden"]
    assert await people("sol") == ["ana"]
    assert await people("node") == []  # the instance actor is nobody
    assert await people("*") == []


# --- pages, and what they cost -----------------------------------------------------------


async def test_results_come_in_pages_of_debates(library: Library):
    async with library.node.db.unit() as unit:
        camille, group = await actor(library.node, "camille"), await actor(library.node, "communs")
        for number in range(12):
            unit.now += timedelta(minutes=1)
            await library.open(unit, f"d{number}", camille, group, f"Lieu {number}", "Une tuile.")
    await library.indexer.run_once()

    first, second = await library.find("tuile"), await library.find("tuile", page=2)
    assert (first.total, len(first.debates), len(second.debates)) == (12, 10, 2)
    assert first.debates[0].thread.title == "Lieu 11"
    keys = [found.thread.id for found in (*first.debates, *second.debates)]
    assert len(set(keys)) == 12
    assert (await library.find("tuile", page=3)).debates == []
    assert first.cut_at == 0


async def test_the_newest_are_looked_at_and_it_is_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(finding, "LOOKED_AT", 1)

    results = await library.find("pain")
    assert [found.thread.title for found in results.debates] == ["Chauffer l’hiver"]
    assert results.cut_at == 1
    assert set(await library.names("pain depuis:2020")) == {"four", "hiver"}


async def test_no_statement_of_search_reads_a_growing_table_whole(library: Library):
    elise = await actor(library.node, "elise")
    with Statements(library.node) as said:
        for typed in ("four -bois", "auteur:elise groupe:bati", "réseau:velo.example depuis:2020"):
            for viewer in (None, elise):
                await library.find(typed, viewer)
        async with library.node.db.reading() as unit:
            await find_people(unit, "eli", viewer=elise)
        await library.indexer.run_once()

    scans = await said.scans()
    assert not scans, "\n\n".join(scans)
