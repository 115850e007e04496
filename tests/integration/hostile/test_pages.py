"""Group P: what strangers write, shown on pages.  Nothing of it runs, loads, moves or lies."""

import re
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser

import pytest
import pytest_asyncio
from inboxes import Document, Voice
from processes import PUBLIC
from siege import Siege, besiege, move_in
from yarl import URL

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "script-src": '<script src="https://e.vil/x.js"></script>',
    "script-split": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script-open": "<script>alert(1)",
    "image": '<img src=x onerror="alert(1)">',
    "image-unquoted": "<img/src/onerror=alert(1)>",
    "image-remote": '<img src="https://e.vil/pixel.png" srcset="https://e.vil/2.png 2x">',
    "svg": '<svg onload="alert(1)"><script>alert(1)</script><a xlink:href="//e.vil">x</a></svg>',
    "math": "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1"
    " onerror=alert(1)&gt;'>",
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "template": "<template><script>alert(1)</script></template>",
    "style": "<style>@import 'https://e.vil/x.css';</style><p>x",
    "title": "</title><script>alert(1)</script>",
    "textarea": "</textarea><script>alert(1)</script>",
    "comment": "<!--><script>alert(1)</script>-->",
    "cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "iframe": '<iframe srcdoc="<script>alert(1)</script>" src="javascript:alert(1)"></iframe>',
    "object": '<object data="data:text/html,x"></object><embed src="https://e.vil/x.swf">',
    "base": '<base href="https://e.vil/">',
    "meta": '<meta http-equiv="refresh" content="0;url=https://e.vil/">',
    "link": '<link rel="stylesheet" href="https://e.vil/x.css">',
    "form": '<form action="https://e.vil/"><input name="password"><button>x</button></form>',
    "javascript": '<a href="javascript:alert(1)">x</a>',
    "javascript-tab": '<a href="java\tscript:alert(1)">x</a>',
    "javascript-control": '<a href="&#1;javascript:alert(1)">x</a>',
    "javascript-entity": '<a href="&#106;avascript&colon;alert(1)">x</a>',
    "data": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "vbscript": '<a href="vbscript:x">x</a>',
    "relative": '<a href="//e.vil/">x</a><a href="/sign-out">y</a><a href="?x">z</a>',
    "cite": '<blockquote cite="javascript:alert(1)">x</blockquote><q cite="javascript:1">y</q>',
    "class": '<p class="modal compose invisible" id="content" style="position:fixed">x</p>',
    "htmx": '<a hx-get="/sign-out" data-hx-post="/sign-out" hx-trigger="load">x</a>',
    "attribute": '"><script>alert(1)</script><p x="',
    "single-quote": "' onmouseover='alert(1)",
    "jinja": "{{ config }}{% include 'base.html' %}",
    "deep": "<b>" * 5000,
    "broad": "<b><p>" * 800,
}  # fmt: skip


#: What some call themselves.
NAMES = ["script", "image", "title", "textarea", "attribute", "single-quote", "jinja", "comment"]

#: What no page of ours holds.
_ELEMENTS = """
applet audio base embed frame iframe img math noscript object picture source style template video
"""
FORBIDDEN = frozenset(_ELEMENTS.split())
#: Attributes with an address in them.
_ATTRIBUTES = "action background cite data formaction href poster src srcset"
ADDRESSES = frozenset(_ATTRIBUTES.split())
#: What an address of ours, or of a link to elsewhere, looks like.
HARMLESS = re.compile(r"/(?!/).*|[?#].*|https?://.*|mailto:.*", re.DOTALL)
OURS = re.compile(r"/(?!/).*")


class Inspector(HTMLParser):
    """Reads a page as a browser would, and notes what must not be in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.names: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge an element by its name and attributes."""
        given = {name: value or "" for name, value in attrs}
        self.names += [given["id"]] if "id" in given else []
        if given.get("src") == "/g/reseau/qr.svg":  # ours, beside the handle of a group
            return
        if tag in FORBIDDEN or "http-equiv" in given or _loads_from_elsewhere(tag, given):
            self.found.append(f"{tag} {given}")
        for name, value in given.items():
            if _is_dangerous(name, value):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        """Gather what is read."""
        self.text += data


def _loads_from_elsewhere(tag: str, given: dict[str, str]) -> bool:
    if tag == "script":
        return not OURS.fullmatch(given.get("src", ""))
    if tag == "form":
        return not OURS.fullmatch(given.get("action", ""))
    loads = tag == "link" and given["rel"] not in ("alternate", "canonical")
    return loads and not OURS.fullmatch(given["href"])


