"""Tables of moderation: what was done by whom, in an order that nobody can change."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from fedi.core.tables import Base


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
