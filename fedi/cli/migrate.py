"""`fedi migrate`: bring the database to this version of the program."""

import asyncio
from pathlib import Path

from fedi.cli.frame import DEFAULT_CONFIG, ConfigPath
from fedi.cli.refusals import database_errors


def migrate(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Bring the database to this version of the program.

    All of it or nothing: a migration that fails leaves the database as it was.
    """
    asyncio.run(_migrate(config))


async def _migrate(config: Path) -> None:
    from fedi.core.node import open_node
    from fedi.core.settings import load_config
    from fedi.migrations.state import HEAD, NotMigrated, require_current
    from fedi.migrations.upgrade import upgrade

    settings = load_config(config)
    with database_errors():
        node = open_node(settings)
        try:
            await require_current(node.db)
            print(f"the database is up to date, at revision {HEAD}")
        except NotMigrated:
            await upgrade(settings.database_url)
            print(f"the database is now at revision {HEAD}")
        finally:
            await node.close()
