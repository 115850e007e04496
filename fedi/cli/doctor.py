"""`fedi doctor`: is the node well, and what to do when it is not."""

import asyncio
from pathlib import Path

import typer

from fedi.cli.frame import DEFAULT_CONFIG, AsJson, ConfigPath, print_json


def doctor(as_json: AsJson = False, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Examine the node; say what to do about each problem.

    Run it while the node serves.  Exits with 1 when there is a problem; a warning is no problem.
    """
    asyncio.run(_examine(config, as_json))


async def _examine(config: Path, as_json: bool) -> None:
    from fedi.cli.diagnosis import State, examine
    from fedi.core.settings import load_config

    findings = [finding async for finding in examine(load_config(config))]
    if as_json:
        print_json([finding.as_row() for finding in findings])
    else:
        for finding in findings:
            print(f"{finding.state.value:8} {finding.subject}: {finding.text}")
            if finding.advice:
                print(f"{'':8} → {finding.advice}")
    if any(finding.state is State.PROBLEM for finding in findings):
        raise typer.Exit(1)
