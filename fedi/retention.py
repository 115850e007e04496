"""How long a node keeps what grows: one rule for each table that is emptied, in one place.

What people and peers wrote is in no rule: posts, their revisions and reactions, the evidence of
debates, and what was taken back stay.  docs/operator/storage.md has a line for every table.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from actors.models import JournalEntry
from fedi.accounts.models import AccessToken, Application, Letter, OneTimeLink, Session
from fedi.belongings.models import Export, LegalHold
from fedi.core.images import Gallery
from fedi.core.node import Node
from fedi.core.tables import id_at
from fedi.debates.models.image import Image
from fedi.debates.models.notification import Notification
from fedi.debates.models.post import Post
from fedi.debates.models.reader import Draft
from fedi.debates.models.thread import Gap
from inbox.models import Backfill, InboxItem
from outbox.models import Activity, Delivery, Reception

log = structlog.get_logger()

#: Rows that go in one transaction, so that nobody waits for the writer longer than for a page.
BATCH = 500

#: For how much longer a notification is kept when nobody read it: a year in all.
UNREAD_LASTS = timedelta(days=275)

Condition = Callable[[datetime], ColumnElement[bool]]


@dataclass(frozen=True)
class Rule:
    """Rows of a table made more than `days` ago go, if the condition holds too.

    Keys tell when a row was made, so a rule reads the oldest part of the table and no index of
    its own.  The condition is given the moment before which things are old.
    """

    model: Any
    days: int
    condition: Condition
    words: str  # which rows these are

    @property
    def table(self) -> str:
        """The table it empties."""
        name: str = self.model.__tablename__
        return name


def _is_read(_: datetime) -> ColumnElement[bool]:
    """Whether nobody needs a received activity any more: it has its effect, or never will.

    A member finds what is listed in their inbox; what is parked waits for somebody to look.
    """
    listed = exists().where(Reception.activity_uri == InboxItem.activity_uri)
    return InboxItem.outcome.in_(("done", "ignored")) & ~listed


def _is_history(_: datetime) -> ColumnElement[bool]:
    """Whether a delivery is over and tells nothing any more.

    Who was told of a post that stands must hear of its edit and its end, however late.
    """
    telling = exists().where(
        Activity.id == Delivery.activity_id, Activity.type.in_(("Create", "Announce"))
    )
    stands = exists().where(Post.uri == Delivery.subject, Post.deleted_at.is_(None))
    return Delivery.next_attempt_at.is_(None) & ~(telling & stands)


def _is_passed(_: datetime) -> ColumnElement[bool]:
    """Whether something passed on for somebody else has no delivery left, nor a reader here."""
    sent = exists().where(Delivery.activity_id == Activity.id)
    listed = exists().where(Reception.activity_uri == Activity.uri)
    return Activity.passed_on & ~sent & ~listed


def _is_stale(old: datetime) -> ColumnElement[bool]:
    """Whether nobody looks for a notification any more: it was read, or will not be."""
    return or_(Notification.read_at < old, Notification.id < id_at(old - UNREAD_LASTS))


#: In this order: what a later rule looks at may have gone by an earlier one.
RULES = (
    Rule(Reception, 365, lambda _: Reception.id.is_not(None), "all"),
    Rule(InboxItem, 14, _is_read, "read, and listed in no member's inbox"),
    Rule(Delivery, 30, _is_history, "over, and not telling of a post that stands"),
    Rule(Activity, 30, _is_passed, "passed on for others, with no delivery left"),
    Rule(Backfill, 30, lambda _: Backfill.next_attempt_at.is_(None), "read"),
    Rule(Gap, 90, lambda _: Gap.id.is_not(None), "all"),
    Rule(Notification, 90, _is_stale, "read since, or a year old"),
    Rule(JournalEntry, 90, lambda old: JournalEntry.last_at < old, "not met again since"),
    Rule(Draft, 365, lambda old: Draft.updated_at < old, "not touched since"),
    Rule(
        Image,
        7,
        lambda _: Image.post_id.is_(None) & ~Image.is_portrait,
        "shown by no post, and nobody's portrait",
    ),
    Rule(Session, 0, lambda old: Session.expires_at < old, "expired"),
    Rule(AccessToken, 30, lambda old: AccessToken.revoked_at < old, "revoked since"),
    Rule(
        OneTimeLink,
        30,
        lambda old: or_(
            OneTimeLink.expires_at < old,
            and_(OneTimeLink.uses_left < 1, OneTimeLink.used_at < old),
        ),
        "used up or expired since",
    ),
    Rule(Application, 30, lambda _: Application.id.is_not(None), "not answered"),
    Rule(Letter, 7, lambda old: Letter.created_at < old, "sent or not"),
    Rule(Export, 7, lambda old: Export.created_at < old, "all, with their files"),
    Rule(LegalHold, 365, lambda old: LegalHold.created_at < old, "all"),
)


async def prune(node: Node) -> dict[str, int]:
    """Let go of what is old enough; how many rows of each table went.

    It reads beside the writer and deletes few rows at a time, so the node goes on meanwhile.
    Doing it twice at once harms nobody.
    """
    gone = {rule.table: await _apply(node, rule) for rule in RULES}
    await _take_down_images(node)
    if any(gone.values()):
        log.info("pruned", **{table: count for table, count in gone.items() if count})
    return gone


async def _take_down_images(node: Node) -> None:
    """Remove the files of images that no row names any more."""
    gallery = Gallery(node.config.media_dir)
    old = (node.clock() - timedelta(days=1)).timestamp()
    for prefix in (f"{number:02x}" for number in range(256)):
        digests = await asyncio.to_thread(gallery.list_old, prefix, old)
        for start in range(0, len(digests), BATCH):
            part = digests[start : start + BATCH]
            async with node.db.reading() as unit:
                query = select(Image.digest).where(Image.digest.in_(part))
                named = set(await unit.session.scalars(query))
            for digest in set(part) - named:
                await asyncio.to_thread(gallery.take_down, digest)


async def count_prunable(node: Node) -> dict[str, int]:
    """How many rows `prune` would take of each table, as they are now."""
    counts = {}
    for rule in RULES:
        last, counts[rule.table] = 0, 0
        while ids := await _find(node, rule, last):
            last, counts[rule.table] = ids[-1], counts[rule.table] + len(ids)
    return counts


async def _apply(node: Node, rule: Rule) -> int:
    last, gone = 0, 0
    while ids := await _find(node, rule, last):
        async with node.db.unit() as unit:
            await unit.session.execute(
                delete(rule.model)
                .where(rule.model.id.in_(ids))
                .execution_options(synchronize_session=False)
            )
        last, gone = ids[-1], gone + len(ids)
    return gone


async def _find(node: Node, rule: Rule, after: int) -> list[int]:
    async with node.db.reading() as unit:
        old = unit.now - timedelta(days=rule.days)
        query = (
            select(rule.model.id)
            .where(rule.model.id > after, rule.model.id < id_at(old), rule.condition(old))
            .order_by(rule.model.id)
            .limit(BATCH)
        )
        return list(await unit.session.scalars(query))
