"""Reports: what members, visitors and other servers ask the moderators to look at.

A report shows moderators nothing that they could not read anyway, and whoever reports nothing at
all: it names messages and people, it does not copy them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from actors.models import Actor
from fedi.accounts.models import Account, AccountRole
from fedi.core.errors import Conflict, Invalid, NotFound
from fedi.core.text import strip_controls
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.notifications import notify
from fedi.debates.permissions import is_public, may_read
from fedi.debates.relations import report as say_flag
from fedi.moderation.audit import record
from fedi.moderation.models import Report
from fedi.moderation.telling import tell_reporter

MAX_REASON = 2000
#: Objects of one Flag that are kept.
MAX_OBJECTS = 20


async def write_report(
    unit: Unit,
    *,
    reason: str,
    post: Post | None = None,
    actor: Actor | None = None,
    reporter: Actor | None = None,
    answer_to: str = "",
    language: str | None = None,
    forward: bool = False,
) -> Report:
    """Report a message, or a person; with `forward` their server is told too, but not by whom.

    Raises `Invalid` without a reason, and `NotFound` for what the reporter may not read.
    """
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise Invalid("say in a few words what is wrong", code="no-reason")
    if post is not None and not may_read(post, reporter.uri if reporter is not None else None):
        raise NotFound("there is no such message here")
    author = await unit.find(Actor, id=post.author_id) if post is not None else actor
    if author is None:
        raise NotFound("there is nobody of that name here")
    report = _add(unit, reason, post, author, [post.uri if post is not None else author.uri])
    await _tell_moderators(unit, post)
    report.reporter_id = reporter.id if reporter is not None else None
    report.answer_to, report.language = answer_to or None, language
    if forward and not author.is_local and author.gone_at is None:
        await say_flag(unit, author, [post] if post is not None and is_public(post) else [], reason)
        report.forwarded_at = unit.now
    return report


async def receive_report(
    unit: Unit, *, uri: str | None, sender: Actor, objects: Sequence[str], reason: str
) -> bool:
    """Note what another server reports of ours; whether there was something to note.

    Of private messages it is not even noted that they exist, unless they were addressed to
    somebody there.
    """
    if uri is not None and await unit.session.scalar(select(Report.id).where(Report.uri == uri)):
        return False
    named = [text for text in dict.fromkeys(objects) if unit.site.is_local(text)][:MAX_OBJECTS]
    posts = [post for text in named if (post := await _named_post(unit, text)) is not None]
    posts = [post for post in posts if is_public(post)]
    people = [actor for text in named if (actor := await unit.find(Actor, uri=text)) is not None]
    if not posts and not people:
        return False
    post = posts[0] if posts else None
    author = await unit.find(Actor, id=post.author_id) if post is not None else people[0]
    kept = [post.uri for post in posts] + [actor.uri for actor in people]
    report = _add(unit, reason[:MAX_REASON], post, author, kept)
    report.uri, report.origin = uri, sender.origin
    await _tell_moderators(unit, post)
    return True


async def _tell_moderators(unit: Unit, post: Post | None) -> None:
    query = (
        select(Actor)
        .join(Account, Account.actor_id == Actor.id)
        .where(Account.role != AccountRole.MEMBER, Account.disabled_at.is_(None))
    )
    for moderator in await unit.session.scalars(query):
        notify(unit, to=moderator, kind="report", post=post)


async def _named_post(unit: Unit, uri: str) -> Post | None:
    """A message by its id, or the one that opens a debate by that of the debate."""
    thread = await unit.find(Thread, uri=uri)
    return await unit.find(Post, uri=thread.root_uri if thread is not None else uri)


def _add(
    unit: Unit, reason: str, post: Post | None, author: Actor | None, objects: list[str]
) -> Report:
    return unit.add(
        Report(
            key=new_key(),
            origin="",
            post_id=post.id if post is not None else None,
            actor_id=author.id if author is not None else None,
            objects=objects,
            reason=clean_lines(reason),
            created_at=unit.now,
        )
    )


def clean_lines(text: str) -> str:
    """What somebody wrote in a few lines, without characters that disturb."""
    return "\n".join(strip_controls(line) for line in text.splitlines())


# --- the queue ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Reported:
    """A report with what it is about, as the queue shows it."""

    report: Report
    post: Post | None
    actor: Actor | None
    reporter: Actor | None
    taken_by: Actor | None


async def find_report(unit: Unit, key: str) -> Report:
    """The report of that key; `NotFound` when there is none."""
    report: Report | None = await unit.session.scalar(select(Report).where(Report.key == key))
    if report is None:
        raise NotFound("there is no such report")
    return report


async def list_reports(unit: Unit, *, closed: bool, limit: int = 100) -> list[Reported]:
    """Those that wait, the oldest first; or those that are closed, the newest first."""
    query = select(Report).limit(limit)
    if closed:
        query = query.where(Report.closed_at.is_not(None)).order_by(Report.closed_at.desc())
    else:
        query = query.where(Report.closed_at.is_(None)).order_by(Report.id)
    return await with_subjects(unit, list(await unit.session.scalars(query)))


async def count_open(unit: Unit) -> int:
    """How many wait."""
    query = select(func.count()).select_from(Report).where(Report.closed_at.is_(None))
    return await unit.session.scalar(query) or 0


async def with_subjects(unit: Unit, reports: Collection[Report]) -> list[Reported]:
    """The same with what they are about, in two queries however many they are."""
    await unit.load(Post, id={report.post_id for report in reports})
    people = {
        identity
        for report in reports
        for identity in (report.actor_id, report.reporter_id, report.taken_by_id)
    }
    await unit.load(Actor, id=people)

    async def actor(identity: int | None) -> Actor | None:
        return await unit.find(Actor, id=identity) if identity is not None else None

    return [
        Reported(
            report,
            await unit.find(Post, id=report.post_id) if report.post_id is not None else None,
            await actor(report.actor_id),
            await actor(report.reporter_id),
            await actor(report.taken_by_id),
        )
        for report in reports
    ]


async def take_report(unit: Unit, who: Account, report: Report) -> None:
    """Say that one looks after a report, so that no two do; `Conflict` once it is closed."""
    _check_open(report)
    before, report.taken_by_id = report.taken_by_id, who.actor_id
    was = "taken" if before is not None else "open"
    await record(unit, who=who, act="take-report", target=report.key, before=was, after="taken")


async def close_report(unit: Unit, who: Account, report: Report, answer: str) -> None:
    """Close a report with what whoever made it is told, by mail if they left an address.

    Raises `Invalid` without an answer and `Conflict` when it is closed already.
    """
    _check_open(report)
    answer = answer.strip()[:MAX_REASON]
    if not answer:
        raise Invalid("tell in a sentence or two what was decided", code="no-answer")
    report.closed_at, report.answer = unit.now, clean_lines(answer)
    report.taken_by_id = report.taken_by_id or who.actor_id
    mine = Account.actor_id == report.reporter_id
    await tell_reporter(unit, report, await unit.session.scalar(select(Account).where(mine)))
    await record(
        unit, who=who, act="close-report", target=report.key, before="open", after="closed"
    )


def _check_open(report: Report) -> None:
    if report.closed_at is not None:
        raise Conflict("this report is closed already", code="closed")
