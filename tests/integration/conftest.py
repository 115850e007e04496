"""What opens a node is tested on both databases."""

import pytest


@pytest.fixture(autouse=True)
def _kept_there(database: str) -> None:
    """Nodes keep their rows on that database; no test has to ask for it."""
