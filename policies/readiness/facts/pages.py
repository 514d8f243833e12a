"""Documentation: pages of Markdown, their headings, what stands under each, and the commands they tell to type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.facts.repository import File, Repository
from readiness.facts.shell import Call, calls

HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
SHELL = frozenset({"", "sh", "bash", "shell", "console", "zsh", "text"})
# Pages that are somebody else's, or about the past.
ASIDE = re.compile(r"(^|/)(CHANGELOG|HISTORY|CODE_OF_CONDUCT|SECURITY_ADVISORIES|node_modules)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, up to the next heading of any depth."""

    page: File
    title: str
    line: int
    text: str

    @property
    def label(self) -> str:
        return self.page.label

    @property
    def file(self) -> str:
        return self.page.path


def pages(repository: Repository) -> Iterator[File]:
    """The pages of the documentation, the shortest path first."""
    found = (file for file in repository.role("markdown") if not ASIDE.search(file.path))
    return iter(sorted(found, key=lambda file: (file.path.count("/"), file.path)))


def sections(page: File) -> list[Section]:
    """The sections of a page. What stands before the first heading has an empty title."""
    found: list[Section] = []
    title, line, held, fenced = "", 1, [""], False
    for number, text in enumerate(page.lines, 1):
        fenced ^= text.lstrip().startswith(("```", "~~~"))
        heading = None if fenced else HEADING.match(text)
        if heading:
            found.append(Section(page, title, line, "\n".join(held)))
            title, line, held = heading[2], number, []
        else:
            held.append(text)
    return [*found, Section(page, title, line, "\n".join(held))]


def under(page: File, pattern: str) -> Iterator[Section]:
    """The sections of a page whose heading, or whose page's own name or title, matches."""
    wanted = re.compile(pattern, re.IGNORECASE)
    parts = page.once(sections)
    whole = wanted.search(page.path) or any(wanted.search(part.title) for part in parts[:2])
    if whole:
        yield Section(page, parts[1].title if len(parts) > 1 else "", 1, page.text)
        return
    for part in parts:
        if wanted.search(part.title):
            yield part


def commands(page: File) -> list[Call]:
    """The commands in its code blocks and between its backticks."""
    found: list[Call] = []
    block: list[str] | None = None
    begun = 0
    for number, text in enumerate(page.lines, 1):
        mark = re.match(r"\s*(?:```|~~~)\s*([\w+-]*)", text)
        if mark and block is None:
            block, begun = ([], number + 1) if mark[1].lower() in SHELL else (None, 0)
            if block is None:
                block, begun = [], -1
        elif mark and block is not None:
            if begun > 0:
                found += calls("\n".join(block), page.path, begun)
            block = None
        elif block is not None:
            block.append(re.sub(r"^\s*[$>▸]\s+", "", text))
        else:
            for inline in re.findall(r"`([^`]+)`", text):
                found += calls(inline, page.path, number)
    return found
