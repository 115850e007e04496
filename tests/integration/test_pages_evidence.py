"""Readers are told when an origin is silent, what is missing, and how one knows who wrote what."""

from datetime import timedelta
from pathlib import Path

from factories import FakeClock
from lost import ORIGIN, Lost
from sqlalchemy import update
from visitors import pages

from fedi.debates.gaps import note_gaps
from fedi.debates.models.post import Post


async def test_readers_see_what_is_missing_and_who_wrote_what(
    tmp_path: Path, clock: FakeClock
) -> None:
    lost, host = Lost(), ORIGIN.partition("://")[2]
    async with pages(tmp_path, clock) as site:
        async with site.node.db.unit() as unit:
            await lost.meet(unit, "communs", "Group")
            await lost.tell(unit, *range(4))
            key = (await lost.thread(unit)).key
            await note_gaps(unit, lost.context, "a copy", {lost.uri(7): "unreachable"})
        visitor = site.visitor()
        debate = await visitor.get(f"/d/{key}")
        assert f"1 message of {host} is missing here." in debate.words
        (link,) = debate.links("/evidence")
        async with site.node.db.unit() as unit:
            await lost.tell(unit, 7)
        clock.advance(timedelta(days=8))
        debate = await visitor.get(f"/d/{key}")
        assert "missing" not in debate.words, "it came"
        assert f"{host}, where this debate began, has not answered since" in debate.words
        page = await visitor.get(link)
        assert page.words.count("The author's signature holds.") == 5
        async with site.node.db.unit() as unit:
            await unit.session.execute(
                update(Post).where(Post.uri == lost.uri(2)).values(content="<p>Zut</p>")
            )
        page = await visitor.get(link)
        assert "1 message is not as it was written." in page.words
        assert page.words.count("This is not what the author signed.") == 1
        clock.advance(timedelta(days=30))
        assert "has given no sign of life since" in (await visitor.get(f"/d/{key}?again=1")).words
        page = await visitor.get(f"/d/{key}?again=2", **{"Accept-Language": "fr"})
        assert "n'a plus donné signe de vie" in page.words.replace("’", "'")
