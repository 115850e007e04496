"""The command line of a node: `fedi COMMAND --help` explains each command.

One file per group of commands.  A command opens the node, calls a verb of the rooms
below, and prints what came of it; it exits with 0 when done, with 1 and one line on
standard error when refused or failed, with 2 when it was misspelt.
"""

import sys
from typing import Annotated

import typer

from fedi.cli import (
    account,
    audit,
    backup,
    config,
    database,
    doctor,
    evidence,
    group,
    init,
    invitation,
    keys,
    mail,
    migrate,
    moving,
    network,
    peers,
    queue,
    search,
    serve,
    storage,
    thread,
)
from fedi.cli.demo import command as demo
from fedi.cli.export import command as export
from fedi.cli.top import command as top
from fedi.core.errors import FediError
from fedi.core.version import VERSION

app = typer.Typer(
    name="fedi",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("export")(export.export)
app.command("top")(top.top)
app.add_typer(account.app, name="account")
app.add_typer(audit.app, name="audit")
app.add_typer(group.app, name="group")
app.add_typer(invitation.app, name="invitation")
app.add_typer(keys.app, name="keys")
app.add_typer(mail.app, name="mail")
app.add_typer(network.app, name="network")
app.add_typer(peers.app, name="peers")
app.add_typer(queue.app, name="queue")
app.add_typer(thread.app, name="thread")
thread.app.command("verify")(evidence.verify)
thread.app.command("export")(evidence.export_debate)
thread.app.command("import")(evidence.import_debate)
thread.app.command("continue")(evidence.continue_debate)
for part in (account, group):
    part.app.command("move")(moving.move)
    part.app.command("alias")(moving.alias)
app.add_typer(storage.app, name="storage")
app.add_typer(database.app, name="database")
app.add_typer(search.app, name="search")
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("doctor")(doctor.doctor)
app.command("migrate")(migrate.migrate)
app.add_typer(config.app, name="config")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"fedi {VERSION}")
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print it.")
    ] = False,
) -> None:
    """Run a node for debate between networks, and look after it."""


def main() -> None:
    """Run the command named in the arguments of the process."""
    try:
        app(prog_name="fedi")
    except FediError as error:
        sys.exit(f"fedi: {error}")
