"""Tables of logins: accounts and what opens them, who asks for one, letters to their people."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.jobs import Job
from fedi.core.tables import Base, partial_index


class AccountRole(StrEnum):
    """What a member may do for all: nothing more, moderate everything, decide everything."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class Account(Base):
    """The login behind a member's actor."""

    __tablename__ = "accounts"
    __table_args__ = (
        partial_index("ix_accounts_leaving_at", "leaving_at", where="leaving_at IS NOT NULL"),
    )

    actor_id: Mapped[int] = reference("actors.id")
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    password_hash: Mapped[str]
    role: Mapped[AccountRole] = mapped_column(default=AccountRole.MEMBER)
    language: Mapped[str | None]
    #: Whom the member speaks for: name, place and link of each; and the one chosen last.
    hats: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    hat: Mapped[str | None]
    #: Of what they do not want to be told: kinds of notifications.
    untold: Mapped[list[str]] = mapped_column(JSON, default=list)
    #: What came before this key, or before the account, is nothing new to the member.
    read_until: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    leaving_at: Mapped[datetime | None]  # they closed it: when it is erased

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
    proved_at: Mapped[datetime]  # when whoever holds it last showed who they are
    device: Mapped[str | None]  # in words: Firefox, Linux


class Passkey(Base):
    """A key that a member's device or security key keeps, and that signs them in."""

    __tablename__ = "passkeys"

    account_id: Mapped[int] = reference("accounts.id", index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]  # COSE
    sign_count: Mapped[int]
    name: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Authenticator(Base):
    """The codes that change every thirty seconds, and those for when the telephone is lost."""

    __tablename__ = "authenticators"
    __table_args__ = (Index("ux_authenticators_account", "account_id", unique=True),)

    account_id: Mapped[int] = reference("accounts.id")
    secret: Mapped[bytes]  # sealed
    last_step: Mapped[int]  # the thirty seconds of the last code taken: none is taken twice
    recovery: Mapped[list[str]] = mapped_column(JSON)  # digests of the codes not used yet
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]  # it asks for nothing before


class AccessToken(Base):
    """A bearer token for a program that acts for a member."""

    __tablename__ = "access_tokens"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[int] = reference("accounts.id", index=True)
    scopes: Mapped[str]  # separated by spaces: read write
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class OneTimeLink(Base):
    """A link that proves something, as often as it says and until it expires."""

    __tablename__ = "one_time_links"

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    purpose: Mapped[str]
    #: Whom it is for, or who made it.
    account_id: Mapped[int | None] = reference("accounts.id", index=True)
    payload: Mapped[bytes | None]  # sealed: it may hold addresses and hashes of passwords
    uses_left: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]  # the last time


class Application(Base):
    """Somebody who confirmed their address and waits for an administrator's answer."""

    __tablename__ = "applications"

    handle: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    name: Mapped[str]
    language: Mapped[str | None]
    reason: Mapped[str]
    created_at: Mapped[datetime]


class Letter(Job, Base):
    """A mail that waits to be sent, or was sent lately."""

    __tablename__ = "letters"
    __table_args__ = (
        partial_index("ix_letters_due", "next_attempt_at", where="next_attempt_at IS NOT NULL"),
        Index(None, "recipient"),
    )

    account_id: Mapped[int | None] = reference("accounts.id", index=True)
    recipient: Mapped[str]
    template: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    body: Mapped[bytes | None]  # sealed, for it may hold a link; forgotten once it is sent
    created_at: Mapped[datetime]
