"""Runbook pages as data: their headings, queries, commands and links."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "runbooks"


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        path: where it is.
    """

    path: Path

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def headings(self) -> list[str]:
        """Of the second level, in order."""
        return re.findall(r"^## (.+)$", self.text, re.MULTILINE)

    @property
    def queries(self) -> list[str]:
        """PromQL."""
        return [query.strip() for query in re.findall(r"```promql\n(.*?)```", self.text, re.DOTALL)]

    @property
    def commands(self) -> list[list[str]]:
        """Each command, in words: lines of shell blocks, and code in the text that begins like one."""
        blocks = re.findall(r"```sh\n(.*?)```", self.text, re.DOTALL)
        lines = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
        inline = re.findall(r"`((?:make|kubectl|git|curl|python|\.venv/bin/python) [^`]+)`", self._prose)
        return [shlex.split(line.removesuffix("&")) for line in (*lines, *inline)]

    @property
    def links(self) -> list[str]:
        """Other pages, some with a place in them."""
        return re.findall(r"\]\((?!http)([^)]+)\)", self.text)

    @property
    def files(self) -> list[str]:
        """Files and folders of the project that the text names."""
        return re.findall(r"`((?:deploy|src|tests|runbooks)/[\w./-]+|[\w-]+\.(?:toml|yaml|md))`", self._prose)

    @property
    def settings(self) -> set[str]:
        """Settings of the service that the text names."""
        return set(re.findall(r"\bSERVICE_[A-Z_]+\b", self.text))

    @property
    def _prose(self) -> str:
        return re.sub(r"```.*?```", "", self.text, flags=re.DOTALL)


def pages(folder: Path = FOLDER) -> dict[str, Page]:
    """All pages by file name."""
    return {path.name: Page(path) for path in sorted(folder.glob("*.md"))}
