"""Builds HTML of text that may be hostile: what is not ``Markup`` is escaped, whoever forgets to."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from readiness.reports.text import visible


class Markup(str):
    """Text that is HTML already. Joined with other text it is plain text again, and so escaped."""

    __slots__ = ()


def tag(name: str, *inside: str, **attributes: str) -> Markup:
    """An element; ``class_`` and ``aria_label`` name the attributes ``class`` and ``aria-label``."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{safe(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{told}>{''.join(map(safe, inside))}</{name}>")


def safe(text: str) -> str:
    return text if isinstance(text, Markup) else escape(visible(text), quote=True)


def code(text: str) -> Markup:
    """A name, a place or a command; its direction of writing touches nothing around it."""
    return tag("code", text)


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Markup:
    """A table whose first column names the row. It can be scrolled by key where the screen is narrower."""
    columns = (tag("th", one, scope="col") for one in heads)
    body = (row(list(cells)) for cells in rows)
    whole = tag(
        "table", tag("caption", caption), tag("thead", tag("tr", *columns)), Markup(f"<tbody>{''.join(body)}</tbody>")
    )
    return tag("div", whole, class_="wide", role="region", tabindex="0", aria_label=caption)


def row(cells: list[str]) -> Markup:
    return tag("tr", tag("th", cells[0], scope="row"), *(tag("td", one) for one in cells[1:]))


def heading(level: int, text: str) -> Markup:
    return tag(f"h{level}", text)


def unfolding(summary: str, *inside: str, unfolded: bool = False) -> Markup:
    """What is shown when it is asked for; with ``unfolded`` from the start."""
    begin = "<details open>" if unfolded else "<details>"
    return Markup(f"{begin}{tag('summary', summary)}{''.join(map(safe, inside))}</details>")
