"""What a search found, as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from actors.models import Actor
from fedi.core.i18n import Language, space_french
from fedi.core.unit import Unit
from fedi.debates.addresses import post_path
from fedi.debates.models.thread import Thread
from fedi.debates.reading import PostRow
from fedi.debates.search.finding import Found, Results
from fedi.debates.search.passages import Piece, highlight, passage
from fedi.debates.search.query import Query
from fedi.web.listing import Listed, list_thread
from fedi.web.networks import Networks, actor_path
from fedi.web.people import Byline, byline, byline_of


@dataclass(frozen=True)
class Passage:
    """What one message says of it."""

    by: Byline
    path: str
    language: str | None
    published_at: datetime
    text: Markup


@dataclass(frozen=True)
class Debate:
    """A debate in which something was found."""

    listed: Listed
    title: Markup
    passages: Sequence[Passage]
    others: int  # messages that match and are not shown


@dataclass(frozen=True)
class Person:
    """Somebody, or a group, who is called so."""

    by: Byline
    path: str
    is_group: bool


async def show_debates(
    unit: Unit, results: Results, query: Query, networks: Networks, language: Language
) -> list[Debate]:
    """Prepare what was found for a template."""
    await unit.load(Thread, id=[found.thread.id for found in results.debates])
    shown = []
    for found in results.debates:
        thread = await unit.find(Thread, id=found.thread.id)
        if thread is not None:
            shown.append(_show(found, thread, query, networks, language))
    return shown


def _show(
    found: Found, thread: Thread, query: Query, networks: Networks, language: Language
) -> Debate:
    listed = list_thread(found.thread, networks, language)
    return Debate(
        listed=listed,
        title=mark(highlight(listed.title, listed.language, query.stems)),
        passages=[_passage(post, thread, query, networks) for post in found.posts],
        others=found.count - len(found.posts),
    )


def _passage(post: PostRow, thread: Thread, query: Query, networks: Networks) -> Passage:
    question = f"<p>{escape(post.summary)}</p>" if post.summary else ""
    return Passage(
        by=byline(
            networks,
            uri=post.author_uri,
            handle=post.author_handle,
            name=post.author_name,
            origin=post.author_origin,
        ),
        path=post_path(thread, post.key, depth=post.depth),
        language=post.language,
        published_at=post.published_at,
        text=mark(passage(question + post.content, post.language, query.stems)),
    )


def mark(pieces: Sequence[Piece]) -> Markup:
    """A text set for a page, the words that are sought marked."""
    html = "".join(
        f"<mark>{escape(piece.text)}</mark>" if piece.is_sought else str(escape(piece.text))
        for piece in pieces
    )
    return Markup(space_french(html))  # noqa: S704  every piece is escaped here


def show_person(actor: Actor, networks: Networks) -> Person:
    """Prepare somebody for a list."""
    return Person(byline_of(networks, actor), actor_path(actor), actor.type == "Group")
