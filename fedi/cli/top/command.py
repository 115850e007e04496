"""`fedi top`: how a node fares, refreshed every two seconds."""

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, print_json

if TYPE_CHECKING:
    from fedi.cli.top.readings import Reading
    from fedi.core.config import Config


def top(
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
    as_json: AsJson = False,
    address: Annotated[
        str, typer.Option("--address", metavar="HOST:PORT", help="Instead of that of the settings.")
    ] = "",
    language: Annotated[
        Literal["fr", "en"] | None, typer.Option("--language", help="Instead of the terminal's.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Watch the node live; what its database tells when it does not answer."""
    from fedi.core.settings import load_config

    settings = load_config(config)
    if once or as_json or not sys.stdout.isatty():
        return _print(config, settings, address, language or _spoken(), as_json=as_json, once=once)
    with suppress(KeyboardInterrupt):
        _watch(config, settings, address, language or _spoken())
    return None


def _spoken() -> Literal["fr", "en"]:
    """The language of the terminal."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "fr" if next(filter(None, names), "").startswith("fr") else "en"


def _read(config: Path, settings: "Config", address: str) -> "Reading":
    from fedi.cli.top.readings import NoAnswer, ask, look

    try:
        return ask(settings, address)
    except NoAnswer:
        return asyncio.run(look(config))


def _print(
    config: Path, settings: "Config", address: str, language: str, *, as_json: bool, once: bool
) -> None:
    from rich.console import Console

    from fedi.cli.top.board import Board, figures
    from fedi.cli.top.readings import SECONDS, Change

    console, board = Console(highlight=False), Board(language)
    before = _read(config, settings, address)
    while True:
        if before.live:
            time.sleep(SECONDS)
        now = _read(config, settings, address)
        shown = figures(Change(before, now))
        if as_json:
            print_json(shown)
        else:
            console.print(board.draw(settings.node.domain, shown))
        if once or not now.live:
            return
        before = now


def _watch(config: Path, settings: "Config", address: str, language: str) -> None:
    from rich.console import Console
    from rich.live import Live

    from fedi.cli.top.board import HINT, Board, figures
    from fedi.cli.top.readings import SECONDS, Change

    board = Board(language)
    before = _read(config, settings, address)
    with Live(console=Console(highlight=False), screen=True, auto_refresh=False) as live:
        while True:
            now = _read(config, settings, address)
            shown = figures(Change(before, now))
            live.update(board.draw(settings.node.domain, shown, HINT), refresh=True)
            before = now
            time.sleep(SECONDS)
