"""Tables of logins: accounts, sessions, tokens, one-time links."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base


class AccountRole(StrEnum):
    """What a member may do for all: nothing more, moderate everything, decide everything."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class Account(Base):
    """The login behind a member's actor."""

    __tablename__ = "accounts"

    actor_id: Mapped[int] = reference("actors.id")
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    password_hash: Mapped[str]
    role: Mapped[AccountRole] = mapped_column(default=AccountRole.MEMBER)
    language: Mapped[str | None]
    #: Whom the member speaks for: name, place and link of each; and the one chosen last.
    hats: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    hat: Mapped[str | None]
    #: What came before this key, or before the account, is nothing new to the member.
    read_until: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @property
    def moderates(self) -> bool:
        """Whether the member looks after everything that is written here."""
        return self.role is not AccountRole.MEMBER

    @property
    def administers(self) -> bool:
        """Whether the member decides about the node."""
        return self.role is AccountRole.ADMINISTRATOR


class Session(Base):
    """A browser that signed in; only a hash of its cookie is kept."""

    __tablename__ = "sessions"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[int] = reference("accounts.id", index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class AccessToken(Base):
    """A bearer token for a program that acts for a member."""

    __tablename__ = "access_tokens"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[int] = reference("accounts.id", index=True)
    scopes: Mapped[str]  # separated by spaces: read write
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class OneTimeLink(Base):
    """A link that may be used once, such as the one that creates the first administrator."""

    __tablename__ = "one_time_links"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    purpose: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
