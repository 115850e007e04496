"""Verifying a debate with the help of the servers of its authors, where they still answer."""

from dataclasses import replace

from actors.models import Actor
from fedi.core.errors import BudgetSpent, FediError
from fedi.core.fetch import Budget
from fedi.core.node import Node
from fedi.debates.models.post import Post
from fedi.debates.models.thread import Thread
from fedi.debates.verification import Standing, Verdict, says, verify_thread


async def verify(node: Node, thread: Thread, *, offline: bool) -> list[Verdict]:
    """Judge a debate by what is kept here; unless `offline`, ask about what that does not show.

    Whoever asks a server whether it said something takes its word for its own actors only.
    """
    async with node.db.reading() as unit:
        verdicts = await verify_thread(unit, thread)
    if offline:
        return verdicts
    budget = Budget(gets=300, hosts=50, seconds=120)
    return [await _ask(node, verdict, budget) for verdict in verdicts]


async def _ask(node: Node, verdict: Verdict, budget: Budget) -> Verdict:
    """The verdict once the author's server was asked, if it says the same as is shown here."""
    if verdict.standing is not Standing.COPY or node.site.is_local(verdict.uri):
        return verdict
    try:
        fetched = await node.fetcher.get_document(verdict.uri, budget)
    except (FediError, BudgetSpent):
        return verdict
    async with node.db.reading() as unit:
        post = await unit.find(Post, uri=verdict.uri)
        author = await unit.find(Actor, id=post.author_id) if post is not None else None
    if post is None or author is None:
        return verdict
    if fetched.document.get("attributedTo") == author.uri and says(fetched.document, post):
        return replace(verdict, standing=Standing.ORIGIN, reason="")
    return replace(verdict, standing=Standing.BROKEN, reason="origin-says-otherwise")
