"""A post whose evidence was damaged here says again what its author's proof says it said."""

from actors.models import Actor
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.debates.archive import Evidence, archive, erase_evidence
from fedi.debates.joining import thread_of
from fedi.debates.models.post import Post
from fedi.debates.participation import note_change
from fedi.debates.received_note import PostDocument


async def replace_damaged(
    unit: Unit,
    post: Post,
    author: Actor,
    document: PostDocument,
    body: bytes,
    evidence: Evidence,
) -> None:
    """Let a post say again what its author's proof says it said; `body` is the proved object.

    The damaged evidence keeps its digest, the sound one is added.  No date is compared: it is
    no edit.
    """
    thread = await thread_of(unit, post)
    await erase_evidence(unit, post)
    post.title, post.summary, post.source = document.title, document.summary, document.source
    if not post.images:
        post.content = document.content
    post.updated_at, post.stamp = document.updated_at, new_id()
    if post.document is not None:
        post.document = body
    archive(unit, thread, evidence, object_uri=post.uri, actor_uri=author.uri)
    note_change(unit, thread)
