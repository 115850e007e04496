"""Rules are written for one post at a time, and cost a few statements for many."""

from collections.abc import Iterator
from contextlib import contextmanager

from factories import make_group, make_person, make_remote_actor
from notes import accept, note
from sqlalchemy import event

from actors.followers import accept_follow, request_follow
from actors.local import network_actor
from actors.models import Actor, Dialect
from fedi.core.jsonld import dumps
from fedi.core.node import Node
from fedi.core.unit import Unit
from fedi.debates.groups import relay
from fedi.debates.models.post import Post, Retraction
from fedi.debates.models.thread import Thread
from fedi.debates.orphans import load_orphans
from fedi.debates.participation import load_participations
from fedi.debates.received_note import PostDocument, read_object
from fedi.debates.threads import open_thread
from outbox.models import Activity

BERLIN = "https://berlin.example"
BATCH = 50


@contextmanager
def counted(node: Node) -> Iterator[list[str]]:
    """The statements that a node's writing connection is given meanwhile."""
    statements: list[str] = []

    def note_statement(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(node.db.writer.sync_engine, "before_cursor_execute", note_statement)
    yield statements
    event.remove(node.db.writer.sync_engine, "before_cursor_execute", note_statement)


async def preload(unit: Unit, documents: list[PostDocument]) -> None:
    """Meet what a batch will ask for, as the inbox does."""
    posts = {document.uri for document in documents}
    parents = {document.parent_uri for document in documents if document.parent_uri}
    await unit.load(Actor, uri=[document.author_uri for document in documents])
    await unit.load(Post, uri=posts | parents)
    await unit.load(Retraction, uri=posts)
    await unit.load(Activity, uri=[f"{uri}#create" for uri in posts])
    await load_orphans(unit, parent_uri=posts)
    met = [row for row in set(unit.met.values()) if isinstance(row, Post)]
    await unit.load(Thread, id={post.thread_id for post in met}, lock=True)
    threads = [row for row in set(unit.met.values()) if isinstance(row, Thread)]
    await unit.load(Actor, id=[thread.group_id for thread in threads])
    writers = [row.id for row in set(unit.met.values()) if isinstance(row, Actor)]
    await load_participations(unit, threads=[row.id for row in threads], actors=writers)


async def prepare(node: Node) -> tuple[Thread, list[PostDocument]]:
    """A debate with followers of every kind, and fifty replies to it by ten authors."""
    async with node.db.unit() as unit:
        camille, climat = await make_person(unit, "camille"), await make_group(unit, "climat")
        for dialect in Dialect:
            origin = f"https://{dialect}.example"
            fan = await make_remote_actor(unit, "fan", origin, dialect=dialect)
            for group in (climat, await network_actor(unit)):
                uri = f"{fan.uri}/follows/{group.handle}"
                await accept_follow(unit, await request_follow(unit, uri, fan, group))
        writers = [await make_remote_actor(unit, f"w{number}", BERLIN) for number in range(10)]
        thread = await open_thread(unit, camille, climat, title="Ateliers", text="Texte")
    documents = []
    for number in range(BATCH):
        above = documents[number // 2].uri if number > 10 else thread.root_uri
        author = writers[number % len(writers)]
        document = note(author, f"r{number}", at=70 + number, inReplyTo=above)
        documents.append(read_object(document))
    return thread, documents


async def test_fifty_replies_are_stored_and_passed_on_in_few_statements(node: Node) -> None:
    thread, documents = await prepare(node)
    with counted(node) as statements:
        async with node.db.unit() as unit:
            await preload(unit, documents)
            for document in documents:
                author = await unit.find(Actor, uri=document.author_uri)
                assert author is not None
                post = await accept(unit, document, author)
                debate = await unit.find(Thread, id=thread.id)
                assert post is not None
                assert debate is not None
                said = {"id": f"{post.uri}#create", "type": "Create", "object": post.uri}
                await relay(
                    unit,
                    debate,
                    actor=author,
                    uri=f"{post.uri}#create",
                    type="Create",
                    object_uri=post.uri,
                    document=said,
                    body=dumps(said),
                )

    assert len(statements) <= 25, "\n".join(line[:100] for line in statements)
    async with node.db.reading() as unit:
        debate = await unit.find(Thread, uri=thread.uri)
        assert debate is not None
        assert debate.post_count == BATCH + 1


async def test_refusals_cost_nothing_but_the_questions_asked_beforehand(node: Node) -> None:
    thread, documents = await prepare(node)
    async with node.db.unit() as unit:
        debate = await unit.find(Thread, uri=thread.uri)
        assert debate is not None
        debate.locked_at = unit.now
    with counted(node) as statements:
        async with node.db.unit() as unit:
            await preload(unit, documents[:10])
            asked = len(statements)
            for document in documents[:10]:
                author = await unit.find(Actor, uri=document.author_uri)
                assert author is not None
                assert await accept(unit, document, author) is None

    # Whether each of the ten authors looks after the Group, and what was decided about servers.
    assert len(statements) - asked <= 11
