"""What `fedi serve` becomes: the node, without the command line that started it.

    python -OO -m fedi.cli.lean ROLE < SETTINGS

Run without docstrings and annotations, and without what only commands need, nor what reads and
checks settings, it takes 20 MB less.  Settings come as `hand_over` wrote them, sockets as
`fedi.cli.listening` hands them on.
"""

import gc
import os
import pickle
import sys
import tempfile
import typing
from types import FunctionType
from typing import Any


def hand_over(settings: object) -> None:
    """Put settings where the program that replaces this one reads them: on standard input.

    Not in its arguments, nor in its environment, which tell others what is secret.
    """
    with tempfile.TemporaryFile() as file:
        pickle.dump(settings, file)
        file.seek(0)
        os.dup2(file.fileno(), sys.stdin.fileno())


def main(role: Any) -> None:
    """Run the node in a role that has been checked."""
    # structlog draws tracebacks with rich when it finds it: a log wants plain lines.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None is how Python says absent
    from fedi.cli.serving import run
    from fedi.core.errors import FediError

    forget_annotations()
    try:
        # What this very program wrote before it began again.
        run(pickle.load(sys.stdin.buffer), role)  # noqa: S301
    except FediError as error:
        sys.exit(f"fedi: {error}")


def forget_annotations() -> None:
    """Drop what functions say about types: only checkers read it, and it takes 2 MB.

    Classes keep theirs, of which dataclasses and tables are made.
    """
    typing.clear_overloads()
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType):
            del thing.__annotations__


if __name__ == "__main__":
    main(*sys.argv[1:])
