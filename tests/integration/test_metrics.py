"""What `/metrics` tells, and to whom."""

import re
from pathlib import Path

import pytest
from visitors import Site, pages

SAMPLE = re.compile(r"^(\w+)(\{.*\})? (\S+)$", re.MULTILINE)


async def read(site: Site, **headers: str) -> tuple[int, str]:
    """What a program that asks for /metrics is answered."""
    page = await site.visitor().get("/metrics", **({"Accept": "text/plain"} | headers))
    return page.status, page.text


def value(text: str, sample: str) -> float:
    """The value of one sample, named as it is printed; 0 when it is not there."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_requests_are_counted_by_the_pattern_of_their_address(tmp_path: Path):
    async with pages(tmp_path) as site:
        sample = 'fedi_requests_total{method="GET",route="/g/{name}",status="4xx"}'
        nowhere = 'fedi_requests_total{method="other",route="other",status="4xx"}'
        _, before = await read(site)
        visitor = site.visitor()
        for name in ("one", "two", "three"):
            await visitor.get(f"/g/{name}")
            await visitor.get(f"/{name}.php")
        _, after = await read(site)
        assert value(after, sample) - value(before, sample) == 3
        assert value(after, nowhere) - value(before, nowhere) == 3
        assert "three" not in after


async def test_the_queues_and_the_disk_are_told(tmp_path: Path):
    async with pages(tmp_path) as site:
        _, text = await read(site)
        for queue in ("inbox_items", "deliveries", "backfills"):
            assert f'fedi_queue_depth{{queue="{queue}"}} 0.0' in text
        assert value(text, 'fedi_disk_bytes{class="database"}') > 0
        assert value(text, "fedi_disk_free_bytes") > 0


async def test_who_comes_through_an_unknown_proxy_may_not_read(tmp_path: Path):
    async with pages(tmp_path) as site:
        assert (await read(site))[0] == 200
        status, text = await read(site, **{"X-Forwarded-For": "127.0.0.1"})
        assert status == 403
        assert "fedi_" not in text


@pytest.mark.parametrize(
    ("client", "status"), [("203.0.113.5", 403), ("10.0.0.7", 200), ("127.0.0.1", 403)]
)
async def test_a_trusted_proxy_tells_who_reads(tmp_path: Path, client: str, status: int):
    async with pages(
        tmp_path,
        listen={"trusted_proxies": ["127.0.0.1"]},
        metrics={"allowed": ["127.0.0.1", "10.0.0.0/8"]},
    ) as site:
        assert (await read(site, **{"X-Forwarded-For": client}))[0] == status


async def test_the_token_opens_from_everywhere(tmp_path: Path):
    async with pages(tmp_path, metrics={"allowed": [], "token": "a-long-random-word"}) as site:
        assert (await read(site))[0] == 403
        assert (await read(site, Authorization="Bearer a-long-random-ward"))[0] == 403
        assert (await read(site, Authorization="Bearer a-long-random-word"))[0] == 200


async def test_no_token_is_no_key(tmp_path: Path):
    async with pages(tmp_path, metrics={"allowed": []}) as site:
        assert (await read(site, Authorization="Bearer "))[0] == 403
