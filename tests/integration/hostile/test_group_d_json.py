"""Group D: bodies that are no JSON, too much of it, or that say two things at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hostile import AS2
from siege import MARK, Case, Siege

pytestmark = pytest.mark.asyncio(loop_scope="module")

Send = Callable[[Siege], bytes]

UTF8_MARK = b"\xef\xbb\xbf"
#: Keywords with which a signed document can be made to say something else.
REARRANGING = ("@graph", "@included", "@reverse", "@nest", "@base", "@import")


def raw(body: bytes) -> Send:
    """A body as it stands."""
    return lambda siege: siege.post(siege.bob, body)


def view(**members: Any) -> Send:
    """Something without an effect, with more members in it or others."""
    return lambda siege: siege.post(siege.bob, siege.bob.say("View", siege.debate, **members))


def without(name: str) -> Send:
    def send(siege: Siege) -> bytes:
        activity = siege.bob.say("View", siege.debate)
        del activity[name]
        return siege.post(siege.bob, activity)

    return send


def spelled(change: Callable[[str], str | bytes]) -> Send:
    """The same, its text changed."""

    def send(siege: Siege) -> bytes:
        changed = change(json.dumps(siege.bob.say("View", siege.debate)))
        return siege.post(siege.bob, changed.encode() if isinstance(changed, str) else changed)

    return send


def adding(members: str) -> Send:
    """The same with members added to its text."""
    return spelled(lambda text: f"{text[:-1]}, {members}}}")


def renamed(**names: str) -> Send:
    def send(siege: Siege) -> bytes:
        activity = siege.bob.say("View", siege.debate)
        return siege.post(siege.bob, {names.get(name, name): activity[name] for name in activity})

    return send


def nested(levels: int, *, brackets: str = "[]") -> str:
    """A value that makes the document that deep."""
    opening, closing = brackets[0], brackets[-1]
    inner = '"a":' if opening == "{" else ""
    return (opening + inner) * (levels - 2) + opening + closing * (levels - 1)


def values(count: int) -> list[int]:
    return [1] * count


def redefining(name: str) -> dict[str, Any]:
    """A context that lets another member mean this one."""
    return {"@context": [AS2, {name: f"{AS2}#other", "x": f"{AS2}#{name}"}], "x": MARK}


CASES = [
    *(
        Case(f"D1-{name}", raw(body), 400, code)
        for name, body, code in (
            ("nothing", b"", "json"),
            ("spaces", b" \n", "json"),
            ("null", b"null", "json-object"),
            ("list", b"[]", "json-object"),
            ("text", b'"x"', "json-object"),
            ("number", b"1", "json-object"),
        )
    ),
    Case("D2-no-utf-8", spelled(lambda text: text.encode() + b"\xff"), 400, "json-encoding"),
    Case("D2-mark", spelled(lambda text: UTF8_MARK + text.encode()), 400, "json"),
    Case("D2-utf-16", spelled(lambda text: text.encode("utf-16")), 400, "json-encoding"),
    Case("D2-utf-16-le", spelled(lambda text: text.encode("utf-16-le")), 400, "json"),
    Case("D3-more", spelled(lambda text: text + MARK), 400, "json"),
    Case("D3-two", spelled(lambda text: text + text), 400, "json"),
    Case("D3-comment", spelled(lambda text: f"/* {MARK} */{text}"), 400, "json"),
    Case("D3-quotes", spelled(lambda text: text.replace('"', "'")), 400, "json"),
    Case("D3-comma", spelled(lambda text: f"{text[:-1]},}}"), 400, "json"),
    *(
        Case(f"D3-{number[:9]}", adding(f'"n": {number}'), 400, "json-number")
        for number in ("NaN", "Infinity", "-Infinity", "1e999", "9007199254740993", "1" * 5000)
    ),
    Case("D4-lists", raw(b"[" * 100_000), 400, "json-depth"),
    Case("D4-closed", raw(b"[" * 100_000 + b"]" * 100_000), 400, "json-depth"),
    Case("D4-objects", raw(b'{"a":' * 100_000), 400, "json-depth"),
    Case("D5-33", adding(f'"x": {nested(33)}'), 400, "json-depth"),
    Case("D5-33-objects", adding(f'"x": {nested(33, brackets="{}")}'), 400, "json-depth"),
    Case("D5-32", adding(f'"x": {nested(32)}'), 202),
    Case("D5-in-text", view(x="[" * 100), 202),
    Case("D6-20001", view(x=values(20_001)), 400, "json-size"),
    Case("D6-19000", view(x=values(19_000)), 202),
    *(
        Case(f"D7-{name}", adding(f'"{name}": "http://127.0.0.1/x"'), 400, "json-duplicate")
        for name in ("id", "type", "actor", "object", "@context")
    ),
    Case("D7-escaped", adding('"\\u0061ctor": "http://127.0.0.1/x"'), 400, "json-duplicate"),
    Case("D7-inside", adding('"x": {"y": 1, "y": 2}'), 400, "json-duplicate"),
    Case("D8-nul", view(x="\x00"), 400, "json-text"),
    Case("D8-nul-in-name", view(**{"\x00": 1}), 400, "json-text"),
    Case("D8-raw-nul", adding('"x": "\x00"'), 400, "json"),
    Case("D8-surrogate", adding('"x": "\\ud83d"'), 400, "json-text"),
    Case("D8-reversed", adding('"x": "\\ude00\\ud83d"'), 400, "json-text"),
    Case("D9-long-text", view(x="x" * 1_000_000), 400, "json-size"),
    Case("D10-long-name", view(**{"x" * 10_000: 1}), 202),
    *(
        Case(f"D10-{name}", view(**{name: {"id": "http://127.0.0.1/x"}}), 202)
        for name in ("__proto__", "constructor", "__class__", "__init__", "")
    ),
    Case("D11-none", without("@context"), 400, "context"),
    *(
        Case(f"D11-{name}", view(**{"@context": context}), 400, "context")
        for name, context in (
            ("null", None),
            ("other", "https://example.com/ns"),
            ("nearly", f"{AS2}#"),
            ("nested", [[AS2]]),
            ("object", {"@vocab": AS2}),
        )
    ),
    Case("D11-text", view(**{"@context": AS2}), 202),
    Case(
        "D11-1000",
        view(**{"@context": [AS2, *["https://example.com/ns"] * 999]}),
        202,
    ),
    Case(
        "D11-remote",
        lambda siege: view(**{"@context": [AS2, siege.evil.url("/context")]})(siege),
        202,
    ),
    *(
        Case(f"D12-{name}", view(**redefining(name)), 202)
        for name in ("actor", "id", "type", "object", "content")
    ),
    Case("D13-id", renamed(id="@id"), 400, "url"),
    Case("D13-type", renamed(type="@type"), 400, "type"),
    *(
        Case(f"D14-{name}", view(type=value), 400, "type")
        for name, value in (
            ("compact", "as:View"),
            ("iri", f"{AS2}#View"),
            ("two", ["View", "Delete"]),
            ("none", []),
            ("nested", [["View"]]),
            ("null", None),
            ("number", 1),
            ("long", "View" * 100),
            ("spaced", "View "),
        )
    ),
    Case("D14-one-in-a-list", view(type=["View"]), 202),
    *(Case(f"D15-{word}", view(**{word: []}), 400, "json-keyword") for word in REARRANGING),
    Case("D15-inside", view(x=[{"y": {"@graph": []}}]), 400, "json-keyword"),
    Case(
        "D15-in-context", view(**{"@context": [AS2, {"x": {"@reverse": "y"}}]}), 400, "json-keyword"
    ),
    Case("D16-compact", view(**{"as:actor": MARK, "as:type": "Delete"}), 202),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_body_says_one_thing_or_is_refused(siege: Siege, case: Case) -> None:
    await siege.withstand(case)
