"""People named in a text: looked up before anything is written."""

from collections.abc import Sequence

from actors.models import Actor
from actors.remote import obtain_by_handle
from fedi.core.errors import FediError
from fedi.core.fetch import Budget
from fedi.core.node import Node
from fedi.core.text import find_mentions

#: Names looked up in one text; others stay words.
MAX_MENTIONS = 16


async def find_named(node: Node, text: str) -> Sequence[Actor]:
    """The actors named in a text that can be found; a name that leads nowhere stays a word.

    Waits for other servers: never call it inside a unit.
    """
    budget = Budget()
    found: list[Actor] = []
    for name, host in find_mentions(text)[:MAX_MENTIONS]:
        try:
            found.append(await obtain_by_handle(node, f"{name}@{host or node.site.domain}", budget))
        except FediError:
            continue
    return found
