"""`fedi thread show`: a debate as every node that keeps it prints it."""

from pathlib import Path

from factories import make_group, make_node, make_person

from fedi.cli.thread import describe, read_posts
from fedi.debates.models.post import Post
from fedi.debates.posts import delete_post, edit_post, write_reply
from fedi.debates.threads import open_thread


async def test_a_removed_post_tells_nothing_of_what_it_was(tmp_path: Path):
    """Who learns of the debate afterwards finds a tombstone, which knows no more."""
    node = await make_node(tmp_path)
    try:
        async with node.db.unit() as unit:
            camille = await make_person(unit, "camille")
            group = await make_group(unit, "communs")
            thread = await open_thread(unit, camille, group, title="Clés ?", text="Combien ?")
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
            reply = await write_reply(unit, camille, root, text="Une de trop.")
            await edit_post(unit, camille, reply, text="Deux de trop.")
            await delete_post(unit, camille, reply)
        async with node.db.reading() as unit:
            _, shown = describe(thread, await read_posts(unit, thread))["posts"]
        told = {key: shown[key] for key in ("deleted", "updated", "content", "depth")}
        assert told == {"deleted": True, "updated": None, "content": "", "depth": 1}
    finally:
        await node.close()
