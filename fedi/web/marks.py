"""A mark for each network, drawn from its id: line ornaments, like those of a printed review.

The same id gives the same drawing on every node.
"""

import hashlib
from functools import lru_cache

from markupsafe import Markup

#: What is repeated around the centre of a 44-unit square, and how often at most.
_FIGURES = (
    ('<path d="M22 18.500C17 14 17 8 22 4.500c5 3.500 5 9.500 0 14Z"/>', (5, 6, 7, 8)),  # petal
    ('<circle cx="22" cy="12" r="7.500"/>', (5, 6, 7, 8)),  # interlaced rings
    ('<path d="M22 17V9M22 4.500 25.500 9h-7Z"/>', (6, 8, 10)),  # arrows
    ('<path d="M22 18V7"/><circle cx="22" cy="5.500" r="1.700"/>', (7, 9, 11)),  # stamens
    ('<path d="M12.500 8.500Q22 1 31.500 8.500 22 13 12.500 8.500Z"/>', (5, 6)),  # leaves
    ('<path d="M22 4.500 34 12 22 16 10 12Z"/>', (4, 5, 6)),  # tiles
    ('<path d="M22 17.500C13 14 16 3.500 22 9c6-5.500 9 5 0 8.500Z"/>', (4, 5)),  # hearts
)
_HEARTS = (
    '<circle cx="22" cy="22" r="3.500"/>',
    '<circle cx="22" cy="22" r="1.500"/>',
    '<path d="M22 19.500l2.500 2.500-2.500 2.500-2.500-2.500Z"/>',
    "",
)


@lru_cache(maxsize=512)
def mark(uri: str, *, colour: str = "currentColor") -> Markup:
    """The drawing as an `<svg>` element, without a name: the network's stands beside it."""
    figure, times, heart, turn = hashlib.sha256(uri.encode()).digest()[:4]
    shape, counts = _FIGURES[figure % len(_FIGURES)]
    number = counts[times % len(counts)]
    start = 180 / number if turn % 2 else 0
    petals = "".join(
        f'<g transform="rotate({start + index * 360 / number:.1f} 22 22)">{shape}</g>'
        for index in range(number)
    )
    return Markup(  # noqa: S704  made of the constants above and of numbers
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 44 44" fill="none" '
        f'stroke="{colour}" stroke-width="1.500" stroke-linecap="round" stroke-linejoin="round" '
        f'aria-hidden="true" focusable="false">{petals}{_HEARTS[heart % len(_HEARTS)]}</svg>'
    )
