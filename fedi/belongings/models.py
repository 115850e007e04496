"""Tables of what members take along, and of what the law keeps of those who left."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.jobs import Job
from fedi.core.tables import Base, partial_index


class Export(Job, Base):
    """A file with everything of a member, asked for, made, and kept for a week."""

    __tablename__ = "exports"
    __table_args__ = (
        partial_index("ix_exports_due", "next_attempt_at", where="next_attempt_at IS NOT NULL"),
    )

    key: Mapped[str] = mapped_column(unique=True)  # 26 characters: the name of the file
    account_id: Mapped[int] = reference("accounts.id", index=True)
    language: Mapped[str]  # of what the file says about itself
    created_at: Mapped[datetime]
    size: Mapped[int | None]  # in bytes, once it is made


class LegalHold(Base):
    """Who had an account, and when: what a host owes to a judge for a year.

    It is sealed; `fedi account hold` opens it, and the audit log says so.
    """

    __tablename__ = "legal_holds"

    handle: Mapped[str] = mapped_column(index=True)
    body: Mapped[bytes]  # sealed
    created_at: Mapped[datetime]
