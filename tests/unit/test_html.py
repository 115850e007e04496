"""HTML of others: nothing of it acts, nothing of its words is lost."""

import re
import xml.etree.ElementTree as ET

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedi.core.errors import Malformed
from fedi.core.html import MAX_CLEAN, MAX_CONTENT, clean, excerpt, plain
from fedi.core.nesting import is_tangled

REL = 'target="_blank" rel="nofollow noopener noreferrer ugc"'
#: Sixty bolds that are never closed, all different, so a browser opens them again and again.
UNCLOSED = "".join(f"<b title={number}>" for number in range(60))


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("<script>alert(1)</script>x", "x"),
        ("<SCRIPT SRC=//evil.example/x.js></SCRIPT>x", "x"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<svg onload=alert(1)><a href='javascript:x'>t</a></svg>x", "x"),
        ("<math><mi//xlink:href='data:x,<script>'>t</math>x", "x"),
        ("<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>x", "'&gt;x"),
        ("<style><!--</style><script>alert(1)</script>--></style>x", "--&gt;x"),
        ("<template><script>x</script></template>x", "x"),
        ("<iframe srcdoc='<script>x</script>'></iframe>x", "x"),
        ("<base href=//evil.example/><meta http-equiv=refresh content=0;//evil.example>x", "x"),
        ("<form action=//evil.example/><input name=password></form>x", "x"),
        ("<a href='javascript:alert(1)'>t</a>", "t"),
        ("<a href=' java\tscript:alert(1)'>t</a>", "t"),
        ("<a href='data:text/html,x'>t</a>", "t"),
        ("<a href='vbscript:x'>t</a>", "t"),
        ("<a href='/logout'>t</a>", "t"),
        ("<a href='//evil.example/'>t</a>", "t"),
        ("<blockquote cite='javascript:1'>q</blockquote>", "<blockquote>q</blockquote>"),
        ("<p class='modal admin-bar' id=x style='position:fixed' onclick=x>t</p>", "<p>t</p>"),
        ("<span class='invisible'>t</span>", "<span>t</span>"),
        ("a\u202eb\u2066c\x00&#x202e;&#1;d", "abcd"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<p>x\ud800</p>", "<p>x?</p>"),
        ("<p lang='oc'>adiu</p>", '<p lang="oc">adiu</p>'),
        ("<ol start=3><li value=4>x</li></ol>", '<ol start="3"><li value="4">x</li></ol>'),
        (
            "<table><tr><th>a<td>b</table>",
            "<table><tbody><tr><th>a</th><td>b</td></tr></tbody></table>",
        ),
    ],
)
def test_what_acts_is_removed_and_what_is_said_stays(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


def test_mentions_and_hashtags_keep_their_classes() -> None:
    mention = (
        '<span class="h-card evil"><a href="https://lisbon.example/@ana" class="u-url mention x" '
        'rel="tag" target="_self">@<span>ana</span></a></span>'
    )
    assert clean(mention) == (
        f'<span class="h-card"><a href="https://lisbon.example/@ana" class="u-url mention" {REL}>'
        "@<span>ana</span></a></span>"
    )
    assert 'class="hashtag"' in clean('<a class="hashtag" href="https://a.example/t">#t</a>')


def test_an_image_becomes_a_link_with_its_description() -> None:
    image = "<img src='https://a.example/1.png' alt='Le jardin &lt;3' onload=x>"
    link = f'<a href="https://a.example/1.png" {REL}>Le jardin &lt;3</a>'
    assert clean(f"<p>{image}</p>") == f"<p>{link}</p>"
    assert clean("<img src='https://a.example/1.png'>") == (
        f'<a href="https://a.example/1.png" {REL}>https://a.example/1.png</a>'
    )
    assert clean("<img src='data:image/png;base64,x' alt='Le jardin'>") == "Le jardin"
    assert clean(f"<a href='https://b.example/'>{image} !</a>") == (
        f'<a href="https://b.example/" {REL}>Le jardin &lt;3 !</a>'
    )


def test_headings_start_at_the_level_of_a_post() -> None:
    assert clean("<h1>a</h1><h2>b</h2>") == "<h4>a</h4><h5>b</h5>"
    assert clean("<h2 lang='fr'>a</h2><h3>b</h3>") == '<h4 lang="fr">a</h4><h5>b</h5>'
    assert clean("<h1>a</h1><h6>b</h6>") == "<h4>a</h4><h6>b</h6>"
    assert clean("<h6>a</h6>") == "<h4>a</h4>"


@pytest.mark.parametrize(
    ("href", "text", "shown"),
    [
        ("https://evil.example/", "https://bank.example/login", " (evil.example)"),
        ("https://evil.example/", "bank.example", " (evil.example)"),
        ("https://evil.example/", "<b>Bank</b>.Example/…", " (evil.example)"),
        ("https://bank.example.evil.example/", "bank.example", " (bank.example.evil.example)"),
        ("https://bаnk.example/", "bank.example", " (xn--bnk-6cd.example)"),
        ("https://bank.example/a", "https://www.bank.example/a", ""),
        ("https://www.bank.example/a", "bank.example", ""),
        ("https://help.bank.example/a", "bank.example", ""),
        ("https://evil.example/", "notre banque", ""),
        ("https://lisbon.example/@ana", "@ana@paris.example", ""),
        ("mailto:a@b.example", "bank.example", ""),
    ],
)
def test_a_link_that_names_another_host_is_followed_by_its_own(
    href: str, text: str, shown: str
) -> None:
    cleaned = clean(f'<a href="{href}">{text}</a>')
    assert cleaned == f'<a href="{href}" {REL}>{text}</a>{shown}'
    assert clean(cleaned) == cleaned


def test_a_long_text_is_refused_not_cut() -> None:
    assert clean("é" * (MAX_CONTENT // 2)) == "é" * (MAX_CONTENT // 2)
    for long in ("x" * (MAX_CONTENT + 1), "é" * (MAX_CONTENT // 2 + 1), "&" * MAX_CONTENT):
        with pytest.raises(Malformed) as refused:
            clean(long)
        assert refused.value.code == "content-too-large"


@pytest.mark.parametrize(
    "tangle",
    [
        "<div>" * 10_000 + "mot",
        "<b><p>" * 8000 + "mot",
        f"<p>{UNCLOSED}</p>" + "<p>x</p>" * 7000 + "mot",
        f"<p>{UNCLOSED}</p>" + "<p>x" * 14_000 + "mot",
        "<svg>" + "<g>" * 100 + "mot",
        "<table><tr><td>" * 4000 + "mot",
        "<div></span>" * 4000 + "mot",
        '<div title="</div>">' * 3000 + "mot",
        "<div><!-- </div> -->" * 3000 + "mot",
        "<div><script><!--<script></script></div>--></script>" * 1000 + "mot",
        "<a href=x><i>" * 3000 + "mot",
    ],
)
def test_a_tangle_becomes_its_text(tangle: str) -> None:
    text = clean(tangle)
    assert "mot" in text
    assert not re.search(r"<(?!/?p>|br>)", text)


@pytest.mark.parametrize(
    "long",
    [
        "<p>Un paragraphe <strong>fort</strong> et <a href='https://a.example/'>lié</a>.</p>" * 600,
        "<ul>" + "<li>un<li><p>deux</p>" * 900 + "</ul>",
        "<p>un<p>deux<br>" * 3000,
        "<table>" + "<tr><td>un</td><td>deux</td></tr>" * 1500 + "</table>",
        "<h1>un</h1>" * 3000,
        "<blockquote><p>un</p></blockquote>" * 1500,
        "<p>un</p><iframe src='https://a.example/'><div></iframe>" * 900,
    ],
)
def test_a_long_but_ordinary_text_keeps_its_form(long: str) -> None:
    assert not is_tangled(long)
    assert clean(long).count("<") > 1000


@pytest.mark.parametrize(
    "evil",
    [
        "<",
        "<a ",
        "<!--",
        "<!-- -",
        "</",
        "<a b='",
        '<a b="',
        "<a =",
        "<style>",
        "<style></styl",
        "&#x202e;",
        "<img>",
        "<a href=https://a.example>b.example</a>",
        " ",
        "<p",
        "<![CDATA[",
        "<a x" + " " * 50,
        "<iframe></ifram>",
        "\n",
        "&",
        "<p>\n",
        "a.",
        "<td>",
        "</p>",
        "</br>",
    ],
)
def test_no_repetition_makes_cleaning_fail(evil: str) -> None:
    text = evil * (MAX_CONTENT // len(evil) // 4)
    assert len(clean(text)) <= MAX_CLEAN
    assert len(plain(text)) <= MAX_CLEAN
    assert len(excerpt(text, 100)) <= 100


def test_the_text_of_a_page_has_a_line_per_paragraph() -> None:
    page = (
        "<h2>Titre</h2><p>Un&nbsp;: <b>gros</b>\tmot<br/>et la suite.</p>\n\n<ul><li>un</li>"
        "<li>deux</li></ul><table><tr><td>a</td><td>b</td></tr></table><script>x</script>"
        "<!-- rien --><p>&lt;fin&gt;</p>"
    )
    assert plain(page) == "Titre\nUn\u00a0: gros mot\net la suite.\nun\ndeux\na b\n<fin>"
    assert plain("sans balise") == "sans balise"
    assert plain("a < b") == "a < b"
    assert plain("") == ""


def test_an_excerpt_ends_between_two_words() -> None:
    page = "<p>Un débat ouvert</p><p>sur les communs</p>"
    assert excerpt(page, 100) == "Un débat ouvert sur les communs"
    assert excerpt(page, 14) == "Un débat…"
    assert excerpt("<p>anticonstitutionnellement</p>", 10) == "anticonst…"


TAME = "a b i em span u s code p div ul ol li blockquote h1 h2 pre dl dt dd section foo strong"
TABLE = "table tr td tbody caption"
STRAY = ["<!-- </div> -->", "<!", "</>", "<?x>", ' title="</div>"', "'", '"', ">", "/", "<p/>", "x"]
STRAY += ["<div a=\"b\"c='>'>", '<div ="</div>">', '<div a=b"></div>', "<div a='</div>", "</br>"]
STRAY += ["<script><!--<script></script></div>--></script>", "<iframe></div></iframe>", "<input>"]
CLEANER = nh3.Cleaner(
    tags={*TAME.split(), *TABLE.split(), "br", "hr"},
    attributes={"*": {"title"}},
    clean_content_tags={"script", "iframe"},
)


def soup(names: str) -> st.SearchStrategy[str]:
    """Tags in any order, some closed, some with different attributes, and stray pieces."""
    tag = st.builds(
        "<{}{}{}>".format,
        st.sampled_from(["", "", "/"]),
        st.sampled_from(names.split()),
        st.sampled_from(["", "", " title=1", " title=2", " title=3"]),
    )
    return st.lists(tag | tag | tag | st.sampled_from(STRAY), max_size=60).map("".join)


def depth_of(html: str) -> int:
    """How deep the elements nest in what a sanitiser wrote."""
    depth = deepest = 0
    for closing, name in re.findall(r"<(/?)([a-z0-9]+)[^>]*>", html):
        if name not in {"br", "hr"}:
            depth += -1 if closing else 1
            deepest = max(deepest, depth)
    return deepest


@settings(max_examples=300)
@given(soup(TAME), st.integers(2, 8))
def test_a_browser_never_nests_deeper_than_estimated(html: str, depth: int) -> None:
    if not is_tangled(html, depth):
        # An end tag of a paragraph that was never opened makes an empty one.
        assert depth_of(CLEANER.clean(html)) <= depth + 1


@settings(max_examples=200)
@given(soup(f"{TAME} {TABLE} {TABLE}"), st.integers(2, 8))
def test_a_table_adds_but_the_rows_it_implies(html: str, depth: int) -> None:
    if not is_tangled(html, depth):
        assert depth_of(CLEANER.clean(html)) <= depth + 1 + 2 * html.count("<table")


@given(soup(f"{TAME} {TABLE} img svg math script style") | st.text() | st.text("<>a/'\"=&;-! p"))
def test_whatever_comes_in_what_goes_out_is_harmless(html: str) -> None:
    cleaned = clean(html)
    tree = ET.fromstring(f"<post>{_closed(cleaned)}</post>")  # noqa: S314 - well formed or not
    for element in tree.iter():
        assert element.tag not in {"script", "style", "svg", "math", "iframe", "img"}
        assert set(element.keys()) <= {"href", "title", "class", "lang", "rel", "target"}
        assert element.get("href", "https:").startswith(("http:", "https:", "mailto:"))
    assert clean(cleaned) == cleaned
    assert "<" not in plain("<p>" + re.sub("[<&]", "", html) + "</p>")


def _closed(html: str) -> str:
    """What the sanitiser wrote, as XML."""
    return re.sub(r"<(br|hr)([^>]*)>", r"<\1\2/>", html).replace("&nbsp;", "\u00a0")
