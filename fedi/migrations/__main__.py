"""`python -m fedi.migrations "Add polls"`: write the next revision from the declared tables."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from fedi.core.db import open_engine
from fedi.migrations.state import REVISIONS
from fedi.migrations.upgrade import alembic_config, upgrade

#: What alembic runs on the file it has written.
FORMATTED = {
    "hooks": "ruff",
    "ruff.type": "module",
    "ruff.module": "ruff",
    "ruff.options": "format --quiet REVISION_SCRIPT_FILENAME",
}


def _write(connection: Connection, message: str) -> None:
    number = f"{len(REVISIONS) + 1:04}"
    config = alembic_config(connection)
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    for option, value in FORMATTED.items():
        config.set_section_option("post_write_hooks", option, value)
    command.revision(config, message, autogenerate=True, rev_id=number)


async def write_revision(message: str) -> None:
    """Compare the tables with a database at the newest revision; write what differs."""
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory, 'fedi.db')}"
        if REVISIONS:
            await upgrade(url)
        engine = open_engine(url, write=True)
        async with engine.begin() as connection:
            await connection.run_sync(_write, message)
        await engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m fedi.migrations", description=__doc__)
    parser.add_argument("message", help="what the revision does, as an imperative sentence")
    asyncio.run(write_revision(parser.parse_args().message))
