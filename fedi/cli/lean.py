"""What `fedi serve` becomes: the node, without the command line that started it.

    python -OO -m fedi.cli.lean CONFIG ROLE HOST PORT SOCKET

Run without docstrings, and without what only commands need, it takes 12 MB less.
"""

import sys
from pathlib import Path
from typing import Any


def main(config: str, role: Any, host: str, port: str, socket: str) -> None:
    """Run the node; the arguments have been checked, and an empty one was not given."""
    # structlog draws tracebacks with rich when it finds it: a log wants plain lines.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None is how Python says absent
    from fedi.cli.serving import Listen, run
    from fedi.core.errors import FediError

    listen = Listen(host or None, int(port) if port else None, Path(socket) if socket else None)
    try:
        run(Path(config), role, listen)
    except FediError as error:
        sys.exit(f"fedi: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
