"""Configuration: one TOML file, each key overridable by `FEDI_SECTION__KEY`.

`config.example.toml` explains every key; a test compares the two.
"""

import os
import tomllib
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from fedi.core.errors import FediError, Malformed
from fedi.core.urls import Site, origin_of

HANDLE = r"^[a-z0-9_]{2,30}$"
RESERVED_SUFFIXES = (".test", ".localhost", ".internal")


class BadConfiguration(FediError):
    """The configuration cannot be used; the message names the key, the reason and an example."""

    code = "bad-configuration"


class Section(BaseModel):
    """A part of the file; an unknown key is an error, not a surprise later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NodeSection(Section):
    """What this node is and where it keeps its data."""

    domain: str = Field(examples=["tilios.example"])
    url: str = Field(default="", examples=["https://tilios.example"])
    data_dir: Path = Field(default=Path("data"), examples=["/var/lib/fedi"])
    database: str = Field(default="", examples=["postgresql://fedi@localhost/fedi"])

    @field_validator("database")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "sqlite:///")):
            raise ValueError("must be empty (SQLite in data_dir) or a postgresql:// URL")
        return value


class NetworkSection(Section):
    """The organisation that runs the node."""

    handle: str = Field(default="reseau", pattern=HANDLE, examples=["tilios"])
    name: str = Field(default="Notre réseau", min_length=1, max_length=200)
    summary: str = Field(default="", max_length=500)
    languages: tuple[Literal["fr", "en"], ...] = Field(default=("fr", "en"), min_length=1)
    theme: str = Field(default="#0f6b5c", pattern=r"^#[0-9a-fA-F]{6}$")


class ListenSection(Section):
    """Where the program answers."""

    host: str = Field(default="127.0.0.1", examples=["127.0.0.1"])
    port: int = Field(default=8080, ge=1, le=65535)
    socket: Path | None = Field(default=None, examples=["/run/fedi/fedi.sock"])
    trusted_proxies: tuple[str, ...] = Field(default=(), examples=[["127.0.0.1"]])

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for item in value:
            ip_network(item)
        return value


class FederationSection(Section):
    """Who we speak with."""

    mode: Literal["open", "allowlist"] = "open"
    allow_private_addresses: bool = False
    allow_http: bool = False


class AccountsSection(Section):
    """Who may become a member."""

    registration: Literal["closed", "invite", "approval", "open"] = "closed"


class MailSection(Section):
    """How the node sends mail; without a host it sends none."""

    host: str = Field(default="", examples=["smtp.example.org"])
    port: int = Field(default=587, ge=1, le=65535)
    username: str = ""
    password: str = Field(default="", repr=False)
    sender: str = Field(default="", examples=["fedi@tilios.example"])


class LimitsSection(Section):
    """Bounds that keep one peer or one person from taking all the room."""

    post_length: int = Field(default=40_000, ge=500, le=60_000)
    inbox_per_minute: int = Field(default=300, ge=1)
    inbox_waiting: int = Field(default=10_000, ge=10)
    signins_per_minute: int = Field(default=5, ge=1)
    posts_per_hour: int = Field(default=120, ge=1)


class LogSection(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Config(BaseSettings):
    """Every setting of a node, checked; built by `load_config`."""

    model_config = SettingsConfigDict(
        env_prefix="FEDI_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    node: NodeSection
    network: NetworkSection = NetworkSection()
    listen: ListenSection = ListenSection()
    federation: FederationSection = FederationSection()
    accounts: AccountsSection = AccountsSection()
    mail: MailSection = MailSection()
    limits: LimitsSection = LimitsSection()
    log: LogSection = LogSection()

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

    @model_validator(mode="after")
    def _consistent(self) -> "Config":
        try:
            origin = origin_of(self.site.url)
        except Malformed as error:
            raise ValueError(f"node.url is not a usable address: {error}") from error
        if origin.authority != self.node.domain:
            raise ValueError(
                f"node.url must be on node.domain: {self.site.url} is not on {self.node.domain}"
            )
        relaxed = self.federation.allow_private_addresses or self.federation.allow_http
        if relaxed and not is_reserved(origin.host):
            raise ValueError(
                "federation.allow_private_addresses and federation.allow_http are for tests: they "
                "need a reserved node.domain such as localhost or node.test"
            )
        return self

    @property
    def site(self) -> Site:
        """Our own addresses."""
        return Site(self.node.url.rstrip("/") or f"https://{self.node.domain}")

    @property
    def database_url(self) -> str:
        """What SQLAlchemy opens."""
        if self.node.database.startswith("postgresql://"):
            return self.node.database.replace("postgresql://", "postgresql+asyncpg://", 1)
        if self.node.database:
            return self.node.database.replace("sqlite://", "sqlite+aiosqlite://", 1)
        return f"sqlite+aiosqlite:///{self.node.data_dir.absolute() / 'fedi.db'}"

    @property
    def database_files(self) -> tuple[Path, ...]:
        """What SQLite writes to, there or not yet; nothing for PostgreSQL."""
        engine, _, path = self.database_url.partition(":///")
        suffixes = ("", "-wal", "-shm") if engine.startswith("sqlite") else ()
        return tuple(Path(f"{path}{suffix}") for suffix in suffixes)

    @property
    def secret_path(self) -> Path:
        """The file without which the database's private keys stay closed."""
        return self.node.data_dir / "secret.key"


def is_reserved(host: str) -> bool:
    """Whether a host name can only mean this machine or a test."""
    if host == "localhost" or host.endswith(RESERVED_SUFFIXES):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


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
        return Config(**raw)
    except ValidationError as error:
        raise BadConfiguration("\n".join(explain(error, path))) from error


def explain(error: ValidationError, path: Path) -> list[str]:
    """Turn a validation error into one line per wrong key: the key, the reason, an example."""
    lines = []
    for problem in error.errors():
        keys = [part for part in problem["loc"] if isinstance(part, str)]  # no places in lists
        reason = problem["msg"].removeprefix("Value error, ")
        meant: list[str] | None = keys
        if problem["type"] == "extra_forbidden":
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
    found = get_close_matches(last, _fields(above), n=1)
    return [*above, *found] if found else None


def _example(keys: list[str]) -> str:
    """A line that would do for a key; of a section, its name and its first line."""
    *above, name = keys
    if fields := _fields(keys):
        return f"[{name}] {_example([name, next(iter(fields))])}"
    field = _fields(above)[name]
    return f"{name} = {_toml(field.examples[0] if field.examples else field.default)}"


def _fields(keys: list[str]) -> dict[str, FieldInfo]:
    """The keys of a section, those of the whole file for none, nothing for a key."""
    section: Any = Config
    for key in keys:
        section = section.model_fields[key].annotation
    fields: dict[str, FieldInfo] = getattr(section, "model_fields", {})
    return fields


def _toml(value: Annotated[Any, "a default of the classes above"]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, int) else f'"{value}"'
