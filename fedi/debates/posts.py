"""Posts: the one set of rules, for those written here and for those of peers.

What members may not do is refused by raising, because a person waits for the reason; what
peers may not do by returning None, because it is expected and must cost nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete

from actors.local import find_local
from actors.models import Actor
from fedi.core.errors import Forbidden
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.urls import same_origin
from fedi.debates.addresses import post_path
from fedi.debates.archive import Evidence as Evidence
from fedi.debates.archive import archive, archive_last_word, erase_evidence, was_said
from fedi.debates.continuing import join_sequel
from fedi.debates.extras import Extras, carry
from fedi.debates.filtering import is_filtered, must_wait
from fedi.debates.holding import hold
from fedi.debates.images import put_away
from fedi.debates.joining import (
    begin_foreign_thread,
    enter,
    heading_of,
    is_heading,
    settle,
    thread_by_context,
    thread_of,
)
from fedi.debates.models.post import Post, Revision
from fedi.debates.models.thread import Thread
from fedi.debates.notifications import tell_of_post
from fedi.debates.participation import count_post, note_change
from fedi.debates.permissions import is_moderator, is_public, may_read, may_remove, may_reply
from fedi.debates.publication import say_create, say_delete, say_update, withdraw
from fedi.debates.received_note import PostDocument
from fedi.debates.receiving import date_of_edit, receive
from fedi.debates.retractions import is_retracted, last_word, retract
from fedi.debates.tags import change_tags, note_tags
from fedi.debates.tree import attach
from fedi.debates.writing import draft, mention_uris, read_question, read_title, render

# --- ours --------------------------------------------------------------------------------


async def write_reply(
    unit: Unit,
    author: Actor,
    parent: Post,
    *,
    text: str,
    language: str | None = None,
    mentions: Sequence[Actor] = (),
    html: str | None = None,
    extras: Extras | None = None,
) -> Post:
    """Publish a member's reply, in a thread of ours or of a peer.

    `mentions` are the actors named in it.  Raises `Forbidden` when what it answers is gone or
    private, or the debate is closed to this member; `Invalid` for its text.
    """
    await hold(unit, parent)
    thread = await thread_of(unit, parent)
    if parent.deleted_at is not None:
        raise Forbidden("this message is gone: it can no longer be answered", code="gone")
    if not is_public(parent):
        raise Forbidden("a private message cannot be answered in public", code="private")
    if not await may_reply(unit, thread, author):
        raise Forbidden("this debate is closed", code="locked")
    written = await render(text, html, mentions, unit.site)
    post = draft(unit, author, written, type="Note", language=language)
    post.parent_uri, post.context_uri = parent.uri, thread.continued_as or thread.uri
    post.audience_uri = await _audience_of(unit, thread, parent)
    post.mentions = mention_uris(author, mentions)
    attach(post, parent)
    await carry(unit, author, post, written.content, extras)
    post.url = f"{unit.site.url}{post_path(thread, post.key, lasting=True)}"
    unit.add(post)
    await count_post(unit, thread, post, parent)
    await tell_of_post(unit, author, post, parent)
    await say_create(unit, post, thread, author)
    return post


async def _audience_of(unit: Unit, thread: Thread, parent: Post) -> str | None:
    """The Group of the thread; forums refuse a reply that names another one."""
    group = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    return group.uri if group is not None else parent.audience_uri


async def edit_post(
    unit: Unit,
    author: Actor,
    post: Post,
    *,
    text: str,
    title: str | None = None,
    question: str | None = None,
    html: str | None = None,
    mentions: Sequence[Actor] | None = None,
    language: str | None = None,
    extras: Extras | None = None,
) -> Post:
    """Publish a new text of a member's post; what it said before is kept as a revision.

    Title and question are those of a root; they, and all else that is not given, stay.
    Raises `Forbidden` unless the post is the member's own and still there; `Invalid` for the text.
    """
    await hold(unit, post)
    if post.author_id != author.id or not author.is_local or author.suspended_at is not None:
        raise Forbidden("only its author can change a message", code="not-yours")
    if post.deleted_at is not None:
        raise Forbidden("this message is gone: it can no longer be changed", code="gone")
    written = await render(text, html, mentions or (), unit.site)
    changed = {"content": written.content, "source": written.source}
    if language is not None:
        changed["language"] = language
    if post.parent_uri is None and title is not None:
        changed["title"] = read_title(title)
    if post.parent_uri is None and question is not None:
        changed["summary"] = read_question(question)
    if mentions is not None:
        post.mentions = mention_uris(author, mentions)
    carries_other = await carry(unit, author, post, written.content, extras)
    if not carries_other and _is_said(post, changed):
        return post
    thread = await thread_of(unit, post)
    _revise(unit, post, thread, changed, max(unit.now, post.updated_at or unit.now))
    await say_update(unit, post, thread, author)
    return post


async def delete_post(unit: Unit, actor: Actor, post: Post, *, reason: str = "") -> None:
    """Take a post away: its author for good, who looks after the Group from the debate.

    The answers to it stay.  `reason` is told when a moderator does it.  Doing it twice
    changes nothing.  Raises `Forbidden` when the actor is neither.
    """
    await hold(unit, post)
    thread = await thread_of(unit, post)
    if not actor.is_local or not await may_remove(unit, thread, post, actor):
        raise Forbidden("only its author or a moderator can remove a message", code="not-yours")
    if post.deleted_at is not None:
        return
    by_author = post.author_id == actor.id
    if by_author:
        await retract(unit, post.uri, actor.uri)
    await bury(unit, post, thread, None if by_author else actor, reason)
    await say_delete(unit, post, thread, actor, "" if by_author else reason)


# --- of peers ----------------------------------------------------------------------------


async def accept_remote_post(
    unit: Unit,
    document: PostDocument,
    author: Actor,
    *,
    evidence: Evidence | None,
) -> Post | None:
    """Store a peer's post where it belongs, or give back the one already known.

    The caller has made sure that the document is its author's, and that a stranger's post is
    of interest here.  None when it is refused: a vote, of another owner, private
    and for nobody here, an answer in a closed debate or to what its author may not read.  An
    answer whose parent is unknown waits for it, in the thread it names or in one not listed.

    What its author took back before it came is a tombstone at once, as it is where it came in
    time: the answers to it stand below it everywhere.  So is a tombstone that says where and
    when there was a post.
    """
    if not _speaks_for(unit, document, author):
        return None
    known = await unit.find(Post, uri=document.uri)
    if known is not None:
        return await _hear_again(unit, known, author, evidence)
    if document.tombstone:
        await retract(unit, document.uri, author.uri)
    if not document.tombstone and await must_wait(unit, document, author):
        return None
    post = receive(unit, document, author)
    if not is_public(post) and not await _names_somebody_here(unit, post.addressed):
        return None
    parent = await unit.find(Post, uri=post.parent_uri) if post.parent_uri else None
    if parent is not None and not may_read(parent, author.uri):
        return None
    thread = await thread_of(unit, parent) if parent else await thread_by_context(unit, post)
    if thread is not None and not await may_reply(unit, thread, author):
        return None
    if thread is None:
        thread = await begin_foreign_thread(unit, post)
    else:
        thread = await settle(unit, post, thread, parent)
    await enter(unit, post, thread, parent)
    if post.continues_uri is not None and post.id != thread.root_id:
        await join_sequel(unit, post, thread)
    if await is_retracted(unit, post.uri, author.uri):
        await _bury_at_once(unit, post, thread, author)
    else:
        await tell_of_post(unit, author, post, parent)
    note_tags(unit, post)
    _keep_evidence(unit, post, thread, author, evidence)
    return post


async def _bury_at_once(unit: Unit, post: Post, thread: Thread, author: Actor) -> None:
    """Make a tombstone of what was taken back before it came; the word that did so stays."""
    await bury(unit, post, thread, None, "")
    if (body := await last_word(unit, post.uri)) is not None and is_public(post):
        archive_last_word(unit, thread, body, object_uri=post.uri, actor_uri=author.uri)


async def _hear_again(
    unit: Unit, post: Post, author: Actor, evidence: Evidence | None
) -> Post | None:
    """A post that is known; when it was fetched, its author's Create is better evidence."""
    if post.author_id != author.id:
        return None
    if evidence is not None and evidence.type == "Create" and not await was_said(unit, post.uri):
        _keep_evidence(unit, post, await thread_of(unit, post), author, evidence)
    return post


