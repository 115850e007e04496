"""The configuration of a node: every setting there is, with its default and its bounds.

Plain values, so that a node that runs carries nothing of what read and checked them:
`fedi.core.settings` does that.  `config.example.toml` explains every key; a test
compares the two.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Predicate

from fedi.core.errors import Malformed
from fedi.core.urls import Site, origin_of

HANDLE = r"^[a-z0-9_]{2,30}$"
RESERVED_SUFFIXES = (".test", ".localhost", ".internal")


def key(default: Any = MISSING, *, secret: bool = False, **rules: Any) -> Any:
    """A key of a section: its default, and the rules of pydantic that its value obeys.

    A key without default is required; a secret one is not printed.
    """
    return field(default=default, repr=not secret, metadata=rules)


def _is_database(value: str) -> bool:
    if value and not value.startswith(("postgresql://", "postgres://", "sqlite:///")):
        raise ValueError("must be empty (SQLite in data_dir) or a postgresql:// URL")
    return True


def _is_network(value: str) -> bool:
    return bool(ip_network(value))  # or raises ValueError, which says why


Networks = tuple[Annotated[str, Predicate(_is_network)], ...]


class Section:
    """A part of the file; an unknown key is an error, not a surprise later."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class NodeSection(Section):
    """What this node is and where it keeps its data."""

    domain: str = key(examples=["tilios.example"])
    url: str = key("", examples=["https://tilios.example"])
    data_dir: Path = key(Path("data"), examples=["/var/lib/fedi"])
    database: Annotated[str, Predicate(_is_database)] = key(
        "", secret=True, examples=["postgresql://fedi@localhost/fedi"]
    )


@dataclass(frozen=True)
class NetworkSection(Section):
    """The organisation that runs the node."""

    handle: str = key("reseau", pattern=HANDLE, examples=["tilios"])
    name: str = key("Notre réseau", min_length=1, max_length=200)
    summary: str = key("", max_length=500)
    languages: tuple[Literal["fr", "en"], ...] = key(("fr", "en"), min_length=1)
    theme: str = key("#0f6b5c", pattern=r"^#[0-9a-fA-F]{6}$")
    contact: str = key("", pattern=r"^([^@\s]+@[^@\s]+)?$", max_length=200)


@dataclass(frozen=True)
class ListenSection(Section):
    """Where the program answers."""

    host: str = key("127.0.0.1", examples=["127.0.0.1"])
    port: int = key(8080, ge=1, le=65535)
    socket: Path | None = key(None, examples=["/run/fedi/fedi.sock"])
    trusted_proxies: Networks = key((), examples=[["127.0.0.1"]])


@dataclass(frozen=True)
class FederationSection(Section):
    """Who we speak with."""

    mode: Literal["open", "allowlist"] = "open"
    allow_private_addresses: bool = False
    allow_http: bool = False


@dataclass(frozen=True)
class AccountsSection(Section):
    """Who may become a member."""

    registration: Literal["closed", "invite", "approval", "open"] = "closed"


@dataclass(frozen=True)
class MailSection(Section):
    """How the node sends mail; without a host it sends none."""

    host: str = key("", examples=["smtp.example.org"])
    port: int = key(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = key("", secret=True)
    sender: str = key("", examples=["fedi@tilios.example"])


@dataclass(frozen=True)
class LimitsSection(Section):
    """Bounds that keep one peer or one person from taking all the room."""

    post_length: int = key(40_000, ge=500, le=60_000)
    inbox_per_minute: int = key(300, ge=1)
    inbox_waiting: int = key(10_000, ge=10)
    signins_per_minute: int = key(5, ge=1)
    posts_per_hour: int = key(120, ge=1)


@dataclass(frozen=True)
class MetricsSection(Section):
    """Who may read what the node counts."""

    allowed: Networks = key(("127.0.0.0/8", "::1"), examples=[["10.0.0.5"]])
    token: str = key("", secret=True, examples=["a-long-random-word"])


@dataclass(frozen=True)
class LogSection(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


@dataclass(frozen=True)
class Config:
    """Every setting of a node; `load_config` reads and checks one.

    Raises `ValueError` for settings that contradict each other.
    """

    node: NodeSection
    network: NetworkSection = NetworkSection()
    listen: ListenSection = ListenSection()
    federation: FederationSection = FederationSection()
    accounts: AccountsSection = AccountsSection()
    mail: MailSection = MailSection()
    limits: LimitsSection = LimitsSection()
    metrics: MetricsSection = MetricsSection()
    log: LogSection = LogSection()

    def __post_init__(self) -> None:
        """Compare what sections say about each other."""
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

        if self.mail.host and "@" not in self.mail.sender:
            raise ValueError("mail.sender must be an address, as mail.host is given")

    @property
    def site(self) -> Site:
        """Our own addresses."""
        return Site(self.node.url.rstrip("/") or f"https://{self.node.domain}")

    @property
    def database_url(self) -> str:
        """Where the rows are: `sqlite:///PATH` or `postgresql://…`."""
        return self.node.database or f"sqlite:///{self.node.data_dir.absolute() / 'fedi.db'}"

    @property
    def database_files(self) -> tuple[Path, ...]:
        """What SQLite writes to, there or not yet; nothing for PostgreSQL."""
        engine, _, path = self.database_url.partition(":///")
        suffixes = ("", "-wal", "-shm") if engine == "sqlite" else ()
        return tuple(Path(f"{path}{suffix}") for suffix in suffixes)

    @property
    def media_dir(self) -> Path:
        """Where images of members are kept."""
        return self.node.data_dir / "media"

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
