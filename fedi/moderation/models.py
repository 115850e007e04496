"""Tables of moderation: what was reported, what was decided, and who did what for the node."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.tables import Base, partial_index


class Report(Base):
    """Somebody asks the moderators to look at a message or at a person."""

    __tablename__ = "reports"
    __table_args__ = (
        partial_index("ix_reports_open", "id", where="closed_at IS NULL"),
        Index(None, "closed_at", "id"),
        Index(None, "post_id"),
        Index(None, "actor_id"),
        Index(None, "reporter_id"),
    )

    key: Mapped[str] = mapped_column(unique=True)  # whoever reported reads the answer by it
    uri: Mapped[str | None] = mapped_column(unique=True)  # of a Flag
    origin: Mapped[str]  # of the server that sent it; empty when it was written here
    post_id: Mapped[int | None] = reference("posts.id", ondelete="SET NULL")
    actor_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")  # who is reported
    objects: Mapped[list[str]] = mapped_column(JSON, default=list)  # ids of all that is reported
    reporter_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")
    answer_to: Mapped[str | None]  # the e-mail address of a visitor who wants an answer
    language: Mapped[str | None]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    forwarded_at: Mapped[datetime | None]  # to the server of who is reported
    taken_by_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")
    closed_at: Mapped[datetime | None]
    answer: Mapped[str | None]  # what whoever reported is told


class Act(StrEnum):
    """What moderators do."""

    HIDE = "hide"  # a message: out of sight, and back again if need be
    RESTORE = "restore"
    DELETE = "delete"  # a message: its words are erased
    LOCK = "lock"  # a debate: nobody answers any more
    UNLOCK = "unlock"
    WARN = "warn"  # a member
    SILENCE = "silence"  # a person: their debates are not put forward
    UNSILENCE = "unsilence"
    SUSPEND = "suspend"  # a person: nothing more of them, for a time or for good
    REINSTATE = "reinstate"
    BLOCK = "block"  # a server
    FILTER = "filter"
    OPEN = "open"
    ALLY = "ally"
    IMPORT = "import"  # a list of servers


class Decision(Base):
    """One act of a moderator: what, why, until when, and what the person concerned answers."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "actor_id", "id"),
        Index(None, "post_id"),
        Index(None, "by_id"),
        Index(None, "answered_by_id"),
        Index(None, "report_id"),
        partial_index("ix_decisions_until", "until", where="ended_at IS NULL"),
        partial_index(
            "ix_decisions_appeals",
            "appealed_at",
            where="appealed_at IS NOT NULL AND answered_at IS NULL",
        ),
    )

    key: Mapped[str] = mapped_column(unique=True)  # whoever it is about reads it by this
    act: Mapped[Act]
    made_at: Mapped[datetime]
    by_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")
    role: Mapped[str]  # theirs: moderator, administrator, or group for who looks after one
    actor_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")  # whom it is about
    post_id: Mapped[int | None] = reference("posts.id", ondelete="SET NULL")
    host: Mapped[str | None]
    report_id: Mapped[int | None] = reference("reports.id", ondelete="SET NULL")
    reason: Mapped[str]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]  # it was taken back, or its time has come
    appeal: Mapped[str | None]
    appealed_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = reference("actors.id", ondelete="SET NULL")


class AuditEntry(Base):
    """One act of whoever runs or moderates the node.

    Rows are only added: the database itself refuses anything else (`fedi.moderation.sealing`).
    They name people by handles, so that they outlive accounts.
    """

    __tablename__ = "audit_log"

    number: Mapped[int] = mapped_column(unique=True)  # from 1, without a hole
    at: Mapped[datetime]
    who: Mapped[str]  # the handle; empty for the command line
    role: Mapped[str]  # theirs at that moment
    act: Mapped[str]  # a code
    target: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    reason: Mapped[str]
    previous: Mapped[bytes]  # the digest of the entry before
    digest: Mapped[bytes]  # of all the others
