"""HTML: one page that needs nothing else, no network, no script, no font; readable on a phone, on paper, by ear.

Its policy (Content-Security-Policy) lets a browser take the page's own style, by its digest, and nothing more. Every
text goes through ``markup``, which escapes it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.resources import files

from readiness.reports import Report, headline
from readiness.reports.page.evidence import evidence
from readiness.reports.page.items import items
from readiness.reports.page.markup import Markup, tag
from readiness.reports.page.summary import ml_tests, notes, summary, trend, waivers


def render(report: Report) -> Iterator[str]:
    style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    yield "<!DOCTYPE html>\n"
    yield '<html lang="en">\n'
    yield f"{head(report, style)}\n<body>\n<main>\n"
    for part in (summary, notes, items, waivers, ml_tests, evidence, trend):
        for piece in part(report):
            yield f"{piece}\n"
    yield "</main>\n</body>\n</html>\n"


def head(report: Report, style: str) -> Markup:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup('<meta name="color-scheme" content="light dark">'),
        tag("title", f"Production readiness: {headline(report)}"),
        tag("style", Markup(style)),
    )
