"""Group E: ids that are none, belong to somebody else, or are second names of others."""

from collections.abc import Callable
from typing import Any

import pytest
from siege import Case, Siege

pytestmark = pytest.mark.asyncio(loop_scope="module")

Send = Callable[[Siege], bytes]

#: What is no address of anything, and must not become one by being tidied up.
UNUSABLE = {
    "E4-javascript": "javascript:alert(1)",
    "E4-data": "data:text/plain,x",
    "E4-file": "file:///etc/passwd",
    "E4-ftp": "ftp://127.0.0.2/x",
    "E4-urn": "urn:uuid:8a7c1c1e-0000-4000-8000-000000000000",
    "E4-tag": "tag:127.0.0.2,2026:x",
    "E4-bear": "bear:?u=x",
    "E5-user": "http://{us}@{them}/x",
    "E5-password": "http://us:secret@{them}/x",
    "E6-fragment": "#x",
    "E6-path": "/x",
    "E6-no-scheme": "//{them}/x",
    "E6-one-slash": "http:/{them}/x",
    "E7-port-0": "http://127.0.0.2:0/x",
    "E7-port-99999": "http://127.0.0.2:99999/x",
    "E7-no-port": "http://127.0.0.2:/x",
    "E8-backslash": "http://{them}\\x",
    "E8-tab": "http://{them}/\tx",
    "E8-newline": "http://{them}/\r\nHost: x",
    "E8-space": "http://{them}/ x",
    "E8-space-before": " http://{them}/x",
    "E8-quote": 'http://{them}/"x',
    "E8-turned": "http://{them}/\u202ex",
    "E8-invisible": "http://{them}/\u200bx",
    "E9-escaped-host": "http://exam%70le.com/x",
    "E9-dot": "http://127.0.0.2.:{port}/x",
    "E9-capitals": "http://EXAMPLE.com/x",
    "E9-usual-port": "http://example.com:80/x",
    "E9-capital-scheme": "HTTP://{them}/x",
    "E10-homograph": "http://еxample.com/x",  # the first letter is Cyrillic
    "E11-circled": "http://①②⑦.⓪.⓪.②:{port}/x",
    "E11-number": "http://2130706434:{port}/x",
    "E11-hexadecimal": "http://0x7f.0.0.2:{port}/x",
    "E11-short": "http://127.2:{port}/x",
    "E11-empty-label": "http://127..0.2/x",
    "E12-long": "http://{them}/" + "x" * 2048,
}
#: One of each kind, where all would say no more.
SPECIMENS = (
    "E4-javascript",
    "E5-user",
    "E7-port-0",
    "E8-backslash",
    "E9-capitals",
    "E10-homograph",
)


def meant(siege: Siege, text: str) -> str:
    """Fill in who is who."""
    port = siege.evil.port
    return (
        text.replace("{us}", f"localhost:{siege.node.port}")
        .replace("{them}", f"127.0.0.2:{port}")
        .replace("{port}", str(port))
    )


def said(kind: str, name: str, value: Any) -> Send:
    """Mallory says it, with this in the place of an id."""

    def send(siege: Siege) -> bytes:
        filled = meant(siege, value) if isinstance(value, str) else value
        activity = siege.mallory.say(kind, siege.debate) | {name: filled}
        if filled is ...:
            del activity[name]
        return siege.post(siege.mallory, activity)

    return send


def created(text: str) -> Send:
    """Mallory's post, with this for an id of its own."""

    def send(siege: Siege) -> bytes:
        post = siege.mallory.note(inReplyTo=siege.debate) | {"id": meant(siege, text)}
        return siege.post(siege.mallory, siege.mallory.say("Create", post))

    return send


CASES = [
    *(
        Case(f"E1-{name}", said("View", "id", value), 400)
        for name, value in (
            ("none", ...),
            ("null", None),
            ("empty", ""),
            ("number", 1),
            ("list", ["http://127.0.0.2/x"]),
            ("object", {"id": "http://127.0.0.2/x"}),
            ("true", True),
        )
    ),
    Case("E1-none-accept", said("Accept", "id", ...), 202, "no-such-follow"),
    Case("E1-none-undo", said("Undo", "id", ...), 202, "done"),
    Case("E1-empty-undo", said("Undo", "id", ""), 400),
    Case("E2-other-port", said("View", "id", "http://127.0.0.2:1/x"), 400, "id-origin"),
    Case("E2-other-scheme", said("View", "id", "https://{them}/x"), 400, "id-origin"),
    Case("E2-other-host", said("View", "id", "http://127.0.0.1:{port}/x"), 400, "id-origin"),
    Case("E3-ours", said("View", "id", "http://{us}/a/1"), (400, 403), "id-origin"),
    Case("E10-a-label", said("View", "id", "http://xn--xample-2of.com/x"), 400, "id-origin"),
    *(Case(name, said("View", "id", text), 400, "url*") for name, text in UNUSABLE.items()),
    *(
        Case(f"{name}-is-liked", said("Like", "object", UNUSABLE[name]), 202, "no-object")
        for name in SPECIMENS
    ),
    *(
        Case(f"{name}-speaks", said("View", "actor", UNUSABLE[name]), 400, "actor")
        for name in SPECIMENS
    ),
    *(Case(f"{name}-is-written", created(UNUSABLE[name]), 202, "url*") for name in SPECIMENS),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_an_id_is_taken_as_it_is_or_not_at_all(siege: Siege, case: Case) -> None:
    await siege.withstand(case)


#: Addresses that other software takes for one and the same.
ALIKE = [
    "/n/x",
    "/n/X",
    "/n/x/",
    "//n/x",
    "/n/./x",
    "/n/y/../x",
    "/n/%78",
    "/n/x?",
    "/n/x?a",
    "/n/x#",
]


async def test_ids_that_look_alike_are_kept_apart(siege: Siege) -> None:
    uris = [siege.evil.url(path) for path in ALIKE]
    for number, uri in enumerate(uris):
        post = siege.mallory.note(inReplyTo=siege.debate) | {"id": uri}
        create = siege.mallory.say("Create", post, id=siege.evil.url(f"/creates/{number}"))
        await siege.take(siege.post(siege.mallory, create))
    stored = siege.query("select uri from posts where uri like ?", f"{siege.evil.origin}%")
    assert sorted(row["uri"] for row in stored) == sorted(uris)
