"""An activity can be followed through the log of a node, by its id."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hostile import answer
from inboxes import Neighbour, Voice
from processes import ACTIVITY, PUBLIC, NodeProcess, Nodes, eventually

from fedi.core.signatures.message import Request
from fedi.core.signatures.request import sign


async def deliver(node: NodeProcess, voice: Voice, activity: dict[str, Any], **more: str) -> int:
    """POST an activity to the node's inbox, signed now; the status of the answer."""
    body = json.dumps(activity).encode()
    headers = {"Content-Type": ACTIVITY}
    bare = Request("POST", "http", f"localhost:{node.port}", "/inbox", list(headers.items()), body)
    headers |= sign(bare, voice.key, "cavage", datetime.now(UTC)) | more
    async with node.session.post(f"{node.url}/inbox", data=body, headers=headers) as answer:
        return answer.status


def lines(node: NodeProcess) -> list[dict[str, Any]]:
    """What the node has written into its log."""
    text = (node.home / "serve.log").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def about(node: NodeProcess, uri: str) -> dict[str, dict[str, Any]]:
    """The lines in which an id is written, by what happened."""
    return {line["event"]: line for line in lines(node) if uri in line.values()}


async def test_a_post_is_followed_from_the_door_to_those_it_is_passed_on_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FEDI_LOG__LEVEL", "debug")
    monkeypatch.setenv("FEDI_LOG__FORMAT", "json")
    monkeypatch.setenv("FEDI_LISTEN__TRUSTED_PROXIES", '["127.0.0.1", "::1"]')
    async with Nodes(tmp_path) as nodes, Neighbour() as lisbon, Neighbour() as porto:
        node = await nodes.add("climat", "camille")
        group = f"{node.url}/g/climat"
        ana, rui = lisbon.actor("ana"), porto.actor("rui")
        porto.on("/inbox", answer(202))
        assert await deliver(node, rui, rui.say("Follow", group)) == 202
        await eventually(lambda: _events(node, "delivered"), len)  # the Accept
        post = ana.note("hello", to=[PUBLIC, group], cc=[], audience=group)
        post |= {"name": "Qui vient ?", "published": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        create = ana.create(post)
        status = await deliver(node, ana, create, **{"X-Request-Id": "proxy-7"})
        assert status == 202
        await eventually(lambda: _events(node, "delivered", object=post["id"]), len)
        steps = about(node, create["id"])
        assert steps["accepted"]["request"] == "proxy-7"
        assert steps["processed"]["outcome"] == "done"
        boosts = await _events(node, "delivered", object=post["id"])
        said = await _events(node, "queued", activity=create["id"])
        assert {boost["activity"] for boost in boosts} <= {line["says"] for line in said}
        assert boosts[0]["peer"] == porto.origin
        assert await node.stop() == 0
        assert not [line for line in lines(node) if line["level"] == "error"]


async def _events(node: NodeProcess, event: str, **fields: str) -> list[dict[str, Any]]:
    return [
        line for line in lines(node) if line["event"] == event and fields.items() <= line.items()
    ]


async def test_a_quiet_log_tells_nothing_of_each_activity_and_no_mistake_of_peers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FEDI_LOG__FORMAT", "json")
    async with Nodes(tmp_path) as nodes, Neighbour() as lisbon:
        node = await nodes.add("climat")
        before = len(lines(node))
        ana = lisbon.actor("ana")
        assert await deliver(node, ana, ana.say("Like", f"{node.url}/o/nothing")) == 202
        assert await deliver(node, ana, {"type": "Nothing"}) == 400
        for _ in range(2):
            post = ana.note(inReplyTo=f"{lisbon.origin}/notes/gone", published="never")
            assert await deliver(node, ana, ana.create(post)) == 202
        await eventually(
            lambda: _metric(node, 'fedi_inbox_processed_total{outcome="ignored"}'), bool
        )
        assert await node.stop() == 0
        text = (node.home / "serve.log").read_text(encoding="utf-8")
        assert "Traceback" not in text
        events = {line["event"] for line in lines(node)[before:]}
        assert events <= {"stopping", "leading", "started"}


async def _metric(node: NodeProcess, sample: str) -> float:
    async with node.session.get(f"{node.url}/metrics") as answer:
        text = await answer.text()
    values = [line.split()[-1] for line in text.splitlines() if line.startswith(f"{sample} ")]
    return float(values[0]) if values else 0.0
