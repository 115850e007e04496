"""How deep a fragment of HTML would nest, estimated from above in one pass.

Building the tree of a hostile fragment costs the square of its depth, and its
size can multiply: a bold that is never closed is opened again in every paragraph.
So the tags are counted before anything is built.  The estimate never falls short
of what a browser would build; it may exceed it for markup that is badly broken.
"""

import re
from collections.abc import Iterator

MAX_DEPTH = 64
MAX_WEIGHT = 50_000  # the sum of the depths of all elements

_ATTRIBUTES = r"""
    (?:
      [\s/]++
      | [^\s/>][^\s/>=]*+
        (?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+
    )*+
    (?:>|\Z)
"""
#: What a tokenizer takes for a comment, a tag, or an element whose content is no markup (HTML
#: §13.2.5), up to the end of the text when it is not closed.  What was matched is never given
#: back, so the time is linear for any text.
TAG = re.compile(
    rf"""
    <!--(?:-?>|.*?(?:--!?>|\Z))
    | <(?:[!?]|/(?![a-z]))[^>]*+(?:>|\Z)
    | <(?P<raw>iframe|script|style)(?=[\s/>]) {_ATTRIBUTES} .*?(?:(?=</(?P=raw)[\s/>])|\Z)
    | <(?P<close>/?)(?P<name>[a-z][^\s/>]*+) {_ATTRIBUTES}
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.ASCII,
)
_OPENING = re.compile(r"<[a-z]", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID = _words(
    "area base basefont bgsound br col embed hr img input keygen link meta param source track wbr"
)
#: After one of these the rest of the text follows other rules than ours.
_STRANGE = _words(
    "applet body button form frame frameset head html image marquee math nobr noembed noframes "
    "noscript object optgroup option plaintext rb rtc script select svg template textarea title xmp"
)
#: The start tag of a block closes a paragraph before it; its end tag closes all that may be left
#: open: paragraphs, items, terms.
BLOCKS = _words(
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer h1 h2 h3 h4 h5 h6 header hgroup li main menu nav ol p pre search section "
    "summary ul"
)
_OPTIONAL = _words("p li dd dt")


def is_tangled(html: str, depth: int = MAX_DEPTH) -> bool:
    """Whether a tree made of this might be deeper than that, or far larger than the text."""
    if len(_OPENING.findall(html)) <= depth:
        return False
    weight = 0
    stack: list[str] = []
    for closing, name in _tags(html):
        if name in _STRANGE:
            return True
        if closing:
            _close(stack, name)
            continue
        _open(stack, name)
        weight += len(stack)
        if len(stack) > depth or weight > MAX_WEIGHT:
            return True
    return False


def _tags(html: str) -> Iterator[tuple[bool, str]]:
    for tag in TAG.finditer(html):
        name = (tag["name"] or tag["raw"] or "").lower()
        if name and name not in _VOID:
            yield bool(tag["close"]), name


def _open(stack: list[str], name: str) -> None:
    top = stack[-1] if stack else ""
    if (name in _OPTIONAL and top == name) or (name in BLOCKS and top == "p"):
        stack.pop()
    stack.append(name)


def _close(stack: list[str], name: str) -> None:
    """Close the innermost element if it is the one named; otherwise trust that nothing closes."""
    depth = len(stack)
    if name in BLOCKS:
        while depth and stack[depth - 1] in _OPTIONAL and stack[depth - 1] != name:
            depth -= 1
    if depth and stack[depth - 1] == name:
        del stack[depth - 1 :]
