"""What every command shares: where the configuration is, a node to act on, how it answers.

Nothing heavy is imported here: commands load what they need when they run.
"""

import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedi.cli.refusals import database_errors

if TYPE_CHECKING:
    from fedi.core.node import Node

DEFAULT_CONFIG = Path("config.toml")

ConfigPath = Annotated[
    Path, typer.Option("--config", envvar="FEDI_CONFIG", metavar="PATH", help="The settings file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def new_group(text: str) -> typer.Typer:
    """Make a group of commands that explains itself in plain text."""
    return typer.Typer(help=text, no_args_is_help=True, rich_markup_mode=None)


@asynccontextmanager
async def opened_node(config: Path) -> AsyncIterator["Node"]:
    """The node of a configuration file, its database ready to be used; closed in the end.

    Raises `BadConfiguration`, `BadSecret`, `NotMigrated`, `NewerDatabase`, and
    `Refused` when the database cannot be used.
    """
    from fedi.core.log import set_up_log
    from fedi.core.node import open_node
    from fedi.core.settings import load_config
    from fedi.migrations.state import require_current

    set_up_log("warning", "text")  # what a command has to say is on the other output
    with database_errors():
        node = open_node(load_config(config))
        try:
            await require_current(node.db)
            yield node
        finally:
            await node.close()


def read_password(*, from_stdin: bool) -> str:
    """The first line of standard input, or what a person types twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("give the password on standard input with --password-stdin")
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def authority(origin: str) -> str:
    """Host, with the port when it is not the usual one: what people call a server."""
    return origin.partition("://")[2]


def print_json(value: Any) -> None:
    """Print one JSON document, dates in RFC 3339."""
    import orjson

    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()
    sys.stdout.write(f"{text}\n")


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, none: str
) -> None:
    """Print a list: every field as JSON, or these columns for people, `none` when it is empty."""
    if as_json:
        return print_json(list(rows))
    if not rows:
        return print(none, file=sys.stderr)
    lines = [[column.upper().replace("_", " ") for column in columns]]
    lines += [[_word(row[column]) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())
    return None


def print_fields(row: Mapping[str, Any]) -> None:
    """Print one thing for people, a line for each field that says something."""
    for name, value in row.items():
        if value not in (None, ""):
            print(f"{name.replace('_', ' ')}: {_word(value)}")


def _word(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "-" if value is None or value == "" else str(value)
