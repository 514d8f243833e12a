"""Text of a judged repository as reports may show it: whatever a name or message holds, it is only text."""

from __future__ import annotations

import re

from readiness.control import Finding

# Controls of terminals, of the order of writing (bidirectional), invisible signs, and what no XML may hold.
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff0-\uffff]"
)


def visible(text: str) -> str:
    """The text on one line, with what would act or hide spelled out, as ``\\x1b`` or ``\\u202e``."""
    return UNSEEN.sub(spelled, text.replace("\n", " ").replace("\t", " "))


def spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def place(one: Finding) -> str:
    """Where a finding is: file and line, as an editor takes them; empty when it is in no one file."""
    file = "" if one.file in ("", ".") else visible(one.file)
    return f"{file}:{one.line}" if file and one.line else file
