"""Text that people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.core.errors import Malformed
from fedi.core.html import plain
from fedi.core.text import find_hashtags, find_mentions, render_markdown, slug, strip_controls

REL = 'target="_blank" rel="nofollow noopener noreferrer ugc"'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Un **gros** mot\nsuivi", "<p>Un <strong>gros</strong> mot<br>\nsuivi</p>"),
        ("# Titre\n## Partie", "<h4>Titre</h4>\n<h5>Partie</h5>"),
        ("~~non~~", "<p><s>non</s></p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>"),
        ("[t](javascript:x)", "<p>[t](javascript:x)</p>"),
        ("[t](/logout)", "<p>t</p>"),
        ("fin.Il a dit", "<p>fin.Il a dit</p>"),
        ("Qui ? « Nous\u00a0» !", "<p>Qui ? « Nous&nbsp;» !</p>"),
        (
            "voir https://a.example/x.",
            f'<p>voir <a href="https://a.example/x" {REL}>https://a.example/x</a>.</p>',
        ),
        (
            "![le jardin](https://a.example/1.png)",
            f'<p><a href="https://a.example/1.png" {REL}>le jardin</a></p>',
        ),
        (
            "[bank.example](https://evil.example/)",
            f'<p><a href="https://evil.example/" {REL}>bank.example</a> (evil.example)</p>',
        ),
        ("", ""),
    ],
)
def test_markdown_becomes_clean_html(source: str, expected: str) -> None:
    assert render_markdown(source) == expected


def test_tables_are_rendered() -> None:
    table = render_markdown("| a | b |\n|---|---|\n| 1 | 2 |")
    assert "<th>a</th>" in table
    assert "<td>2</td>" in table


def test_a_long_source_is_refused() -> None:
    with pytest.raises(Malformed) as refused:
        render_markdown("x " * 40_000)
    assert refused.value.code == "content-too-large"


def test_a_long_list_is_not_too_long_once_rendered() -> None:
    assert render_markdown("- a\n" * 10_000).count("<li>") == 10_000


def test_known_names_become_links_where_they_are_said() -> None:
    known = {
        ("ana", "lisbon.example"): "https://lisbon.example/p/ana?a=1&b=2",
        ("bob", None): "https://tilios.example/p/bob",
    }
    source = "**@bob** et @ana@LISBON.example, pas `@bob`, @zoe ni [@bob](https://x.example/)"
    html = render_markdown(source, known)
    ana = (
        '<span class="h-card" translate="no"><a href="https://lisbon.example/p/ana?a=1&amp;b=2" '
        f'class="u-url mention" {REL}>@ana</a></span>'
    )
    assert ana in html
    assert html.count("https://tilios.example/p/bob") == 1
    assert "<code>@bob</code>" in html
    assert "@zoe" in html


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("@ana", [("ana", None)]),
        ("Oui @ana@lisbon.example.", [("ana", "lisbon.example")]),
        ("(@ana@LISBON.example:8080, @bob !)", [("ana", "lisbon.example:8080"), ("bob", None)]),
        ("@ana@café.example", [("ana", "xn--caf-dma.example")]),
        ("@ana @ana @ana@lisbon.example", [("ana", None), ("ana", "lisbon.example")]),
        ("@jean.luc, @a_b- @x.", [("jean.luc", None), ("a_b", None), ("x", None)]),
        ("@ana@localhost:8081", [("ana", "localhost:8081")]),
        ("jean@mail.example https://a.example/@ana a@b @ @@ana @é @", []),
        ("@ana@-x", []),
    ],
)
def test_names_are_found_in_text(text: str, mentions: list[tuple[str, str | None]]) -> None:
    assert find_mentions(text) == mentions


@pytest.mark.parametrize("evil", ["@a.", "@a.@a", "@a@", "@", "@a@b.", "@a@b-", "@a@b:1", "a@a."])
def test_no_repetition_makes_finding_names_slow(evil: str) -> None:
    assert len(find_mentions(evil * 30_000)) <= 1


def test_hashtags_are_words_of_the_text() -> None:
    text = "#Bois et #bois, (#été) #2026 #co2 c#7 &#38; https://x.example/#ancre"
    assert find_hashtags(text) == ["Bois", "été", "co2"]


def test_tags_become_links_to_their_page() -> None:
    html = render_markdown(
        "#Bois & **#été**, puis [#lien](https://x.example/)",
        tags_at="https://a.example/?tag=",
    )
    assert html.count('class="mention hashtag"') == 2
    assert f'href="https://a.example/?tag=%C3%A9t%C3%A9" class="mention hashtag" {REL}>' in html
    assert "#<span>été</span></a></strong>" in html
    assert find_hashtags(plain(html)) == ["Bois", "été", "lien"]
    assert "<a" not in render_markdown("#Bois"), "without a page there is nowhere to lead"


def test_a_title_becomes_the_end_of_an_address() -> None:
    assert slug("L’été à Nîmes : où sont les « communs » ?") == "l-ete-a-nimes-ou-sont-les-communs"
    assert slug("Œuvre & Cœur") == "oeuvre-coeur"
    assert slug("日本語") == ""
    assert slug("mot " * 40) == "-".join(["mot"] * 15)
    assert slug("x" * 100) == "x" * 60


def test_names_lose_what_would_disturb_their_neighbours() -> None:
    assert strip_controls(" Ana\n\tDias\u2028x ") == "Ana Dias x"
    assert strip_controls("\u202egnp.exe\u2069\u200b\ufeff\x00\x07") == "gnp.exe"
    assert strip_controls("Qui\u202f? «\u00a0Nous\u00a0»") == "Qui\u202f? «\u00a0Nous\u00a0»"
    assert strip_controls("👩\u200d🌾") == "👩\u200d🌾"


@given(st.text())
def test_any_text_is_rendered_and_read(text: str) -> None:
    html = render_markdown(text)
    assert "<script" not in html
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert strip_controls(strip_controls(text)) == strip_controls(text)
    for name, host in find_mentions(text):
        assert name.isascii()
        assert host is None or host.isascii()
