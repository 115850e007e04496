"""Reading the settings of a node: one TOML file, each key overridable by `FEDI_SECTION__KEY`."""

import json
import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, cast, get_origin

from pydantic import ValidationError, create_model, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from fedi.core.config import Config
from fedi.core.errors import FediError

#: What pydantic calls a section, and a key of one, that there is not.
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


class BadConfiguration(FediError):
    """The configuration cannot be used; the message names the key, the reason and an example."""

    code = "bad-configuration"


#: Keys that hold a list; in the environment it is written as JSON.
_LISTS = frozenset(
    (section.name, key.name)
    for section in fields(Config)
    for key in fields(cast(Any, section.type))
    if get_origin(key.type) is tuple
)


class _Sources(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="FEDI_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        return env_settings, init_settings

    @model_validator(mode="before")
    @classmethod
    def _read_lists(cls, sections: dict[str, Any]) -> dict[str, Any]:
        """Read JSON where the environment gives a list: pydantic does so in its own models only."""
        for section, key in _LISTS:
            part = sections.get(section)
            if isinstance(part, dict) and isinstance(part.get(key), str):
                with suppress(ValueError):
                    part[key] = json.loads(part[key])
        return sections


_sections: dict[str, Any] = {
    part.name: (part.type, ... if part.default is MISSING else part.default)
    for part in fields(Config)
}
#: What pydantic checks: the sections of `Config`, as they are written there.
_Sections = create_model("_Sections", __base__=_Sources, **_sections)


def load_config(path: Path) -> Config:
    """Read and check a file; relative directories in it are relative to it.

    Raises `BadConfiguration` naming each wrong key, the reason and an example.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfiguration(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} is not valid TOML: {error}") from error
    node = raw.get("node")
    if isinstance(node, dict) and isinstance(node.get("data_dir", "data"), str):
        node["data_dir"] = str(path.parent / node.get("data_dir", "data"))
    try:
        return make_config(raw)
    except ValidationError as error:
        raise BadConfiguration("\n".join(explain(error, path))) from error
    except ValueError as error:
        raise BadConfiguration(f"{path}: {error}") from error


def make_config(sections: Mapping[str, Any]) -> Config:
    """Check sections with what the environment adds to them.

    Raises `ValidationError` for wrong keys, `ValueError` for some that contradict each other.
    """
    checked = _Sections(**sections)
    return Config(**{part.name: getattr(checked, part.name) for part in fields(Config)})


def explain(error: ValidationError, path: Path) -> list[str]:
    """Turn a validation error into one line per wrong key: the key, the reason, an example."""
    lines = []
    for problem in error.errors():
        keys = [part for part in problem["loc"] if isinstance(part, str)]  # no places in lists
        reason = problem["msg"].removeprefix("Value error, ")
        meant: list[str] | None = keys
        if problem["type"] in UNKNOWN:
            reason, meant = "no such key (config.example.toml lists them all)", _nearest(keys)
        example = f"; example: {_example(meant)}" if meant else ""
        lines.append(f"{_place(keys, path)}: {reason}{example}")
    return lines


def _place(keys: list[str], path: Path) -> str:
    """Where a wrong value was given."""
    variable = "FEDI_" + "__".join(keys).upper()
    if variable in os.environ:
        return variable
    return f"{path}: {'.'.join(keys)}" if keys else str(path)


def _nearest(keys: list[str]) -> list[str] | None:
    """The key that was meant by one that is misspelt."""
    *above, last = keys
    found = get_close_matches(last, _keys(above), n=1)
    return [*above, *found] if found else None


def _example(keys: list[str]) -> str:
    """A line that would do for a key; of a section, its name and its first line."""
    *above, name = keys
    if inside := _keys(keys):
        return f"[{name}] {_example([name, next(iter(inside))])}"
    meant = _keys(above)[name]
    examples = meant.metadata.get("examples", [meant.default])
    return f"{name} = {_toml(examples[0])}"


def _keys(place: list[str]) -> dict[str, Field[Any]]:
    """The keys of a section, those of the whole file for none, nothing for a key."""
    found: Any = Config
    for name in place:
        found = next(part.type for part in fields(found) if part.name == name)
    return {part.name: part for part in fields(found)} if is_dataclass(found) else {}


def _toml(value: Annotated[Any, "a default of the classes above"]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'
