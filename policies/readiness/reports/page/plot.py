"""A line for each series, as SVG in the page. Lines differ in dash and marker, not in colour alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from readiness.reports.page.markup import Markup, tag, unfolding
from readiness.reports.page.markup import table as table_of

WIDTH, HEIGHT = 320, 180
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 28
DASHES = ("", "6 3", "2 3", "8 3 2 3")
MARKERS = ("●", "■", "▲", "◆")


@dataclass(frozen=True, slots=True)
class Series:
    """Values in order, each with what it belongs to: a day, a report."""

    name: str
    points: tuple[tuple[str, float], ...]


def plot(title: str, every: Sequence[Series], unit: str, top: float = 0.0) -> Markup:
    """A figure with its legend, and the same figures as a table.

    Args:
        top: where the axis ends; 0 for the largest value.
    """
    most = max((top, *(value for one in every for _, value in one.points))) or 1.0
    least = min((0.0, *(value for one in every for _, value in one.points)))
    parts = [*axis(least, most), *labels(every)]
    for number, one in enumerate(every):
        parts += line(one, number, least, most)
    picture = tag(
        "svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{title} ({unit}); figures follow"
    )
    legend = (
        tag("li", tag("span", marker(number), aria_hidden="true", class_=f"line{number % 4}"), f" {one.name}")
        for number, one in enumerate(every)
    )
    caption = tag("figcaption", f"In {unit}", tag("ul", *legend, class_="legend"))
    rows = ([one.name, label, f"{value:g}"] for one in every for label, value in one.points)
    return tag("figure", picture, caption, unfolding("Figures", table_of(title, ("series", "at", unit), rows)))


def marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]


def axis(least: float, most: float) -> Iterator[Markup]:
    for value in (least, (least + most) / 2, most):
        y = f"{height(value, least, most):.1f}"
        yield tag("line", class_="grid", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=y, y2=y)
        yield tag("text", f"{value:.3g}", x=str(LEFT - 6), y=y, text_anchor="end", dominant_baseline="middle")


def labels(every: Sequence[Series]) -> Iterator[Markup]:
    """What the first and the last point belong to."""
    longest = max(every, key=lambda one: len(one.points)).points
    y = str(HEIGHT - 8)
    yield tag("text", shortened(longest[0][0]), x=str(LEFT), y=y)
    if len(longest) > 1:
        yield tag("text", shortened(longest[-1][0]), x=str(WIDTH - RIGHT), y=y, text_anchor="end")


def shortened(label: str) -> str:
    return label if len(label) <= 20 else f"{label[:19]}…"


def line(one: Series, number: int, least: float, most: float) -> Iterator[Markup]:
    last = max(len(one.points) - 1, 1)
    width = WIDTH - LEFT - RIGHT
    at = [
        (f"{LEFT + width * place / last:.1f}", f"{height(value, least, most):.1f}")
        for place, (_, value) in enumerate(one.points)
    ]
    kind = f"line{number % 4}"
    yield tag(
        "polyline", points=" ".join(map(",".join, at)), class_=f"{kind} path", stroke_dasharray=DASHES[number % 4]
    )
    for x, y in at:
        yield tag("text", marker(number), x=x, y=y, class_=kind, text_anchor="middle", dominant_baseline="central")


def height(value: float, least: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - least) / ((most - least) or 1.0)
