"""Draws the figures of an evaluation as a bar chart, in SVG and PNG."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Figure = tuple[float, float, float]  # mean, and the ends of its interval, in [0, 1]

_COLOURS = ("#1f6f8b", "#d9822b", "#5a9a4a", "#8d5a97", "#6b7280", "#b5443c")
_INK, _FAINT, _GRID = "#1f2933", "#5f6b76", "#dde3e8"
_BAR, _GAP, _HEIGHT = 26, 34, 240
_LEFT, _TOP, _BOTTOM, _RIGHT = 52, 80, 62, 24
_LETTER = 7.2  # points a letter of the labels takes, at most, in both forms
_SCALE = 2  # pixels of the PNG for one of the SVG


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True, slots=True)
class _Line:
    x0: float
    y0: float
    x1: float
    y1: float
    colour: str


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float  # of its middle
    text: str
    size: int = 12
    anchor: str = "middle"  # or start, end
    colour: str = _INK


_Mark = _Box | _Line | _Text


@dataclass(frozen=True, slots=True)
class Chart:
    """Groups of bars: a group a figure, a bar a setting, each with its interval.

    Attributes:
        title: Above it.
        series: Figures of each setting, by the setting's name.
        names: Which figures, in order.
    """

    title: str
    series: Mapping[str, Mapping[str, Figure]]
    names: Sequence[str]
    width: float = field(init=False)
    height: float = field(init=False)

    def __post_init__(self) -> None:
        """Take as much room as the bars and their labels need."""
        legend = sum(len(name) * _LETTER + 40 for name in self.series)
        inner = max(sum(map(self._room, self.names)), legend, len(self.title) * 9.0)
        object.__setattr__(self, "width", _LEFT + inner + _RIGHT)
        object.__setattr__(self, "height", _TOP + _HEIGHT + _BOTTOM)

    def _room(self, name: str) -> float:
        """Return how wide a group is: as its bars or its label."""
        return max(len(self.series) * _BAR, len(name) * _LETTER) + _GAP

    def svg(self) -> str:
        """Return it as SVG."""
        size = f'width="{self.width:.0f}" height="{self.height:.0f}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}'
            f' viewBox="0 0 {self.width:.0f} {self.height:.0f}" role="img"'
            ' font-family="system-ui, sans-serif">',
            f"<title>{html.escape(self.title)}</title>",
            *map(_as_svg, self._marks()),
            "</svg>",
        ]
        return "\n".join(parts)

    def png(self) -> bytes:
        """Return it as PNG."""
        from PIL import Image, ImageDraw, ImageFont

        size = (round(self.width * _SCALE), round(self.height * _SCALE))
        picture = Image.new("RGB", size, "white")
        draw = ImageDraw.Draw(picture)
        for mark in self._marks():
            if isinstance(mark, _Box):
                corner = (mark.x * _SCALE, mark.y * _SCALE)
                end = ((mark.x + mark.width) * _SCALE, (mark.y + mark.height) * _SCALE)
                draw.rectangle((*corner, *end), fill=mark.colour)
            elif isinstance(mark, _Line):
                ends = (mark.x0, mark.y0, mark.x1, mark.y1)
                draw.line([end * _SCALE for end in ends], fill=mark.colour, width=_SCALE)
            else:
                where = (mark.x * _SCALE, mark.y * _SCALE)
                anchor = {"start": "lm", "middle": "mm", "end": "rm"}[mark.anchor]
                font = ImageFont.load_default(mark.size * _SCALE)
                draw.text(where, mark.text, fill=mark.colour, font=font, anchor=anchor)
        out = io.BytesIO()
        picture.save(out, "PNG", optimize=True)
        return out.getvalue()

    def _marks(self) -> Iterator[_Mark]:
        yield _Box(0, 0, self.width, self.height, "#ffffff")
        yield _Text(_LEFT, 20, self.title, 15, "start")
        yield from self._legend()
        for step in range(6):
            y = _TOP + _HEIGHT * (1 - step / 5)
            yield _Line(_LEFT, y, self.width - _RIGHT, y, _GRID)
            yield _Text(_LEFT - 8, y, f"{step / 5:.1f}", 11, "end", _FAINT)
        left = float(_LEFT)
        for name in self.names:
            middle = left + self._room(name) / 2
            left += self._room(name)
            yield _Text(middle, _TOP + _HEIGHT + 18, name, 12)
            yield from self._bars(middle, name)
        yield _Text(
            _LEFT, self.height - 14, "Lines: 95 % intervals over the questions", 11, "start", _FAINT
        )

    def _legend(self) -> Iterator[_Mark]:
        x = float(_LEFT)
        for number, name in enumerate(self.series):
            yield _Box(x, 37, 12, 12, _COLOURS[number % len(_COLOURS)])
            yield _Text(x + 18, 43, name, 12, "start")
            x += len(name) * _LETTER + 40

    def _bars(self, middle: float, name: str) -> Iterator[_Mark]:
        left = middle - len(self.series) * _BAR / 2
        for number, figures in enumerate(self.series.values()):
            if name not in figures:
                continue
            mean, low, high = (min(max(value, 0.0), 1.0) for value in figures[name])
            x, floor = left + number * _BAR, _TOP + _HEIGHT
            colour = _COLOURS[number % len(_COLOURS)]
            yield _Box(x + 2, floor - mean * _HEIGHT, _BAR - 4, mean * _HEIGHT, colour)
            at = x + _BAR / 2
            yield _Line(at, floor - low * _HEIGHT, at, floor - high * _HEIGHT, _INK)
            yield _Text(at, floor - high * _HEIGHT - 9, f"{mean:.2f}", 10)


def _as_svg(mark: _Mark) -> str:
    if isinstance(mark, _Box):
        return (
            f'<rect x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}"'
            f' height="{mark.height:.1f}" fill="{mark.colour}"/>'
        )
    if isinstance(mark, _Line):
        return (
            f'<line x1="{mark.x0:.1f}" y1="{mark.y0:.1f}" x2="{mark.x1:.1f}"'
            f' y2="{mark.y1:.1f}" stroke="{mark.colour}"/>'
        )
    return (
        f'<text x="{mark.x:.1f}" y="{mark.y:.1f}" font-size="{mark.size}" fill="{mark.colour}"'
        f' text-anchor="{mark.anchor}" dominant-baseline="central">{html.escape(mark.text)}</text>'
    )
