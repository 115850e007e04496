"""How a Group hands an accepted activity on: a table, by what the receiving server understands.

Measured with GoToSocial, NodeBB, Fedify and snac; docs in FEDERATION.md.
"""

from enum import StrEnum

from actors.models import Dialect


class Channel(StrEnum):
    """A way for a Group to pass an activity on."""

    WRAP = "wrap"  # Announce of the whole activity (FEP-1b12)
    BOOST = "boost"  # Announce of the post's id
    FORWARD = "forward"  # the bytes as they are, in a request signed by the Group
    FORWARD_PROVED = "forward-proved"  # the same, when they carry a proof


#: What forums and nodes of our kind are told of.
WRAPPED = frozenset(
    {
        "Create",
        "Update",
        "Delete",
        "Like",
        "Dislike",
        "EmojiReact",
        "Undo",
        "Lock",
        "Move",
        "Add",
        "Remove",
    }
)
_EDITS = frozenset({"Update", "Delete"})
_FORUMS = (Dialect.NODE, Dialect.FORUM)


def channel(dialect: Dialect, type: str, *, root: bool) -> Channel | None:
    """How followers of a Group on such a server hear of an activity; None when they do not.

    Microblogs see opening posts only, or their home pages would be flooded.  GoToSocial takes
    replies from a Group without showing them at home, but edits only from their author; who
    checks proofs takes both.
    """
    if dialect in _FORUMS:
        return Channel.WRAP if type in WRAPPED else None
    if type == "Create" and root:
        return Channel.BOOST
    if type == "Create" and dialect is Dialect.GOTOSOCIAL:
        return Channel.FORWARD
    if dialect is Dialect.VERIFIER and (type == "Create" or type in _EDITS):
        return Channel.FORWARD_PROVED
    return None
