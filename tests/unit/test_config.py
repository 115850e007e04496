"""The configuration: one file, checked, explained."""

import tomllib
from dataclasses import MISSING, Field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fedi.core.config import Config, is_reserved
from fedi.core.settings import BadConfiguration, load_config

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.toml"


#: Every section, key and setting the program knows.
SETTINGS: list[tuple[str, str, Field[Any]]] = [
    (section.name, key.name, key)
    for section in fields(Config)
    for key in fields(section.type)  # type: ignore[arg-type]  # no name of a class: a class
]


def as_toml(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def write(directory: Path, text: str) -> Path:
    path = directory / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(directory: Path, text: str) -> str:
    with pytest.raises(BadConfiguration) as caught:
        load_config(write(directory, text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("section", "key", "setting"), SETTINGS, ids=[f"{part}.{key}" for part, key, _ in SETTINGS]
)
def test_the_example_shows_every_key_with_its_default(section: str, key: str, setting: Field[Any]):
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = tomllib.loads(text)[section]

    if setting.default is MISSING:
        assert shown[key] in setting.metadata["examples"]
    elif setting.default is None:
        assert f"\n# {key} = " in text.split(f"[{section}]")[1].split("\n[")[0]
    else:
        assert shown[key] == as_toml(setting.default)


def test_the_example_has_no_key_the_program_does_not_know():
    known = {(section, key) for section, key, _ in SETTINGS}
    shown = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))

    assert {(section, key) for section, keys in shown.items() for key in keys} <= known


def test_every_key_of_the_example_is_explained():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    keys = {"host", "port", "username", "allow_http"}  # told together with their neighbour
    for before, line in pairwise(lines):
        name = line.partition(" = ")[0]
        if " = " in line and not line.startswith("#") and name not in keys:
            assert before.startswith("#"), f"{name} has no explanation"


def test_the_example_is_a_working_configuration(tmp_path: Path):
    config = load_config(write(tmp_path, EXAMPLE.read_text(encoding="utf-8")))

    assert config.site.url == "https://tilios.example"
    assert config.node.data_dir == tmp_path / "data"
    assert config.database_url == f"sqlite:///{tmp_path / 'data' / 'fedi.db'}"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FEDI_LISTEN__PORT", "9000")
    monkeypatch.setenv("FEDI_CONFIG", "elsewhere.toml")
    path = write(tmp_path, '[node]\ndomain = "node.test"\n[listen]\nport = 8000\nhost = "::1"\n')

    config = load_config(path)

    assert config.listen.port == 9000
    assert config.listen.host == "::1"


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("", "node", "required"),
        ('[node]\ndomain = "node.test"\n[listen]\nport = 0\n', "listen.port", "8080"),
        ('[node]\ndomain = "node.test"\n[listen]\nporte = 80\n', "listen.porte", "no such key"),
        ('[node]\ndomain = "node.test"\nurl = "https://other.test"\n', "node.url", "node.domain"),
        ('[node]\ndomain = "node.test"\ndatabase = "mysql://"\n', "node.database", "postgresql"),
        (
            '[node]\ndomain = "node.test"\n[network]\nhandle = "Le Réseau"\n',
            "network.handle",
            "tilios",
        ),
        ('[node]\ndomain = "node.test"\n[network]\nlanguages = []\n', "network.languages", "fr"),
    ],
)
def test_a_wrong_key_is_named_with_the_reason(tmp_path: Path, text: str, key: str, reason: str):
    message = refusal(tmp_path, text)

    assert key in message
    assert reason in message


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("", '[node] domain = "tilios.example"'),
        ('[node]\ndomain = "node.test"\n[limit]\n', "[limits] post_length = 40000"),
        ('[node]\ndomain = "node.test"\n[listen]\nporte = 80\n', "port = 8080"),
        (
            '[node]\ndomain = "node.test"\n[network]\nlanguages = ["de"]\n',
            'languages = ["fr", "en"]',
        ),
        (
            '[node]\ndomain = "node.test"\n[federation]\nallow_http = "maybe"\n',
            "allow_http = false",
        ),
    ],
)
def test_a_wrong_key_is_named_with_an_example(tmp_path: Path, text: str, example: str):
    assert refusal(tmp_path, text).endswith(f"; example: {example}")


def test_a_key_like_no_other_is_looked_up_in_the_example_file(tmp_path: Path):
    assert "config.example.toml" in refusal(tmp_path, '[node]\ndomain = "a.test"\nzzz = 1\n')


def test_a_wrong_variable_is_named_as_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FEDI_LISTEN__PORT", "many")
    message = refusal(tmp_path, '[node]\ndomain = "node.test"\n[listen]\nport = 8000\n')
    assert message.startswith("FEDI_LISTEN__PORT: ")
    assert "config.toml" not in message


def test_every_wrong_key_is_named_at_once(tmp_path: Path):
    text = '[node]\ndomain = "node.test"\n[listen]\nport = 0\n[log]\nlevel = "loud"\n'

    assert len(refusal(tmp_path, text).splitlines()) == 2


def test_a_file_that_is_missing_or_broken_is_one_clear_line(tmp_path: Path):
    with pytest.raises(BadConfiguration, match="cannot read"):
        load_config(tmp_path / "absent.toml")
    assert "not valid TOML" in refusal(tmp_path, "[node\n")


@pytest.mark.parametrize("key", ["allow_http", "allow_private_addresses"])
def test_tests_only_settings_are_refused_on_a_public_domain(tmp_path: Path, key: str):
    relaxed = f"[federation]\n{key} = true\n"

    assert "reserved" in refusal(tmp_path, f'[node]\ndomain = "tilios.example"\n{relaxed}')
    for domain in ("localhost:8081", "127.0.0.1:8081", "a.localhost", "node.test", "a.internal"):
        load_config(write(tmp_path, f'[node]\ndomain = "{domain}"\n{relaxed}'))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.9", "[::1]", "a.b.test", "x.internal"])
def test_a_reserved_host_is_recognised(host: str):
    assert is_reserved(host)


@pytest.mark.parametrize("host", ["tilios.example", "10.0.0.1", "localhost.fr", "test", "mytest"])
def test_a_public_host_is_not_reserved(host: str):
    assert not is_reserved(host)


def test_a_list_in_the_environment_is_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FEDI_LISTEN__TRUSTED_PROXIES", '["10.0.0.1", "::1"]')
    config = load_config(write(tmp_path, '[node]\ndomain = "node.test"\n'))
    assert config.listen.trusted_proxies == ("10.0.0.1", "::1")
    monkeypatch.setenv("FEDI_LISTEN__TRUSTED_PROXIES", "10.0.0.1")
    assert "FEDI_LISTEN__TRUSTED_PROXIES" in refusal(tmp_path, '[node]\ndomain = "node.test"\n')
