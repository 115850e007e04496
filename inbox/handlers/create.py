"""Create: somebody wrote a post."""

from actors.models import Actor
from fedi.core.unit import Unit
from fedi.debates.models.post import Post
from fedi.debates.posts import accept_remote_post
from fedi.debates.received_note import PostDocument
from inbox.completion import complete_thread
from inbox.evidence import evidence_of
from inbox.forwarding import pass_on
from inbox.types import DONE, Need, Outcome, Received, ignored


async def handle_create(unit: Unit, received: Received) -> Outcome:
    """Add a post to its debate, once what it answers has been looked for.

    A post whose parent cannot be had is kept all the same: it finds its place when the
    parent arrives.
    """
    document = received.post
    if document is None:
        return ignored("not-a-post")
    if document.vote:  # No poll of ours is open to other servers yet.
        return ignored("vote")
    if (waiting := received.ask(*await _missing(unit, document))) is not None:
        return waiting
    post = await accept_remote_post(unit, document, received.actor, evidence=evidence_of(received))
    if post is None:
        return ignored("refused")
    if post.deleted_at is not None:
        return ignored("retracted")
    await pass_on(unit, received, post)
    await complete_thread(unit, post, document, is_old=received.way == "collected")
    return DONE


async def _missing(unit: Unit, document: PostDocument) -> list[Need]:
    """What a post refers to and nobody here has met: what it answers, the Group it is for.

    A post whose parent is known belongs to the Group of its debate, whatever it says.
    """
    needs = []
    parent, group = document.parent_uri, document.audience_uri
    if parent and await unit.find(Post, uri=parent) is not None:
        return []
    if parent and not unit.site.is_local(parent):
        needs.append(Need("post", parent))
    if group and not unit.site.is_local(group) and await unit.find(Actor, uri=group) is None:
        needs.append(Need("actor", group))
    return needs
