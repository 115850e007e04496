"""What it costs that a debate outlives its origin: proofs, and making copies complete.

The debate is of a server that is gone.  One node keeps it whole and serves its copy, another
misses thirty posts, or everything.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from factories import FakeClock, key_pair
from lost import ORIGIN, START, Lost, read_copy, reader
from measuring import Figures
from rounds import running
from stage import Stage
from visitors import Site, pages

from fedi.core.fetch import Fetcher
from fedi.core.node import Node
from fedi.core.signatures.keys import PublicKey, SigningKey
from fedi.core.signatures.proof import add_proof, verify_proof
from fedi.debates.addresses import mirror_uri
from inbox.backfill import Backfiller

PROOFS, MISSING, LONG = 2000, 30, 10_000
#: Posts stored in one transaction.
BATCH = 500


async def sign_proofs(stage: Stage, runs: int) -> Figures:
    """Posts proved in a second of processor time."""
    return _rate(lambda note, key: add_proof(note, key, START), runs)


async def verify_proofs(stage: Stage, runs: int) -> Figures:
    """Proofs of posts verified in a second of processor time."""
    now = datetime.now(UTC)
    proved = add_proof(Lost().note(1), _key(), START)
    public = PublicKey(_key().id, f"{ORIGIN}/users/rui", _key().public.key)
    return _rate(lambda *_: verify_proof(proved, public, now), runs)


def _rate(work: Callable[..., object], runs: int) -> Figures:
    note, key, rates = Lost().note(1), _key(), []
    for _ in range(runs):
        started = time.process_time()
        for _ in range(PROOFS):
            work(note, key)
        rates.append(PROOFS / (time.process_time() - started))
    return Figures(rates, "/s", more_is_better=True)


def _key() -> SigningKey:
    author = f"{ORIGIN}/users/rui"
    return SigningKey(f"{author}#ed25519-key", author, key_pair(author).ed25519)


# --- what two nodes tell each other --------------------------------------------------------


class Weighing:
    """The bytes of documents that a client was given."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.bytes = 0
        get = fetcher.get_document

        async def weighed(*arguments: object, **options: object) -> object:
            fetched = await get(*arguments, **options)  # type: ignore[arg-type]  # as they come
            self.bytes += len(fetched.body)
            return fetched

        fetcher.get_document = weighed  # type: ignore[method-assign,assignment]  # to look on


@asynccontextmanager
async def _two(size: int) -> AsyncIterator[tuple[Site, Node, Backfiller, Lost]]:
    lost, clock = Lost(), FakeClock()
    with TemporaryDirectory() as directory:
        home = Path(directory)
        async with pages(home, clock) as carrier, reader(home, clock) as (node, backfiller):
            left_out = {1 + number * (size // MISSING) for number in range(MISSING)}
            await _tell(carrier.node, lost, range(size))
            await _tell(node, lost, [n for n in range(size) if n not in left_out])
            yield carrier, node, backfiller, lost


async def _tell(node: Node, lost: Lost, numbers: range | list[int]) -> None:
    for start in range(0, len(numbers), BATCH):
        async with node.db.unit() as unit:
            await lost.meet(unit, "communs", "Group")
            await lost.tell(unit, *numbers[start : start + BATCH])


async def _reconcile(size: int, *, bytes_: bool) -> Figures:
    async with _two(size) as (carrier, node, backfiller, lost):
        weighing, started = Weighing(node.fetcher), time.monotonic()
        await read_copy(node, backfiller, mirror_uri(carrier.node.site.url, lost.context))
        seconds = time.monotonic() - started
        if len((await lost.tree(node)).leaves) != size:
            raise RuntimeError("something is still missing")
        thirty = sum(len(str(lost.activity(n, lost.note(n), "Create"))) for n in range(MISSING))
    if bytes_:
        remark = f"the thirty themselves: {thirty / 1000:.0f} kB"
        return Figures([weighing.bytes / 1000], "kB", remark=remark)
    return Figures([seconds], "s")


async def tell(stage: Stage, runs: int, *, size: int) -> Figures:
    """Kilobytes told until the thirty that were missing are there."""
    return await _reconcile(size, bytes_=True)


async def take(stage: Stage, runs: int, *, size: int) -> Figures:
    """Seconds for it, both nodes in one process."""
    return await _reconcile(size, bytes_=False)


tell_100, tell_1000, tell_10000 = (partial(tell, size=size) for size in (100, 1000, LONG))
take_100, take_1000, take_10000 = (partial(take, size=size) for size in (100, 1000, LONG))


# --- everything from a copy ----------------------------------------------------------------


async def backfill_memory(stage: Stage, runs: int) -> Figures:
    """The most megabytes that a process had while it took a whole debate from a copy."""
    lost, clock = Lost(), FakeClock()
    with TemporaryDirectory() as directory:
        async with pages(Path(directory), clock) as carrier:
            await _tell(carrier.node, lost, range(LONG))
            copy = mirror_uri(carrier.node.site.url, lost.context)
            async with running("drivers/backfill.py", directory, copy) as child:
                round_ = await child.round(LONG)
    return Figures([round_.seconds], "MB")
