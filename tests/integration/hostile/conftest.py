"""One node under siege for each module here."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from siege import Siege, besiege


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Siege]:
    """A running node, and peers that the module may set against it."""
    async with besiege(tmp_path_factory.mktemp("siege")) as siege:
        yield siege
