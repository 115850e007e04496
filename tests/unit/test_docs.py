"""What the pages say is so: each statement that a program can check is checked."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer

from fedi.cli.main import app
from fedi.core.config import Config
from inbox.dispatch import HANDLERS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(group: typer.Typer, path: str = "fedi") -> Iterator[str]:
    """Every command of the program, as it is typed."""
    for command in group.registered_commands:
        yield f"{path} {command.name}"
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands(inner.typer_instance, f"{path} {inner.name}")


def anchors(page: Path) -> set[str]:
    """What GitHub and others make of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        found = (page.parent / target) if target else page
        assert found.exists(), f"{target} does not exist"
        if anchor:
            assert anchor in anchors(found), f"{target} has no heading #{anchor}"


def test_every_activity_that_is_heard_is_in_federation_md():
    rows = [line.split("|")[1] for line in read("FEDERATION.md").splitlines() if line[:3] == "| `"]
    told = set(re.findall(r"`(\w+)`", " ".join(rows)))

    assert told == set(HANDLERS)


@pytest.mark.parametrize("page", [page.name for page in PAGES if "```json" in page.read_text()])
def test_examples_of_documents_are_json(page: str):
    blocks = re.findall(r"```json\n(.*?)```", read(page), re.DOTALL)

    assert blocks
    for block in blocks:
        json.loads(block)


def test_every_command_is_explained_to_operators_and_no_other():
    explained = re.findall(r"^## (fedi .+)$", read("docs/operator/cli.md"), re.MULTILINE)

    assert explained == list(dict.fromkeys(explained))
    assert set(explained) == set(commands(app))


@pytest.mark.parametrize("page", ["docs/operator/configuration.md", "docs/operator/install.md"])
def test_settings_that_operators_read_about_exist(page: str):
    known = {
        f"{section.name}.{key.name}"
        for section in fields(Config)
        for key in fields(section.type)  # type: ignore[arg-type]  # no name of a class: a class
    }
    sections = "|".join(section.name for section in fields(Config))
    named = re.findall(rf"`((?:{sections})\.\w+)", read(page))

    assert set(named) <= known


def test_the_files_that_the_architecture_names_exist():
    named = set(
        re.findall(r"`((?:fedi|actors|inbox|outbox|docs)/[\w/.]+)`", read("ARCHITECTURE.md"))
    )

    assert len(named) > 30
    assert {name for name in named if not (ROOT / name).exists()} <= {"fedi/mastodon"}


def links(text: str) -> set[str]:
    """Where a welcome leads, but for the other one and for other sites."""
    return {
        link
        for link in re.findall(r"\]\(([^)]+)\)", text)
        if not link.startswith(("README", "http"))
    }


def test_the_two_welcomes_have_the_same_parts():
    english, french = read("README.md"), read("README.fr.md")

    assert english.count("\n## ") == french.count("\n## ")
    assert links(english) == links(french.replace("-fr-", "-en-")), "but for pictures of pages"
    assert [link for link in links(english) | links(french) if not (ROOT / link).exists()] == []


def test_the_makefile_tells_what_it_makes():
    makefile = read("Makefile")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)

    assert set(re.findall(r"^([\w-]+):.*## ", makefile, re.MULTILINE)) == set(phony.split())
    for page in ("README.md", "README.fr.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"\bmake (\w+)  ", read(page))) <= set(phony.split())


def test_decisions_are_numbered_and_say_what_follows():
    decisions = sorted(ROOT.glob("docs/adr/*.md"))

    for number, page in enumerate(decisions, start=1):
        text = page.read_text(encoding="utf-8")
        assert page.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}. ")
        parts = ("\n## Context\n", "\n## Decision\n", "\n## Consequences\n")
        assert [part in text for part in parts] == [True, True, True]


def test_the_licence_is_whole():
    licence = read("LICENSE")

    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
    assert len(licence.split()) > 5000
