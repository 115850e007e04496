"""What peers write: made into the start of a post, or into the date of an edit."""

from datetime import datetime, timedelta

from actors.models import Actor
from fedi.core.tables import new_id
from fedi.core.unit import Unit
from fedi.core.urls import new_key
from fedi.debates.models.post import Post, Visibility
from fedi.debates.received_note import PostDocument

#: How far in the future an edit may be dated; otherwise nothing could ever replace it.
FUTURE = timedelta(minutes=5)


def receive(unit: Unit, document: PostDocument, author: Actor) -> Post:
    """Make a row of a peer's post; where it stands is still to be said."""
    visibility, addressed = document.visibility, list(document.addressed)
    if visibility is Visibility.DIRECT:
        addressed.append(author.uri)
        if author.followers in addressed:
            visibility = Visibility.FOLLOWERS
    return Post(
        id=new_id(),
        uri=document.uri,
        key=new_key(),
        author_id=author.id,
        parent_uri=document.parent_uri if document.parent_uri != document.uri else None,
        type=document.type,
        title=document.title,
        summary=document.summary,
        content=document.content,
        source=document.source,
        language=document.language,
        url=document.url,
        context_uri=document.context_uri,
        audience_uri=document.audience_uri,
        continues_uri=document.continues_uri,
        visibility=visibility,
        addressed=addressed,
        mentions=document.mentions,
        hat=document.hat,
        hat_link=document.hat_link,
        tags=document.tags or None,
        published_at=document.published_at or unit.now,
        updated_at=document.updated_at and min(document.updated_at, unit.now + FUTURE),
        received_at=unit.now,
        like_count=0,
        reply_count=0,
        share_count=0,
    )


def date_of_edit(now: datetime, document: PostDocument, post: Post) -> datetime | None:
    """When an edit was made; None when it came late.

    GoToSocial dates to the second, so a first edit may bear the date of the post itself.
    """
    if document.updated_at is None:
        return now
    updated_at = min(document.updated_at, now + FUTURE)
    if post.updated_at is not None:
        return updated_at if updated_at > post.updated_at else None
    return updated_at if updated_at >= min(post.published_at, post.received_at) else None
