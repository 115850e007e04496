"""Colours of networks: legible on paper by day and by night, and told apart at a glance.

A node chooses its own colour (`network.theme`); it gives the networks it follows one each,
in the order in which it met them.  Contrast is that of WCAG 2.2, 1.4.3.
"""

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass

LIGHT_PAPER, DARK_PAPER = "#fbfaf7", "#181a19"
ENOUGH_LIGHT, ENOUGH_DARK = 5.5, 7.5

#: Inks that sit well beside each other; a network whose turn comes takes the next.
PALETTE = (
    "#2b5a8c", "#74406f", "#97471f", "#5a611c", "#0f6b5c", "#8a2f4d", "#4b4fa0", "#7a5a12",
    "#3d6b2f", "#1f6480",
)  # fmt: skip
#: Degrees of the colour circle below which two inks look alike.
TOO_CLOSE = 24


@dataclass(frozen=True)
class Ink:
    """One colour, as it is on light paper and on dark paper."""

    light: str
    dark: str


def ink(colour: str) -> Ink:
    """Make a colour legible on both papers, keeping its hue."""
    return Ink(
        _until(colour, LIGHT_PAPER, ENOUGH_LIGHT, step=-0.01),
        _until(_soften(colour), DARK_PAPER, ENOUGH_DARK, step=0.01),
    )


def inks(theme: str) -> Iterator[Ink]:
    """The colours of other networks, without those that look like ours; over again at the end."""
    others = [colour for colour in PALETTE if _between(colour, theme) >= TOO_CLOSE]
    while True:
        yield from map(ink, others)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str) -> str:
    """Paper or ink, whichever reads better on a button of this colour."""
    return max("#ffffff", "#0d1715", key=lambda text: contrast(text, colour))


def _until(colour: str, paper: str, enough: float, *, step: float) -> str:
    hue, lightness, saturation = _hls(colour)
    while contrast(colour, paper) < enough and 0 <= lightness + step <= 1:
        lightness += step
        colour = _hex(hue, lightness, saturation)
    return colour


def _soften(colour: str) -> str:
    """Lamps are not inks: a colour that shines wants less of itself."""
    hue, lightness, saturation = _hls(colour)
    return _hex(hue, lightness, saturation * 0.6)


def _between(one: str, other: str) -> float:
    distance = abs(_hls(one)[0] - _hls(other)[0]) * 360
    return min(distance, 360 - distance)


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def _hls(colour: str) -> tuple[float, float, float]:
    return colorsys.rgb_to_hls(*_channels(colour))


def _hex(hue: float, lightness: float, saturation: float) -> str:
    channels = colorsys.hls_to_rgb(hue, lightness, saturation)
    return "#" + bytes(round(channel * 255) for channel in channels).hex()


def _luminance(colour: str) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
