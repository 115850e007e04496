"""`fedi thread verify` and `continue`: what is kept of a debate outlives its origin."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, opened_node, print_json
from fedi.cli.thread import require_thread

if TYPE_CHECKING:
    from fedi.debates.verification import Verdict

Url = Annotated[str, typer.Argument(metavar="URL", help="Of the debate or a post in it.")]

_WORDS = {
    "proof": "verified by its author's proof",
    "origin": "verified: its author's server said it",
    "copy": "unverified copy",
    "broken": "NOT AS IT WAS SAID",
    "gone": "deleted",
}


def verify(
    url: Url,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Replace what is damaged by sound copies of others.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Say of each post who wrote it and how that is known; exit 1 when one is not as it was said.

    Without --offline the servers of authors are asked about what the evidence kept here
    does not show.
    """
    if offline and repair:
        raise typer.BadParameter("sound copies are asked of others: leave --offline out")
    asyncio.run(_verify(config, url, as_json, offline=offline, repairing=repair))


async def _verify(config: Path, url: str, as_json: bool, *, offline: bool, repairing: bool) -> None:
    from fedi.app import sign_requests
    from inbox.repair import repair
    from inbox.verifying import verify as verify_debate

    async with opened_node(config) as node:
        async with node.db.reading() as unit:
            thread = await require_thread(unit, url)
        if not offline:
            await sign_requests(node)
        verdicts = await verify_debate(node, thread, offline=offline)
        if repairing and any(verdict.fails for verdict in verdicts):
            for uri in sorted(await repair(node, thread, verdicts)):
                typer.echo(f"repaired {uri}", err=True)
            verdicts = await verify_debate(node, thread, offline=True)
    if as_json:
        print_json(
            [
                {
                    "id": verdict.uri,
                    "author": verdict.author_uri,
                    "standing": verdict.standing,
                    "key": verdict.key_uri,
                    "vouched_by": verdict.vouched_by,
                    "reason": verdict.reason,
                }
                for verdict in verdicts
            ]
        )
    else:
        _print(verdicts)
    if failing := [verdict for verdict in verdicts if verdict.fails]:
        names = ", ".join(f"{verdict.uri} ({verdict.reason})" for verdict in failing)
        typer.echo(f"fedi: not as said: {names}", err=True)
        raise typer.Exit(1)


def _print(verdicts: Sequence["Verdict"]) -> None:
    for verdict in verdicts:
        print(f"{verdict.uri}\n  {verdict.author_uri}\n  {_describe(verdict)}")
    counts = {
        word: sum(verdict.standing == name for verdict in verdicts) for name, word in _WORDS.items()
    }
    print("\n".join(f"{count:6}  {word}" for word, count in counts.items() if count))


def _describe(verdict: "Verdict") -> str:
    parts = [_WORDS[verdict.standing]]
    if verdict.key_uri is not None:
        parts.append(f"key {verdict.key_uri}")
    if verdict.vouched_by is not None:
        parts.append(f"the key was handed on by {verdict.vouched_by}")
    if verdict.reason:
        parts.append(verdict.reason)
    return ", ".join(parts)


def export_debate(
    url: Url,
    to: Annotated[str, typer.Option("--to", help="A new file; - writes it out.")] = "-",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write one debate as a file that anybody can verify, and any network take in."""
    lines = asyncio.run(_export(config, url))
    text = b"\n".join([*lines, b""])
    if to == "-":
        sys.stdout.buffer.write(text)
    else:
        Path(to).write_bytes(text)
        typer.echo(f"{len(lines) - 1} documents", err=True)


async def _export(config: Path, url: str) -> list[bytes]:
    from inbox.importing import write_lines

    async with opened_node(config) as node, node.db.reading() as unit:
        return await write_lines(unit, await require_thread(unit, url))


def import_debate(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take in a debate from a file; what no proof shows is asked of its author's server."""
    asyncio.run(_import(config, file.read_bytes().splitlines()))


async def _import(config: Path, lines: list[bytes]) -> None:
    from actors.policies import Policies
    from fedi.app import sign_requests
    from inbox.importing import read_lines
    from inbox.resolve import Resolver

    async with opened_node(config) as node:
        await sign_requests(node)
        resolver = Resolver(node, Policies(node.db, node.config.federation.mode))
        imported = await read_lines(node, resolver, lines)
    print(f"{imported.context}: {imported.taken} taken in")
    for uri, reason in imported.refused.items():
        typer.echo(f"refused {uri}: {reason}", err=True)


def continue_debate(
    url: Url,
    group: Annotated[str, typer.Option("--group", help="Of this network: where it goes on.")],
    member: Annotated[str, typer.Option("--as", help="The member who opens the sequel.")],
    text: Annotated[str, typer.Option("--text", help="Where the debate stands; - reads it.")] = "-",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Go on here with a debate whose origin is lost; others see it as a debate with a past."""
    written = sys.stdin.read() if text == "-" else text
    asyncio.run(_continue(config, url, group, member, written))


async def _continue(config: Path, url: str, group: str, member: str, text: str) -> None:
    from actors.local import get_local
    from fedi.core.errors import NotFound
    from fedi.debates.continuing import continue_thread

    async with opened_node(config) as node, node.db.unit() as unit:
        thread = await require_thread(unit, url)
        author, home = await get_local(unit, member), await get_local(unit, group)
        if author is None or home is None:
            raise NotFound(f"there is no {member if author is None else group} on this node")
        sequel = await continue_thread(unit, author, home, thread, text=text)
        print(sequel.uri)