def _keep_evidence(
    unit: Unit, post: Post, thread: Thread, author: Actor, evidence: Evidence | None
) -> None:
    is_last_word = evidence is not None and evidence.type == "Delete"
    if evidence is not None and is_public(post) and (is_last_word or post.deleted_at is None):
        archive(unit, thread, evidence, object_uri=post.uri, actor_uri=author.uri)


def _speaks_for(unit: Unit, document: PostDocument, author: Actor) -> bool:
    """Whether a document can be a post of this actor of a peer."""
    return (
        not document.vote
        and not (document.tombstone and document.published_at is None)
        and document.author_uri == author.uri
        and author.suspended_at is None
        and not author.is_local
        and not unit.site.is_local(document.uri)
        and same_origin(document.uri, author.uri)
    )


async def _names_somebody_here(unit: Unit, uris: Sequence[str]) -> bool:
    for uri in uris:
        if await find_local(unit, uri) is not None:
            return True
    return False


async def accept_remote_edit(
    unit: Unit, document: PostDocument, author: Actor, *, evidence: Evidence | None
) -> Post | None:
    """Apply a peer's new text of its own post; None when it brings nothing new, or is held back.

    An edit dated like the last one or before it came late and is ignored; one that bears no
    date counts when the text differs.  Type, author, parent, context, audience and date of
    publication never change.
    """
    post = await unit.find(Post, uri=document.uri)
    if post is None or post.author_id != author.id or post.deleted_at is not None:
        return None
    if not _speaks_for(unit, document, author) or await is_filtered(unit, author):
        return None
    changed = {
        "title": document.title,
        "summary": document.summary,
        "content": document.content,
        "source": document.source,
        "language": document.language,
        "hat": document.hat,
        "hat_link": document.hat_link,
    }
    differs = not _is_said(post, changed) or (post.tags or []) != document.tags
    updated_at = date_of_edit(unit.now, document, post) if differs else None
    if updated_at is None:
        return None
    await change_tags(unit, post, document.tags)
    thread = await thread_of(unit, post)
    _revise(unit, post, thread, changed, updated_at)
    _keep_evidence(unit, post, thread, author, evidence)
    return post


