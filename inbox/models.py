"""Tables of what we hear: the durable queue of received activities, and threads to complete."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from fedi.core.jobs import Job
from fedi.core.tables import Base, partial_index


class InboxItem(Job, Base):
    """One activity as received and verified at the door; a 202 means that this row is on disk."""

    __tablename__ = "inbox_items"
    # What was read needs no place in the queue, and what came to the shared inbox no recipient's.
    __table_args__ = (
        partial_index(
            "ix_inbox_items_next_attempt_at_id",
            "next_attempt_at",
            "id",
            where="next_attempt_at IS NOT NULL",
        ),
        partial_index(
            "ix_inbox_items_recipient_id", "recipient", "id", where="recipient IS NOT NULL"
        ),
    )

    fingerprint: Mapped[bytes] = mapped_column(unique=True)  # says whether it was seen before
    activity_uri: Mapped[str | None] = mapped_column(index=True)
    type: Mapped[str]
    signer_uri: Mapped[str]  # the actor whose key signed the request
    origin: Mapped[str]  # of the signer
    recipient: Mapped[
        str | None
    ]  # uri of the local actor whose inbox was used; None: the shared one
    body: Mapped[bytes]  # exactly as received
    received_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(default=None)  # done, ignored or parked
    reason: Mapped[str | None] = mapped_column(default=None)


class Backfill(Job, Base):
    """A collection to read in the background until a thread is complete here."""

    __tablename__ = "backfills"
    __table_args__ = (Index(None, "next_attempt_at", "id"),)

    uri: Mapped[str] = mapped_column(unique=True)  # of the context, replies or outbox collection
    reason: Mapped[str]  # id of the activity or post that made us look
    created_at: Mapped[datetime]
