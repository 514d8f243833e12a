"""Faults in files and in the records of evidence."""

import json
import re
from collections.abc import Callable

from faults.fault import Change, Draft
from readiness.facts.record import digest


def replaced(path: str, old: str, new: str) -> Change:
    """A file in which one text stands for another, everywhere."""

    def change(draft: Draft) -> None:
        text = draft.read(path)
        assert old in text, f"{path} does not hold {old!r}"
        draft.files[path] = text.replace(old, new)

    return change


def matched(path: str, pattern: str, new: str) -> Change:
    """A file in which all that matches a pattern is replaced."""

    def change(draft: Draft) -> None:
        draft.files[path], count = re.subn(pattern, new, draft.read(path), flags=re.MULTILINE)
        assert count, f"nothing in {path} matches {pattern!r}"

    return change


def texts(pattern: str, edit: Callable[[str], str]) -> Change:
    """Every file whose path matches a pattern, edited."""

    def change(draft: Draft) -> None:
        read = {path: draft.read(path) for path in draft.paths if re.fullmatch(pattern, path)}
        edited = {path: edit(text) for path, text in read.items()}
        changed = {path: text for path, text in edited.items() if text != read[path]}
        assert changed, f"nothing under {pattern} was changed"
        draft.files.update(changed)

    return change


def appended(path: str, text: str) -> Change:
    return lambda draft: draft.files.update({path: draft.read(path) + text})


def written(path: str, text: str) -> Change:
    """A new file."""
    return lambda draft: draft.files.update({path: text})


def deleted(*patterns: str) -> Change:
    """Files taken away: those whose path matches one of the patterns."""

    def change(draft: Draft) -> None:
        found = [path for path in draft.paths for pattern in patterns if re.fullmatch(pattern, path)]
        assert found, f"no file matches {patterns}"
        draft.files.update(dict.fromkeys(found))

    return change


def record(kind: str, **changed: object) -> Change:
    """A record of evidence that was written otherwise, with all that follow it chained anew."""

    def change(draft: Draft) -> None:
        previous = ""
        for path in sorted(path for path in draft.paths if path.startswith("evidence/")):
            told = json.loads(draft.read(path))
            if told["kind"] == kind:
                told |= {key: value for key, value in changed.items() if key in told}
                told["values"] |= {key: value for key, value in changed.items() if key not in told}
            told["previous"] = previous
            told["digest"] = previous = digest(told)
            draft.files[path] = json.dumps(told)

    return change
