"""What pages are made of: colours, marks, names, trees, forms."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.core.urls import Site
from fedi.debates.tree import segment
from fedi.web.branches import LEVELS, Branch, grow
from fedi.web.colours import DARK_PAPER, LIGHT_PAPER, PALETTE, contrast, ink, inks, text_on
from fedi.web.forms import Form, safe_path
from fedi.web.marks import mark
from fedi.web.people import hue, initials, opening, prose, typeset
from fedi.web.sessions import session_cookie

MORNING = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)

# --- colours -----------------------------------------------------------------------------


@given(st.integers(0, 0xFFFFFF))
def test_any_colour_a_network_chooses_can_be_read(number: int):
    chosen = ink(f"#{number:06x}")
    assert contrast(chosen.light, LIGHT_PAPER) >= 4.5
    assert contrast(chosen.dark, DARK_PAPER) >= 4.5
    for colour in (chosen.light, chosen.dark):
        assert contrast(text_on(colour), colour) >= 4.5


def test_a_legible_colour_is_left_as_it_was_chosen():
    assert ink("#0f6b5c").light == "#0f6b5c"


def test_networks_get_colours_that_differ_from_ours_and_from_each_other():
    given_out = [colour for colour, _ in zip(inks(PALETTE[0]), range(8), strict=False)]
    assert len(set(given_out)) == 8
    assert ink(PALETTE[0]) not in given_out


def test_a_mark_is_the_same_everywhere_and_holds_nothing_of_the_id():
    one = mark('https://a.example/g/x"><script>')
    assert one == mark('https://a.example/g/x"><script>')
    assert one != mark("https://b.example/g/x")
    assert "script" not in one


# --- names and texts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Élise Fontarel", "ÉF"),
        ("Perrine des Lilas", "PL"),
        ("marguerite", "M"),
        ("Jean-Luc d’Argent", "JD"),
        ("  <b>  ", "B"),
        ("___", "?"),
        ("", "?"),
        ("🌳 Les Tilleuls 🌳", "LT"),
    ],
)
def test_initials_are_those_of_the_first_and_the_last_word(name: str, shown: str):
    assert initials(name) == shown


def test_somebody_has_one_hue_of_nine():
    hues = {hue(f"https://a.example/users/{number}") for number in range(200)}
    assert hues == {f"c{number}" for number in range(1, 10)}


def test_headings_of_members_come_below_their_name():
    assert prose("<h1>a</h1><h2>b</h2><h3>c</h3><h5>d</h5>") == (
        "<h4>a</h4><h4>b</h4><h4>c</h4><h5>d</h5>"
    )


def test_plain_text_is_escaped_before_it_is_set():
    assert typeset("<b> ; & ?") == "&lt;b&gt;\u202f; &amp;\u202f?"


def test_a_long_first_paragraph_gets_a_drop_cap():
    text = "Au printemps, une fraiseuse. " * 10
    assert opening(f"<p>{text}</p><p>Suite</p>").startswith('<p class="lede">Au')
    assert "lede" not in opening("<p>Court.</p>")
    assert "lede" not in opening(f"<p>« {text}</p>")
    assert "lede" not in opening(f"<p>L’hiver, {text}</p>"), "an apostrophe would grow with it"
    assert "lede" not in opening(f"<ul><li>{text}</li></ul>")


# --- trees -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """The least that a post is."""

    name: str
    path: str
    published_at: datetime


def leaves(*outline: tuple[int, str, float]) -> tuple[str, list[Leaf]]:
    """Posts in reading order: level, name and days since the opening; and the root's path."""
    root = segment(MORNING, "root")
    line, posts = [root], []
    for level, name, days in outline:
        moment = MORNING + timedelta(days=days)
        line[level:] = [line[level - 1] + segment(moment, name)]
        posts.append(Leaf(name, line[level], moment))
    return root, sorted(posts, key=lambda leaf: leaf.path)


def drawn(branches: list[Branch[Leaf]]) -> list[object]:
    return [
        [branch.post.name, *drawn(branch.replies)] if branch.replies else branch.post.name
        for branch in branches
    ]


def test_posts_in_reading_order_become_a_tree():
    root, posts = leaves((1, "a", 1), (2, "b", 2), (3, "c", 3), (2, "d", 4), (1, "e", 5))
    assert drawn(grow(posts, root=root)) == [["a", ["b", "c"], "d"], "e"]


def test_what_is_deeper_than_five_levels_is_counted_at_the_fifth():
    root, posts = leaves(*((level, f"p{level}", level) for level in range(1, LEVELS + 4)))
    (branch,) = grow(posts, root=root)
    while branch.replies:
        (branch,) = branch.replies
    assert branch.post.name == f"p{LEVELS}"
    assert branch.hidden == 3


def test_a_page_that_begins_inside_a_branch_says_so():
    root, posts = leaves((1, "a", 1), (2, "b", 2), (3, "c", 3), (3, "d", 4), (1, "e", 5))
    branches = grow(posts[2:], root=root)
    assert drawn(branches) == ["c", "d", "e"]
    assert [branch.continued for branch in branches] == [True, True, False]


def test_a_long_silence_between_branches_is_noted():
    root, posts = leaves((1, "a", 1), (2, "b", 20), (1, "c", 22), (1, "d", 60))
    assert [branch.silence and branch.silence.days for branch in grow(posts, root=root)] == [
        None,
        None,
        38,
    ]


# --- forms -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/%2Fevil.example",
        "https:evil.example",
        "https://evil.example/",
        "\t//evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "évil",
        "/" + "x" * 3000,
        "",
        None,
    ],
)
def test_a_form_never_leads_to_another_site(target: str | None):
    assert safe_path(target) == "/"


@pytest.mark.parametrize("target", ["/", "/d/key/title?after=x#p-1", "/p/ana@lisbon.example"])
def test_a_form_leads_back_to_a_page_of_ours(target: str):
    assert safe_path(target) == target


def test_a_line_has_no_line_ends_and_no_controls():
    form = Form({"title": " a\r\nb\u202e\tc ", "text": "a\r\nb"})
    assert form.line("title") == "a b c"
    assert form["text"] == "a\nb"
    assert form["missing"] == ""


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://a.example", "__Host-session"), ("http://localhost:8080", "session-8080")],
)
def test_the_session_cookie_belongs_to_one_host_or_one_port(url: str, name: str):
    assert session_cookie(Site(url)) == name
