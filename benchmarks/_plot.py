"""Line charts as SVG, readable on light and dark ground, without a library."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import count
from math import log10

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 40, 84
STROKES = (("#d1495b", "8 3"), ("#e08e0b", "2 3"), ("#3d85c6", "10 3 2 3"), ("#3a9d5d", "none"))
"""Colour and dashes of each line: the last one stands out."""
STYLE = (
    "svg{color:#57606a;font:12px system-ui,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{color:#9da7b1}}"
    "text{fill:currentColor}.grid{stroke:currentColor;opacity:.2}.axis{stroke:currentColor}"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}.span{fill:currentColor;opacity:.1}"
)

Point = tuple[float, float]
Stroke = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Axis:
    """What it measures, in which unit, from the first of its ticks to the last."""

    label: str
    ticks: Sequence[float]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, from 0 to 1; what lies outside is drawn at the end."""
        low, high = self.ticks[0], self.ticks[-1]
        value = min(high, max(low, value))
        if self.logarithmic:
            low, high, value = log10(low), log10(high), log10(value)
        return (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through points."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the x axis with a name."""

    name: str
    start: float
    end: float


def chart(title: str, lines: Sequence[Line], *, x: Axis, y: Axis, span: Span | None = None) -> str:
    """The whole picture of at most four lines."""
    strokes = STROKES[-len(lines) :]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="600">{escape(title)}</text>',
        *([shaded(span, x)] if span else []),
        *(horizontal(y, tick) for tick in y.ticks),
        *(vertical(x, tick) for tick in x.ticks),
        *labels(x, y),
        *(path(line, stroke, x, y) for line, stroke in zip(lines, strokes, strict=True)),
        *(entry(*numbered) for numbered in zip(count(), lines, strokes)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def across(axis: Axis, value: float) -> float:
    return round(LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT), 1)


def up(axis: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM), 1)


def horizontal(axis: Axis, tick: float) -> str:
    height = up(axis, tick)
    kind = "axis" if tick == axis.ticks[0] else "grid"
    return (
        f'<path class="{kind}" d="M{LEFT} {height}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{height + 4}" text-anchor="end">{tick:g}</text>'
    )


def vertical(axis: Axis, tick: float) -> str:
    place, bottom = across(axis, tick), HEIGHT - BOTTOM
    return (
        f'<path class="axis" d="M{place} {bottom}v4"/>'
        f'<text x="{place}" y="{bottom + 18}" text-anchor="middle">{tick:g}</text>'
    )


def labels(x: Axis, y: Axis) -> list[str]:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return [
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 34}" text-anchor="end">{escape(x.label)}</text>',
        f'<text transform="translate(16 {middle}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>',
    ]


def shaded(span: Span, axis: Axis) -> str:
    start, end = across(axis, span.start), across(axis, span.end)
    return (
        f'<path class="span" d="M{start} {TOP}H{end}V{HEIGHT - BOTTOM}H{start}z"/>'
        f'<text x="{start + 6}" y="{TOP + 14}">{escape(span.name)}</text>'
    )


def path(line: Line, stroke: Stroke, x: Axis, y: Axis) -> str:
    steps = "L".join(f"{across(x, place)} {up(y, value)}" for place, value in line.points)
    return f'<path class="line" {drawn(stroke)} d="M{steps}"/>'


def entry(place: int, line: Line, stroke: Stroke) -> str:
    """The line's place in the legend under the chart, two in a row."""
    left, top = LEFT + place % 2 * 340, HEIGHT - 34 + place // 2 * 20
    return (
        f'<path class="line" {drawn(stroke)} d="M{left} {top}h40"/>'
        f'<text x="{left + 48}" y="{top + 4}">{escape(line.name)}</text>'
    )


def drawn(stroke: Stroke) -> str:
    colour, dashes = stroke
    return f'stroke="{colour}" stroke-dasharray="{dashes}"'
