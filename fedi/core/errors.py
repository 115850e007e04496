"""What can go wrong, one class per cause.

Every error carries a short machine `code` (for journals, metrics and tests) and
a sentence for people.  Only the doors know HTTP statuses.
"""


class FediError(Exception):
    """Something went wrong that the caller may want to tell apart."""

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message or code or self.code)
        if code is not None:
            self.code = code


class Malformed(FediError):
    """The document cannot be what it says it is; retrying will not help."""

    code = "malformed"


class Unauthenticated(FediError):
    """Nobody vouches for this request: no signature, or one that does not hold."""

    code = "unauthenticated"


class Forbidden(FediError):
    """The actor is known and may not do this."""

    code = "forbidden"


class Blocked(Forbidden):
    """A policy of this node refuses that peer or that actor."""

    code = "blocked"


class NotFound(FediError):
    """There is no such thing here."""

    code = "not-found"


class Gone(NotFound):
    """There was such a thing; its owner removed it."""

    code = "gone"


class Conflict(FediError):
    """The name or the place is already taken."""

    code = "conflict"


class Invalid(FediError):
    """A person's input cannot be accepted; the message says what to change."""

    code = "invalid"


class Unreachable(FediError):
    """A peer did not answer; the same call may succeed later."""

    code = "unreachable"


class ForbiddenAddress(Malformed):
    """The address leads to a place this node never connects to."""

    code = "forbidden-address"


class BudgetSpent(FediError):
    """One activity or one click asked for more fetches than it is worth."""

    code = "budget-spent"


class Overloaded(FediError):
    """This node has more to do than it can hold; ask again later."""

    code = "overloaded"
