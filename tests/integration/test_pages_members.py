"""The page of members."""

from pathlib import Path

from factories import make_person, make_remote_actor
from reading import furnish
from visitors import pages

from fedi.web.pages.members import SHOWN


async def test_members_are_listed_with_how_they_take_part(tmp_path: Path):
    async with pages(tmp_path) as site:
        await furnish(site)
        async with site.node.db.unit() as unit:
            await make_remote_actor(unit, "noe", "https://velo.example", name="Noé")
        page = await site.visitor().get("/members", **{"Accept-Language": "fr"})
        assert page.title == "Membres"
        told = ("@camille@", "Dernier message", "1 débat")
        assert [words for words in told if words not in page.words] == []
        assert "Noé" not in page.words


async def test_many_members_are_shown_page_by_page(tmp_path: Path):
    async with pages(tmp_path) as site:
        names = [f"membre{number:03}" for number in range(SHOWN + 1)]
        async with site.node.db.unit() as unit:
            for name in names:
                await make_person(unit, name)
        first = await site.visitor().get("/members")
        assert names[SHOWN - 1] in first.words
        assert names[SHOWN] not in first.words
        (following,) = first.links("after=")
        second = await site.visitor().get(following)
        assert second.words.count("@membre") == 1
        assert names[SHOWN] in second.words
        assert "/members" in second.links()
