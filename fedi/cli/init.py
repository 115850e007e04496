"""`fedi init`: a new node, from nothing to ready to serve."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath, read_password


def init(
    domain: Annotated[
        str, typer.Option("--domain", metavar="HOST[:PORT]", help="As in @HANDLE@HOST; for ever.")
    ],
    handle: Annotated[
        str, typer.Option("--handle", metavar="NAME", help="Of the network; for ever.")
    ],
    name: Annotated[
        str, typer.Option("--name", metavar="TEXT", help="Of the network, for people.")
    ],
    url: Annotated[
        str, typer.Option("--url", metavar="URL", help="When it is not https://HOST.")
    ] = "",
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir", metavar="DIR", help="When it is not `data` beside the settings."
        ),
    ] = None,
    database: Annotated[
        str,
        typer.Option(
            "--database", metavar="URL", help="An empty one of PostgreSQL instead of SQLite."
        ),
    ] = "",
    admin: Annotated[
        str, typer.Option("--admin", metavar="NAME", help="The handle of a first administrator.")
    ] = "",
    email: Annotated[str, typer.Option("--email", metavar="E", help="Of the administrator.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read a password from standard input.")
    ] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a node: settings, keys, database and first actors.

    On a reserved domain, such as localhost:8080, it uses http and may talk to other nodes
    on this machine.  Without --admin, `fedi serve` prints a link that makes one.
    """
    from fedi.cli.founding import Admin, Founding, found

    if bool(admin) != bool(email):
        raise typer.BadParameter("--admin and --email go together")
    first = Admin(admin, email, read_password(from_stdin=password_stdin)) if admin else None
    founding = Founding(config, domain, url, handle, name, data_dir=data_dir, database=database)
    asyncio.run(found(founding, first))
    print(f"@{handle}@{domain} is ready; next: fedi serve --config {config}")
