"""What all pages share: languages, headers, errors, static files."""

import hashlib
import re
from pathlib import Path

import pytest
from visitors import pages

from fedi.web.render import STATIC

PUBLIC = (
    "/",
    "/groups",
    "/networks",
    "/members",
    "/search",
    "/search?q=girafe",
    "/accessibility",
    "/sign-in",
    "/g/reseau",
    "/interact?uri=https://a.example/1",
)


async def test_every_page_speaks_the_language_of_its_reader(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        for path in PUBLIC:
            for header, tag, word in (("fr-FR", "fr", "Se connecter"), ("en", "en", "Sign in")):
                page = await visitor.get(path, **{"Accept-Language": header})
                assert page.status == 200, path
                assert f'<html lang="{tag}">' in page.text
                assert page.headers["Content-Language"] == tag
                assert word in page.words
                assert {"Cookie", "Accept-Language"} <= vary_of(page.headers)


def vary_of(headers: object) -> set[str]:
    values = headers.getall("Vary", [])  # type: ignore[attr-defined]
    return {name.strip() for value in values for name in value.split(",")}


async def test_a_reader_changes_language_and_stays_where_they_are(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        page = await visitor.send("/language", language="fr", next="/networks")
        assert page.path == "/networks"
        assert page.title == "Réseaux"
        assert (await visitor.get("/groups")).title == "Groupes", "it is remembered"
        page = await visitor.send("/language", language="tlh", next="//evil.example")
        assert (page.path, page.title) == ("/", "Débats")


async def test_a_node_of_one_language_offers_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FEDI_NETWORK__LANGUAGES", '["en"]')
    async with pages(tmp_path) as site:
        page = await site.visitor().get("/", **{"Accept-Language": "fr"})
        assert page.title == "Debates"
        assert "/language" not in page.text


async def test_every_answer_carries_the_security_headers(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        for path in (*PUBLIC, "/nowhere", "/networks.css", "/mark.svg", "/feed.atom", "/livez"):
            headers = (await visitor.get(path)).headers
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), (
                path
            )
            assert "unsafe" not in policy, path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] == "same-origin", path
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
            assert headers["Server"] == "fedi", f"{path} tells no version to attack"


async def test_no_page_has_anything_inline(tmp_path: Path):
    async with pages(tmp_path) as site:
        elise = await site.member("elise")
        for path in (*PUBLIC, "/open", "/p/elise"):
            text = (await elise.get(path)).text
            assert not re.search(r"\s(style|on\w+)=", text), path
            assert not re.search(r"<style|<script(?![^>]*src=)", text), path
            assert not re.search(
                r'(src|href)="(https?:)?//(?!127\.0\.0\.1)[^"]*\.(js|css|png)', text
            )


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nowhere", 404, "There is nothing here"),
        ("/d/0123456789abcdefghjkmnpqrs", 404, "There is nothing here"),
        ("/p/nobody", 404, "There is nothing here"),
        ("/p/reseau", 404, "There is nothing here"),
        ("/g/nobody@nowhere.example", 404, "There is nothing here"),
        ("/setup/x", 404, "There is nothing here"),
        ("/sign-out", 405, "Not this way"),
        ("/interact?uri=javascript:x", 400, "We did not understand"),
    ],
)
async def test_an_error_is_a_page_with_a_way_back(
    tmp_path: Path, path: str, status: int, title: str
):
    async with pages(tmp_path) as site:
        page = await site.visitor().get(path)
        assert (page.status, page.title) == (status, title)
        assert "/" in page.links()
        assert "Traceback" not in page.text


async def test_an_error_is_one_line_for_programs(tmp_path: Path):
    async with pages(tmp_path) as site:
        response = await site.visitor().client.get(
            "/p/nobody", headers={"Accept": "application/activity+json"}
        )
        assert response.status == 404
        assert "text/html" not in response.headers["Content-Type"]


async def test_a_member_page_is_kept_by_no_shared_cache(tmp_path: Path):
    async with pages(tmp_path) as site:
        page = await (await site.member("elise")).get("/")
        assert page.headers["Cache-Control"] == "private, no-cache"


async def test_static_files_are_kept_until_they_change(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        links = list((await visitor.get("/")).links("/static/"))
        links += re.findall(r'src="(/static/[^"]+)"', (await visitor.get("/")).text)
        assert len(links) >= 6
        for link in links:
            page = await visitor.get(link)
            assert page.status == 200
            assert "immutable" in page.headers["Cache-Control"]
            name, _, version = link.partition("?v=")
            content = (STATIC / name.removeprefix("/static/")).read_bytes()
            assert hashlib.sha256(content).hexdigest().startswith(version)
            for packed in (False, True):
                coding = {"Accept-Encoding": "gzip" if packed else "identity"}
                page = await visitor.get(link, **coding)
                assert page.headers.get("Content-Encoding") == ("gzip" if packed else None)
                assert page.text.encode() == content
                again = await visitor.get(link, **coding, **{"If-None-Match": page.headers["ETag"]})
                assert again.status == 304
        assert "immutable" not in (await visitor.get("/static/base.css")).headers.get(
            "Cache-Control", ""
        )


def test_vendored_files_are_those_that_are_recorded():
    rows = re.findall(r"`(vendor/[^`]+)` .*`([0-9a-f]{64})`", (STATIC / "VENDORED.md").read_text())
    recorded = dict(rows)
    vendored = {f"vendor/{path.name}": path for path in (STATIC / "vendor").iterdir()}
    assert recorded.keys() == vendored.keys()
    for name, path in vendored.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == recorded[name]


async def test_colours_are_told_once_until_they_change(tmp_path: Path):
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        page = await visitor.get("/networks.css")
        assert page.headers["Content-Type"].startswith("text/css")
        assert "--accent: #0f6b5c" in page.text
        assert "prefers-color-scheme: dark" in page.text
        again = await visitor.get("/networks.css", **{"If-None-Match": page.headers["ETag"]})
        assert again.status == 304


async def test_every_page_leads_to_the_declaration_of_accessibility(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FEDI_NETWORK__CONTACT", "bonjour@node.test")
    async with pages(tmp_path) as site:
        visitor = site.visitor()
        for path in PUBLIC:
            assert "/accessibility" in (await visitor.get(path)).links(), path
        page = await visitor.get("/accessibility")
        assert "mailto:bonjour@node.test" in page.links()
        assert "not been audited yet" in page.words
