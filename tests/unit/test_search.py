"""What is sought: words whatever their endings, and questions as people type them."""

import re
import sqlite3
from contextlib import closing
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedi.debates.search.matching import names_to_fts5, to_fts5, to_tsquery
from fedi.debates.search.query import MAX_TERMS, Query, read_date, read_query
from fedi.debates.search.words import MAX_WORDS, english, fold_all, french, index, sought

#: What FTS5, `to_tsquery` and LIKE make something of, and what our own operators are made of.
SYNTAX = st.text(
    st.sampled_from("aé\"'“”«»()*^{}:;+-_.|&!<>\\%$@#?/,\0 \t\n"), max_size=40
) | st.lists(
    st.sampled_from(
        ["AND", "OR", "NOT", "NEAR(a b, 3)", "title:", "{title text}:", '"', "auteur:", "-", "in:"]
    ),
    max_size=8,
).map(" ".join)


@pytest.mark.parametrize(
    "family",
    [
        "mutualiser mutualisation mutualisations mutualisé mutualisées MUTUALISÉS mutualise",
        "lieu lieux",
        "réseau réseaux reseaux",
        "élu élus élue élues elues",
        "fédérer fédération fédérés federes",
        "travail travaux",
        "local locaux locale",
        "cœur coeur cœurs",
        "ami amis amie",
        "heureux heureuse",
    ],
)
def test_french_words_of_one_family_are_one_word(family: str):
    assert len({french(word) for word in family.split()}) == 1


def test_english_words_of_one_family_are_one_word():
    assert english("sharing") == english("shared") == english("Shares")


def test_words_that_differ_stay_apart():
    words = ["commun", "débat", "vélo", "café", "four", "gratuit", "énergie"]
    assert len(set(map(french, words))) == len(words)


def test_a_text_is_read_in_its_language_and_in_each_if_it_tells_none():
    assert index("L’atelier d’Élise, où l’on mutualise.", "fr-FR") == "ateli elis mutualis"
    assert index("The makers’ commons", "en") == "maker common"
    assert index("Obras públicas", "pt") == "obras publicas"
    assert index("mutualisées", None).split() == [french("mutualisées"), english("mutualisées")]


def test_accents_may_be_written_as_marks_of_their_own():
    assert index("e\u0301nergie", "fr") == index("énergie", "fr") == french("energie")


def test_a_text_without_end_is_read_to_a_point():
    assert len(index("vélo " * (MAX_WORDS + 5), "fr").split()) == MAX_WORDS


def test_what_is_typed_is_found_in_a_text_of_any_language():
    for text, language in (
        ("les mutualisations", "fr"),
        ("mutualisation", None),
        ("Mutualisation", "pt"),
    ):
        kept = index(text, language).split()
        assert {reading[0] for reading in sought("mutualisation")} & set(kept), language


def test_names_keep_every_word():
    assert fold_all("Élise de La_Tour") == ["elise", "de", "la", "tour"]


# --- questions ---------------------------------------------------------------------------


def words_of(query: Query) -> list[str]:
    """The wanted terms, as they were typed."""
    return [" ".join(term.readings[0]) for term in query.wanted]


def test_words_phrases_and_words_that_must_not_be_there():
    query = read_query('four "biens communs" « prix libre » -voiture -"par mois" tiers-lieu')

    assert words_of(query) == ["four", "biens communs", "prix libre", "tiers lieu"]
    assert [term.readings[0] for term in query.unwanted] == [("voiture",), ("mois",)]
    assert query.words == "four biens communs prix libre tiers-lieu"


def test_operators_speak_french_and_english():
    french_one = read_query(
        "auteur:camille groupe:communs réseau:velo.example depuis:2026 avant:2027"
    )
    english_one = read_query(
        "author:camille group:communs network:velo.example since:2026 before:2027"
    )

    for query in (french_one, english_one):
        assert (query.authors, query.groups) == (["camille"], ["communs"])
        assert query.networks == ["velo.example"]
        assert (query.since, query.before) == (date(2026, 1, 1), date(2027, 1, 1))
        assert query.wanted == []
        assert not query.is_empty


def test_a_name_may_have_spaces_and_a_host():
    query = read_query('auteur:"Camille Roy" Author:@ana@lisbon.example auteur:« Élise »')

    assert query.authors == ["Camille Roy", "ana@lisbon.example", "Élise"]


def test_words_may_be_asked_of_the_title():
    assert [term.in_title for term in read_query("four titre:pain").wanted] == [False, True]
    assert [term.in_title for term in read_query("four pain in:title").wanted] == [True, True]
    assert [term.in_title for term in read_query("dans:titre four").wanted] == [True]


def test_a_dash_between_words_takes_nothing_away():
    query = read_query("le four - et le pain")

    assert (words_of(query), query.unwanted) == (["four", "pain"], [])


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2026-11-23", date(2026, 11, 23)),
        ("2026-11", date(2026, 11, 1)),
        ("2026", date(2026, 1, 1)),
        ("23/11/2026", date(2026, 11, 23)),
        ("11/2026", date(2026, 11, 1)),
        ("2026-13", None),
        ("hier", None),
        ("0001", None),
        ("9999-12-31", None),
    ],
)
def test_dates_are_read_as_people_write_them(typed: str, read: date | None):
    assert read_date(typed) == read


def test_a_date_that_is_none_is_told():
    assert read_query("four depuis:hier").misread == ["depuis:hier"]


def test_what_is_no_operator_is_words():
    assert words_of(read_query("foo:bar 10:30 https://a.example/x")) == [
        "foo bar",
        "10 30",
        "https example x",
    ]


def test_silent_words_alone_seek_nothing():
    assert read_query("le la les de").is_empty
    assert read_query("").is_empty
    assert read_query("-voiture").is_empty


@given(st.text(max_size=400) | SYNTAX)
def test_whatever_is_typed_is_a_question_of_plain_words(typed: str):
    query = read_query(typed)

    assert len(query.wanted) + len(query.unwanted) <= MAX_TERMS
    for term in query.wanted + query.unwanted:
        assert term.readings
        for reading in term.readings:
            assert reading
            assert all(re.fullmatch(r"[^\W_]+", stem) for stem in reading)
    assert re.fullmatch(r"[\w\s()&|!':<>-]*", to_tsquery(query))


@given(SYNTAX, st.text(max_size=60))
def test_no_question_is_an_error_to_sqlite(typed: str, name: str):
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE i USING fts5(title, text, marks, tokenize='ascii')")
        database.execute("INSERT INTO i VALUES ('a', 'e', 'every')")
        ask = "SELECT rowid FROM i WHERE i MATCH ?"
        database.execute(ask, (to_fts5(read_query(typed)),)).fetchall()
        database.execute(ask, (to_fts5(read_query(typed), [["a1", "a2"]]),)).fetchall()
        if words := fold_all(name):
            database.execute(ask, (names_to_fts5(words),)).fetchall()
