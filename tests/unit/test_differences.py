"""What changed between two texts, as a reader is told."""

from hypothesis import given
from hypothesis import strategies as st

from fedi.core.differences import MAX_WORDS, compare

TEXTS = st.text(alphabet="ab é\n.,", max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_their_differences(before: str, after: str) -> None:
    passages = compare(before, after)

    assert "".join(text for change, text in passages if change != "added") == before
    assert "".join(text for change, text in passages if change != "removed") == after
    assert all(text for _, text in passages)


def test_words_are_told_apart_and_lines_that_stayed_are_left_alone() -> None:
    before = "Il faut un atelier.\nQui paie ?"
    after = "Il faut deux ateliers.\nQui paie ?"

    assert compare(before, after) == [
        ("same", "Il faut "),
        ("removed", "un"),
        ("added", "deux"),
        ("same", " "),
        ("removed", "atelier"),
        ("added", "ateliers"),
        ("same", ".\nQui paie ?"),
    ]


def test_what_did_not_change_is_one_passage() -> None:
    assert compare("a\nb", "a\nb") == [("same", "a\nb")]
    assert compare("", "") == []


def test_texts_that_have_nothing_in_common_are_told_as_replaced() -> None:
    before = " ".join(f"a{number}" for number in range(3 * MAX_WORDS))
    after = " ".join(f"b{number}" for number in range(3 * MAX_WORDS))

    assert [change for change, _ in compare(before, after)] == ["removed", "added"]
