"""Pages with blanks."""

from fedi.web.shells import blank, piece, shell


def fill(page: str, **words: str) -> tuple[str, bytes]:
    """The page of a shell that has a tree, for a reader of whom these words tell."""
    filled = shell(page).fill(words, {"tree": piece(b"<li>one</li>", b"<li>two</li>")})
    return b"".join(filled.html).decode(), filled.digest


def test_a_blank_holds_what_it_is_given_wherever_it_stands():
    page = f'<a href="{blank("here")}">{blank("me")}</a><ol>{blank("tree")}</ol>{blank("here")}'
    text, _ = fill(page, here="/d/1", me="Ana", unused="never")
    assert text == '<a href="/d/1">Ana</a><ol><li>one</li><li>two</li></ol>/d/1'


def test_words_are_text_whatever_they_hold():
    trick = f'"><script>{blank("tree")}'
    text, _ = fill(f"<b>{blank('me')}</b>", me=str(trick))
    assert "<script>" not in text
    assert "<li>" not in text


def test_two_pages_are_told_apart_by_what_stands_in_them():
    page = f"{blank('one')}{blank('two')}"
    assert fill(page, one="a", two="b") == fill(page, one="a", two="b")
    digests = {fill(page, one=one, two=two)[1] for one, two in (("a", "b"), ("ab", ""), ("", "ab"))}
    digests.add(fill(page + "<br>", one="a", two="b")[1])
    assert len(digests) == 4