def _is_dangerous(name: str, value: str) -> bool:
    if name.startswith("on") or name in ("style", "srcdoc"):
        return True
    if name in ADDRESSES:
        return HARMLESS.fullmatch(value) is None
    if name == "content":  # text: a meta with `http-equiv` is found above
        return False
    if name == "class":
        return not set(value.split()).isdisjoint({"modal", "invisible"})
    if name.removeprefix("data-").startswith("hx-"):
        return "sign-out" in value
    return "e.vil" in value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """A node that has taken each payload in every place where text can stand."""
    async with besiege(tmp_path_factory.mktemp("siege")) as siege:
        writers = dict.fromkeys(PAYLOADS, siege.mallory)
        for number, name in enumerate(NAMES):
            payload = PAYLOADS[name]
            writers[name] = move_in(siege.evil, f"p{number}", name=payload, summary=payload)
        said = [
            (voice, voice.create(make(siege, voice, PAYLOADS[name])))
            for name, voice in writers.items()
            for make in (_answer, _debate)
        ]
        await siege.accept(*said)
        yield siege


def _answer(siege: Siege, voice: Voice, payload: str) -> Document:
    """The payload as an answer to Camille."""
    tags = [
        {"type": "Emoji", "name": payload, "icon": {"type": "Image", "url": payload}},
        {"type": "Mention", "href": "https://e.vil/", "name": payload},
        {"type": "Hashtag", "href": "javascript:alert(1)", "name": payload},
    ]
    return voice.note(
        inReplyTo=siege.debate,
        content=payload,
        contentMap={payload: payload},
        source={"content": payload, "mediaType": "text/markdown"},
        url="https://e.vil/not-its-own",
        tag=tags,
        attachment=[{"type": "Document", "url": "https://e.vil/x.html", "name": payload}],
        oneOf=[{"type": "Note", "name": payload}],
    )


def _debate(siege: Siege, voice: Voice, payload: str) -> Document:
    """The payload as the title and the question of a debate in our group."""
    group = f"{siege.node.url}/g/{siege.node.handle}"
    more = {"name": payload, "summary": payload, "audience": group, "to": [PUBLIC, group]}
    return voice.note(type="Article", content=payload, **more)


async def read(siege: Siege, path: str) -> Inspector:
    """Open a page as a person does, and see that it is guarded and harmless."""
    headers = {"Accept": "text/html"}
    async with siege.node.session.get(f"{siege.node.url}{path}", headers=headers) as answer:
        assert answer.status == 200, path
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        page = Inspector(await answer.text())
    assert page.found == []
    assert len(page.names) == len(set(page.names)), "an id stands for one place"
    return page


def threads(siege: Siege) -> list[str]:
    """The pages of all debates."""
    return [f"/d/{row['key']}" for row in siege.query("select key from threads order by id")]


@pytest.mark.parametrize(
    "name", ["script", "image", "svg", "iframe", "javascript", "meta", "class"]
)
async def test_the_inspector_finds_what_is_there(name: str) -> None:
    assert Inspector(PAYLOADS[name]).found


async def test_answers_of_strangers_do_nothing(siege: Siege) -> None:
    (path, *_) = threads(siege)
    page = await read(siege, path)
    shown = siege.query("select count(*) as number from posts where parent_uri = ?", siege.debate)
    assert shown == [{"number": 1 + len(PAYLOADS)}]
    assert "<script>alert(1)</script>" in page.text, "a name is text"
    await siege.is_well()


async def test_debates_of_strangers_do_nothing(siege: Siege) -> None:
    assert len(threads(siege)) == 1 + len(PAYLOADS)
    for path in threads(siege)[1:]:
        await read(siege, path)
    for path in ("/", f"/g/{siege.node.handle}", "/groups", "/networks"):
        await read(siege, path)
    await siege.is_well()


async def test_feeds_bring_nothing_else(siege: Siege) -> None:
    (path, *_) = threads(siege)
    (thread,) = siege.query("select uri from threads where key = ?", path.rpartition("/")[2])
    for address in (
        "/feed.atom",
        f"/g/{siege.node.handle}/feed.atom",
        f"{thread['uri']}/feed.atom",
    ):
        async with siege.node.session.get(URL(siege.node.url).join(URL(address))) as answer:
            assert answer.status == 200
            feed = await answer.text()
        texts = re.findall(r'<(\w+) type="html">(.*?)</\1>', feed, re.DOTALL)
        assert texts
        assert [Inspector(unescape(text)).found for _, text in texts] == [[]] * len(texts)


async def test_names_of_strangers_do_nothing(siege: Siege) -> None:
    host = siege.evil.origin.removeprefix("http://")
    for number in range(len(NAMES)):
        await read(siege, f"/p/p{number}@{host}")
    await siege.is_well()