async def accept_remote_delete(
    unit: Unit,
    uri: str,
    actor: Actor,
    *,
    group: Actor | None = None,
    reason: str = "",
    evidence: Evidence | None = None,
) -> bool:
    """Take a post away for its author, or for who looks after its Group; whether that was done.

    `group` is the Group of a peer that announced it: it may remove what is in the threads of
    its own server, where a network speaks for its groups.  What is not known here is
    remembered, so that it never appears.  The evidence that its author took it back is kept:
    by it those learn of it who were away.
    """
    post = await unit.find(Post, uri=uri)
    if post is None:
        if same_origin(uri, actor.uri) and not unit.site.is_local(uri):
            proved = evidence.body if evidence is not None and evidence.key_uri else None
            await retract(unit, uri, actor.uri, body=proved)
        return False
    if post.deleted_at is not None:
        return False
    thread = await thread_of(unit, post)
    if post.author_id == actor.id:
        await retract(unit, uri, actor.uri)
        await bury(unit, post, thread, None, "")
        if evidence is not None and is_public(post):
            archive(unit, thread, evidence, object_uri=uri, actor_uri=actor.uri)
        return True
    home = await unit.find(Actor, id=thread.group_id) if thread.group_id else None
    by_group = group is not None and home is not None and group.origin == home.origin
    if not by_group and not await is_moderator(unit, thread.group_id, actor):
        return False
    await bury(unit, post, thread, actor, reason)
    return True


# --- both --------------------------------------------------------------------------------


def _is_said(post: Post, columns: Mapping[str, str | None]) -> bool:
    """Whether a post says this already."""
    return all(getattr(post, column) == value for column, value in columns.items())


def _revise(
    unit: Unit, post: Post, thread: Thread, changed: dict[str, str | None], updated_at: datetime
) -> None:
    """Give a post its new text and keep the one before."""
    _keep_revision(unit, post)
    for column, value in changed.items():
        setattr(post, column, value)
    post.updated_at, post.stamp = updated_at, new_id()
    if is_heading(post, thread):
        thread.title, thread.question = heading_of(post)
    note_change(unit, thread)


def _keep_revision(unit: Unit, post: Post) -> None:
    unit.write(
        Revision,
        post_id=post.id,
        title=post.title,
        summary=post.summary,
        content=post.content,
        source=post.source,
        written_at=post.updated_at or post.published_at,
    )


async def bury(
    unit: Unit, post: Post, thread: Thread, moderator: Actor | None, reason: str
) -> None:
    """Leave a tombstone where a post stood.

    What its author takes back is erased, evidence and revisions included; what a moderator
    removes is kept as a revision, out of sight, because the decision may be appealed.
    """
    await withdraw(unit, post)
    if moderator is not None:
        _keep_revision(unit, post)
        post.removed_by_id, post.removal_reason = moderator.id, reason or None
    else:
        await erase_evidence(unit, post)
        await unit.session.execute(delete(Revision).where(Revision.post_id == post.id))
        await change_tags(unit, post, None)
        await put_away(unit, post)
    post.title = post.summary = post.content = ""
    post.source = post.document = None
    post.deleted_at, post.stamp = unit.now, new_id()
    if is_heading(post, thread):
        thread.title = thread.question = ""
        thread.listed = thread.listed and thread.post_count > 1
    note_change(unit, thread)
