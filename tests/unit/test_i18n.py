"""Words in both languages: catalogues, dates, numbers, typography."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from fedi.core.i18n import Language, choose, read_language, space_french, space_french_html
from fedi.core.numerals import spell

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "fedi" / "web" / "locale"
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)

#: As in `locale/babel.cfg`.  Errors are sentences that pages show, translated.
TEMPLATES = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
METHODS = [
    ("fedi/web/templates/**.html", "jinja2"),
    ("fedi/core/i18n.py", "python"),
    ("fedi/accounts/**.py", "python"),
    ("fedi/belongings/**.py", "python"),
    ("fedi/debates/**.py", "python"),
    ("fedi/moderation/**.py", "python"),
    ("fedi/web/**.py", "python"),
    ("actors/local.py", "python"),
]
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "say": None,
    "ngettext": (1, 2),
    "count": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "Invalid": None,
    "Forbidden": None,
    "Conflict": None,
    "Unauthenticated": None,
    "SessionOver": None,
}


@pytest.fixture(scope="module")
def french() -> Language:
    return read_language(LOCALE, "fr")


@pytest.fixture(scope="module")
def english() -> Language:
    return read_language(LOCALE, "en")


def read(tag: str) -> Catalog:
    with (LOCALE / tag / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=tag)


def used() -> Iterator[tuple[str | None, str | tuple[str, ...], str]]:
    """Every message of the program: context, text or forms, file."""
    options = {"fedi/web/templates/**.html": TEMPLATES}
    for file, _, message, _, context in extract_from_dir(ROOT, METHODS, options, KEYWORDS):
        yield context, message, str(file)


def forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))


@pytest.mark.parametrize("tag", ["fr", "en"])
def test_every_message_of_the_program_is_in_both_catalogues(tag: str):
    catalogue = read(tag)
    for context, message, file in used():
        name = message if isinstance(message, str) else message[0]
        assert catalogue.get(name, context) is not None, f"{file}: {name!r} is not in {tag}"


def test_every_message_is_translated_into_french():
    for message in read("fr"):
        assert all(forms(message)), message.id
        assert not message.fuzzy, message.id


def test_no_catalogue_keeps_messages_that_nobody_says():
    said = {(context, name if isinstance(name, str) else name[0]) for context, name, _ in used()}
    for tag in ("fr", "en"):
        for message in read(tag):
            name = message.id if isinstance(message.id, str) else message.id[0]
            assert not name or (message.context, name) in said, f"{tag}: {name!r}"


def test_translations_fill_in_what_their_sources_do():
    for message in read("fr"):
        sources = (message.id,) if isinstance(message.id, str) else message.id
        for translation in forms(message):
            assert placeholders(translation) == placeholders(sources[-1]), message.id


def test_catalogues_hold_no_invisible_spaces():
    for tag in ("fr", "en"):
        for message in read(tag):
            assert not re.search("[\u00a0\u202f]", "".join(forms(message))), message.id


def test_french_marks_are_set_with_unbreakable_spaces(french: Language):
    assert space_french("« Oui » : non ; quoi ? !") == (
        "«\u00a0Oui\u00a0»\u00a0: non\u202f; quoi\u202f?\u202f!"
    )
    assert french.gettext("Your first visit?") == "Votre première visite\u202f?"


def test_tags_and_code_keep_their_spaces():
    assert space_french_html('<a title="a ; b">Ah !</a>') == '<a title="a ; b">Ah\u202f!</a>'
    assert space_french_html("<p>x ? <code>a ? b : c</code></p>") == (
        "<p>x ? <code>a ? b : c</code></p>"
    )


@given(st.text(alphabet=" ;:!?«»abc<>/p"))
def test_setting_marks_changes_nothing_but_spaces(text: str):
    for setter in (space_french, space_french_html):
        assert re.sub("[\u00a0\u202f]", " ", setter(text)) == text


def test_dates_are_written_in_full(french: Language, english: Language):
    moment = datetime(2026, 10, 5, 7, 15, tzinfo=UTC)
    french, english = (Language(each.tag, each.catalogue, UTC) for each in (french, english))
    assert french.day(moment) == "5 octobre 2026"
    assert french.day(datetime(2026, 9, 1, tzinfo=UTC), year=False) == "1er septembre"
    assert french.full(moment) == "5 octobre 2026 à 7\u00a0h\u00a015"
    assert english.full(moment) == "5 October 2026 at 7:15\u00a0am"
    assert english.time(datetime(2026, 1, 1, 0, 5, tzinfo=UTC)) == "12:05\u00a0am"
    assert english.time(datetime(2026, 1, 1, 12, 5, tzinfo=UTC)) == "12:05\u00a0pm"


@pytest.mark.parametrize(
    ("past", "in_french", "in_english"),
    [
        (timedelta(seconds=-20), "à l’instant", "just now"),
        (timedelta(seconds=40), "à l’instant", "just now"),
        (timedelta(minutes=1), "il y a 1 minute", "1 minute ago"),
        (timedelta(minutes=59), "il y a 59 minutes", "59 minutes ago"),
        (timedelta(hours=3), "il y a 3 heures", "3 hours ago"),
        (timedelta(hours=20), "hier", "yesterday"),
        (timedelta(days=3), "vendredi", "on Friday"),
        (timedelta(days=15), "le 8 novembre", "on 8 November"),
        (timedelta(days=400), "le 19 octobre 2025", "on 19 October 2025"),
    ],
)
def test_recent_dates_are_told_as_one_says_them(
    french: Language, english: Language, past: timedelta, in_french: str, in_english: str
):
    for language, expected in ((french, in_french), (english, in_english)):
        assert Language(language.tag, language.catalogue, UTC).ago(NOW - past, NOW) == expected


def test_how_long_it_lasts_is_told_as_one_says_it(french: Language):
    french = Language("fr", french.catalogue, UTC)
    assert french.since(NOW - timedelta(minutes=10), NOW) == "depuis 10 minutes"
    assert french.since(NOW - timedelta(days=1), NOW) == "depuis hier"
    assert french.since(NOW - timedelta(days=6), NOW) == "depuis mardi"
    assert french.since(NOW - timedelta(days=60), NOW) == "depuis le 24 septembre"


def test_silences_are_told_in_words(french: Language, english: Language):
    assert french.later(timedelta(days=23)) == "trois semaines plus tard"
    assert french.later(timedelta(days=70)) == "deux mois plus tard"
    assert french.later(timedelta(days=800)) == "deux ans plus tard"
    assert english.later(timedelta(days=14)) == "two weeks later"


@pytest.mark.parametrize(
    ("number", "in_french", "in_english"),
    [
        (1, "une", "one"),
        (16, "seize", "sixteen"),
        (21, "vingt et une", "twenty-one"),
        (48, "quarante-huit", "forty-eight"),
        (61, "soixante et une", "sixty-one"),
        (71, "soixante et onze", "seventy-one"),
        (77, "soixante-dix-sept", "seventy-seven"),
        (80, "quatre-vingts", "eighty"),
        (81, "quatre-vingt-une", "eighty-one"),
        (91, "quatre-vingt-onze", "ninety-one"),
        (99, "quatre-vingt-dix-neuf", "ninety-nine"),
        (100, "100", "100"),
        (0, "0", "0"),
    ],
)
def test_small_numbers_are_spelled(number: int, in_french: str, in_english: str):
    assert spell(number, "fr", feminine=True) == in_french
    assert spell(number, "en") == in_english


def test_no_two_numbers_are_spelled_alike():
    for language in ("fr", "en"):
        assert len({spell(number, language) for number in range(1, 100)}) == 99


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "fr"),
        ("de, es", "fr"),
        ("en-GB,en;q=0.9", "en"),
        ("fr-CA;q=0.5, en;q=0.8", "en"),
        ("de, en;q=0.3", "en"),
        ("en;q=0, fr", "fr"),
        ("*;q=0.1, ;;;, en;q=abc, fr;q=0.2", "fr"),
    ],
)
def test_the_language_the_browser_prefers_is_spoken(header: str, chosen: str):
    assert choose(header, ("fr", "en")) == chosen


def test_lists_of_names_read_well(french: Language):
    assert french.enumerate([]) == ""
    assert french.enumerate(["A"]) == "A"
    assert french.enumerate(["A", "B", "C"]) == "A, B et C"
