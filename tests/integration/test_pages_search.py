"""The page of search: what it shows, where addresses lead, what it says when there is nothing."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from factories import make_remote_actor
from notes import received
from opened import Opened, opened
from visitors import Page, Visitor

from fedi.debates.models.post import Post
from fedi.debates.search.keeping import Indexer

HOSTILE = "<p>Une <b>enclume</b> &lt;script&gt;alert(1)&lt;/script&gt; &amp; <i>un étau</i></p>"


@dataclass
class Searched:
    """A debate that can be searched, and who does."""

    opened: Opened
    visitor: Visitor

    async def index(self) -> None:
        await Indexer(self.opened.site.node.db).run_once()

    async def hear(self, name: str, content: str, origin: str = "https://velo.example") -> Post:
        """Receive a reply from another server."""
        async with self.opened.site.node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", origin, name="Ana Solé", indexable=True)
            root = self.opened.root.uri
            post = await received(unit, ana, name, inReplyTo=root, content=content)
        await self.index()
        return post

    async def search(self, typed: str, visitor: Visitor | None = None, more: str = "") -> Page:
        return await (visitor or self.visitor).get(f"/search?q={quote(typed, safe='')}{more}")


@asynccontextmanager
async def searched(tmp_path: Path) -> AsyncIterator[Searched]:
    async with opened(tmp_path) as it:
        site = Searched(it, it.site.visitor())
        await site.index()
        yield site


def marked(page: Page) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", page.text)


async def test_debates_are_shown_with_the_passage_in_which_the_words_are(tmp_path: Path):
    async with searched(tmp_path) as it:
        page = await it.search("fermer été")

        assert page.status == 200
        assert page.title == "Search: fermer été"
        assert 'value="fermer été"' in page.text
        assert marked(page) == ["Fermés", "été", "ferme"]
        assert "1 message, in 1 debate" in page.words
        assert it.opened.page.path in page.links()
        assert page.headers["Cache-Control"].startswith("private")
        assert 'content="noindex"' in page.text


async def test_the_question_put_to_debate_is_part_of_what_is_found(tmp_path: Path):
    async with searched(tmp_path) as it:
        page = await it.search("frapper")

        assert marked(page) == ["frappe"]
        assert "Où envoyer qui frappe" in page.words


async def test_a_passage_is_text_whatever_was_written(tmp_path: Path):
    async with searched(tmp_path) as it:
        await it.hear("hostile", HOSTILE)

        page = await it.search("enclume etau")

        assert marked(page) == ["enclume", "étau"]
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page.text
        assert "<script>alert" not in page.text
        page = await it.search('"><script>alert(1)</script>')
        assert "<script>alert" not in page.text


async def test_a_long_text_is_cut_around_what_is_sought(tmp_path: Path):
    async with searched(tmp_path) as it:
        long = "Un mot. " * 200
        await it.hear("long", f"<p>{long}Voici une fraiseuse et un étau.{long}</p>")

        page = await it.search("fraiseuse étau")

        assert marked(page) == ["fraiseuse", "étau"]
        passage = re.search(r'<p class="prose"[^>]*>(.*?)</p>', page.text, re.S)
        assert passage is not None
        assert passage[1].startswith("… ")
        assert passage[1].endswith("…")
        assert len(re.sub("<[^>]*>", "", passage[1])) < 300


async def test_people_and_groups_come_before_debates(tmp_path: Path):
    async with searched(tmp_path) as it:
        page = await it.search("elis")
        assert "/p/elise" in page.links()
        assert "No debate speaks of it." in page.words

        page = await it.search("biens")
        assert "/g/communs" in page.links()


async def test_nothing_asked_and_nothing_found_are_told(tmp_path: Path):
    async with searched(tmp_path) as it:
        empty = await it.visitor.get("/search")
        assert (empty.status, empty.title) == (200, "Search")
        assert "Nothing was found" not in empty.words
        assert "author:name" in empty.words

        assert "Nothing was found." in (await it.search("girafe")).words
        assert "These words are in every debate" in (await it.search("le la les")).words
        assert "Nobody here is called “personne”" in (await it.search("auteur:personne")).words
        page = await it.search("fermer depuis:hier")
        assert "depuis:hier was left out" in page.words
        assert marked(page)
        assert "There is no such page." in (await it.search("fermer", more="&page=7")).words
        assert (await it.search("fermer", more="&page=-1%00x")).status == 200


async def test_the_page_speaks_french(tmp_path: Path):
    async with searched(tmp_path) as it:
        page = await it.visitor.get("/search?q=girafe", **{"Accept-Language": "fr"})

        assert page.title == "Recherche\N{NO-BREAK SPACE}: girafe"
        assert "auteur:nom" in page.words
        assert "Rien n’a été trouvé." in page.words


# --- addresses ---------------------------------------------------------------------------


async def test_an_address_leads_to_what_it_is_of(tmp_path: Path):
    async with searched(tmp_path) as it:
        post = await it.hear("far", "<p>Loin.</p>")
        site, here = it.opened.site.node.site, it.opened.page.path

        for typed in (post.uri, f"{site.url}/o/{post.key}", f"  {post.uri} "):
            assert (await it.search(typed)).path.startswith(here), typed
        for typed in (it.opened.root.uri, f"{site.url}{here}", site.context(it.opened.root.key)):
            assert (await it.search(typed)).path == here, typed
        for typed in (
            "@ana@velo.example", "ana@velo.example", "acct:ana@velo.example",
            "https://velo.example/users/ana", "https://velo.example/@ana",
        ):  # fmt: skip
            assert (await it.search(typed)).path == "/p/ana@velo.example", typed
        assert (await it.search(f"elise@{site.domain}")).path == "/p/elise"
        assert (await it.search(f"@communs@{site.domain}")).path == "/g/communs"


async def test_what_is_unknown_is_fetched_for_members_only(tmp_path: Path):
    async with searched(tmp_path) as it:
        typed = "http://127.0.0.1:9/notes/1"

        page = await it.search(typed)
        assert "Nothing of that address is known here." in page.words
        assert any("/sign-in" in link for link in page.links())

        page = await it.search(typed, it.opened.elise)
        assert page.path.startswith("/authorize_interaction?uri=http")


async def test_an_address_never_leads_away(tmp_path: Path):
    async with searched(tmp_path) as it:
        for typed in ("https://evil.example/", f"{it.opened.site.node.site.url}//evil.example/"):
            page = await it.search(typed)
            assert page.status == 200
            assert page.path.startswith("/search?")


async def test_the_address_of_a_private_message_leads_who_may_not_read_it_nowhere(tmp_path: Path):
    async with searched(tmp_path) as it:
        node = it.opened.site.node
        async with node.db.unit() as unit:
            ana = await make_remote_actor(unit, "ana", "https://velo.example", indexable=True)
            to = [f"{node.site.url}/p/elise"]
            post = await received(unit, ana, "secret", inReplyTo=it.opened.root.uri, to=to, cc=[])
        assert (await it.search(post.uri)).path.startswith("/search?")
        assert (await it.search(post.uri, it.opened.elise)).path.startswith(it.opened.page.path)


# --- browsers, and those who ask too much ------------------------------------------------


async def test_browsers_learn_how_to_search_from_their_own_field(tmp_path: Path):
    async with searched(tmp_path) as it:
        home = await it.visitor.get("/")
        assert 'rel="search"' in home.text
        described = await it.visitor.get("/opensearch.xml")

        assert described.headers["Content-Type"].startswith("application/opensearchdescription+xml")
        names = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
        url = ElementTree.fromstring(described.text).find("o:Url", names)  # noqa: S314  our own
        assert url is not None
        template = url.attrib["template"]
        assert template == f"{it.opened.site.node.site.url}/search?q={{searchTerms}}"


async def test_who_searches_without_end_is_asked_to_wait(tmp_path: Path):
    async with searched(tmp_path) as it:
        pages = [await it.search("fermer") for _ in range(45)]

        assert {page.status for page in pages} == {200, 429}
        assert "Retry-After" in pages[-1].headers
