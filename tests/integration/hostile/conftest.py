"""One node under siege for each module here, on each database."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from databases import keep_on
from siege import Siege, besiege


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the node of a module keeps its rows."""
    yield from keep_on(request)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(tmp_path_factory: pytest.TempPathFactory, database: str) -> AsyncIterator[Siege]:
    """A running node, and peers that the module may set against it."""
    async with besiege(tmp_path_factory.mktemp("siege")) as siege:
        yield siege
