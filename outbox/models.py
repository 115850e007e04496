"""Tables of what we say: activities and their deliveries."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from actors.models import reference
from fedi.core.jobs import Job
from fedi.core.tables import Base, partial_index


class Activity(Base):
    """Something said here, or passed on for somebody else; what we said never changes."""

    __tablename__ = "activities"
    __table_args__ = (Index(None, "actor_id", "id"),)

    uri: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[int] = reference("actors.id")  # who speaks; a peer's actor when passed on
    type: Mapped[str]
    object_uri: Mapped[str | None] = mapped_column(index=True)
    body: Mapped[bytes]  # as sent, proof included; or as received, when passed on
    public: Mapped[bool]  # served at its id and listed in the outbox
    passed_on: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime]


class Delivery(Job, Base):
    """One activity on its way to one inbox: the queue."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("activity_id", "inbox"),
        Index(None, "next_attempt_at", "origin", "id"),
        Index(None, "origin", "next_attempt_at"),
        partial_index(
            None,
            "subject",
            "inbox",
            where="next_attempt_at IS NOT NULL",
        ),
    )

    activity_id: Mapped[int] = reference("activities.id")
    signer_id: Mapped[int] = reference("actors.id")  # the local actor whose key signs the request
    inbox: Mapped[str]
    origin: Mapped[str]  # of the inbox
    subject: Mapped[str]  # what it is about: one inbox hears about one subject in order
    status: Mapped[int | None] = mapped_column(default=None)  # last HTTP status
    outcome: Mapped[str | None] = mapped_column(default=None)  # delivered, refused or given-up
    created_at: Mapped[datetime]


class Reception(Base):
    """Something said to one of our members, by anybody: what their inbox lists."""

    __tablename__ = "receptions"
    __table_args__ = (UniqueConstraint("activity_uri", "actor_id"), Index(None, "actor_id", "id"))

    actor_id: Mapped[int] = reference("actors.id")
    activity_uri: Mapped[str]
    received_at: Mapped[datetime]
