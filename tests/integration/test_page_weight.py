"""What a page weighs: somebody reads it on a train."""

import gzip
from pathlib import Path

from factories import make_group, make_person, make_remote_actor
from notes import received
from visitors import pages

from fedi.debates.addresses import page_path
from fedi.debates.models.post import Post
from fedi.debates.threads import open_thread
from fedi.web.render import STATIC

TEXT = f"<p>{'Un atelier partagé, et ce que chacun y apporte. ' * 5}</p>"  # as long as most


async def test_a_page_of_a_hundred_messages_is_light(tmp_path: Path):
    async with pages(tmp_path) as site:
        async with site.node.db.unit() as unit:
            camille, group = await make_person(unit, "camille"), await make_group(unit, "communs")
            thread = await open_thread(unit, camille, group, title="Prêter ?", text="Oui ?")
            root = await unit.find(Post, id=thread.root_id)
            assert root is not None
            ana = await make_remote_actor(unit, "ana", "https://lisbon.example", name="Ana Lopes")
            for n in range(99):
                await received(unit, ana, f"n{n}", inReplyTo=root.uri, at=n, content=TEXT)
        for reader in (site.visitor(), await site.member("elise")):
            page = await reader.get(page_path(thread))
            assert page.text.count("<article") == 100
            assert len(page.text.encode()) <= 143_000


def test_styles_and_scripts_are_light_once_compressed():
    files = [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *STATIC.glob("vendor/*.js")]
    assert len(files) > 5
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= 40_000
