"""What a post carries besides its text: the line of a hat, tags in any spelling, images."""

from typing import Any

import pytest

from fedi.core.urls import Site
from fedi.debates.carried import (
    hat_line,
    read_hashtags,
    read_hat,
    sign_content,
    take_hat_off,
    write_hat,
    write_images,
)
from fedi.debates.tags import all_labels, fold, read_labels

FABRIQUE = "La Fabrique, Lille"


# --- hats --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr", "en", "fr-CA", "oc", None])
@pytest.mark.parametrize("hat", [FABRIQUE, "L'<Atelier> & Cie", "A"])
def test_the_line_of_a_hat_is_taken_off_where_its_property_is_read(
    language: str | None, hat: str
) -> None:
    signed = sign_content("<p>Oui.</p>", hat, language)

    assert signed.startswith("<p>Oui.</p><p><em>")
    named, link = read_hat(write_hat(hat, "https://fabrique.example/"))
    assert (named, link) == (hat, "https://fabrique.example/")
    assert take_hat_off(signed, named) == "<p>Oui.</p>"


def test_the_line_speaks_the_language_of_the_post() -> None:
    assert hat_line(FABRIQUE, "fr") == "Pour La Fabrique, Lille"
    assert hat_line(FABRIQUE, "en-GB") == "For La Fabrique, Lille"
    assert hat_line(FABRIQUE, "oc") == "— La Fabrique, Lille"


@pytest.mark.parametrize(
    "content",
    [
        "<p>Oui.</p><p><em>Pour La Fabrique, Lyon</em></p>",
        "<p>Oui.</p><p><em>Contre La Fabrique, Lille</em></p>",
        "<p>Oui.</p><p><em>Pour La Fabrique, Lille</em></p><p>Non.</p>",
        "<p>Oui. <em>Pour La Fabrique, Lille</em></p>",
        "<p><em>a</em> Pour La Fabrique, Lille</em></p>",
        "Pour La Fabrique, Lille</em></p>",
    ],
)
def test_what_only_looks_like_that_line_stays(content: str) -> None:
    assert take_hat_off(content, FABRIQUE) == content


def test_without_the_property_nothing_is_taken_off() -> None:
    signed = sign_content("<p>Oui.</p>", FABRIQUE, "fr")

    assert take_hat_off(signed, None) == signed
    assert sign_content("<p>Oui.</p>", None, "fr") == "<p>Oui.</p>"


@pytest.mark.parametrize(
    "told",
    [None, "La Fabrique", 4, {}, {"name": {"a": 1}}, {"name": "\u202e \n"}, [["La Fabrique"]]],
)
def test_a_hat_that_is_no_name_is_none(told: Any) -> None:
    assert read_hat({"sourceOrganization": told}) == (None, None)


def test_a_hat_is_one_line_of_bounded_text_and_its_link_is_one_of_the_web() -> None:
    told = {"name": f"La\nFabrique\u202e{'x' * 900}", "url": "javascript:alert(1)"}
    hat, link = read_hat({"sourceOrganization": told})

    assert hat is not None
    assert hat.startswith("La Fabriquex")
    assert len(hat) <= 160
    assert link is None


# --- tags --------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["TiersLieux", "tiers_lieux", "Tiers-lieux", "TIERSLIEUX"])
def test_a_tag_is_found_whatever_joins_its_words(label: str) -> None:
    assert fold(label) == "tierslieux"


@pytest.mark.parametrize(
    ("label", "name"), [("Économie", "economie"), ("cœur", "coeur"), ("Straße", "strasse")]
)
def test_a_tag_is_found_without_its_accents(label: str, name: str) -> None:
    assert fold(label) == name


def test_a_field_of_tags_gives_words_that_other_servers_know() -> None:
    typed = "#bois, économie sociale ; Tiers-lieux, Bois, 2026, , #"

    assert read_labels(typed) == ["bois", "économieSociale", "TiersLieux"]


def test_tags_of_a_post_are_those_given_and_those_in_its_text() -> None:
    assert all_labels(["bois"], "<p>Un #Bois et un #étau.</p>") == ["bois", "étau"]
    assert all_labels([], "<p>Rien.</p>") is None


def test_hashtags_of_peers_are_words_and_nothing_else() -> None:
    tags: list[Any] = [
        {"type": "Hashtag", "name": "#Atelier"},
        {"type": "Hashtag", "name": "sansDièse", "href": "javascript:alert(1)"},
        {"type": "Mention", "name": "#mention"},
        {"type": "Hashtag", "name": "#<b>gras</b>"},
        {"type": "Hashtag", "name": "#2026"},
        {"type": "Hashtag", "name": 7},
        {"type": "Hashtag"},
        "#texte",
    ]

    assert read_hashtags({"tag": tags}) == ["Atelier", "sansDièse"]
    many = [{"type": "Hashtag", "name": f"#t{number}"} for number in range(60)]
    assert len(read_hashtags({"tag": many})) == 16


# --- images ------------------------------------------------------------------------------


def test_an_image_is_said_with_its_words_and_its_size() -> None:
    image = {"path": "/media/ab.png", "type": "image/png", "width": 40, "height": 30, "text": ""}
    site = Site("https://tilios.example")

    assert write_images([image | {"text": "L’atelier"}], site) == [
        {
            "type": "Image",
            "mediaType": "image/png",
            "url": "https://tilios.example/media/ab.png",
            "name": "L’atelier",
            "width": 40,
            "height": 30,
        }
    ]
    assert "name" not in write_images([image], site)[0]
    assert write_images(None, site) == []
