"""Wired beats present: a check counts when CI runs it by itself and stops when it fails.

This says which part is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from readiness.control import Problem
from readiness.facts import Facts
from readiness.facts.follow import Follow
from readiness.facts.makefiles import makefiles
from readiness.facts.shell import Call, calls
from readiness.facts.unread import UnreadError

IsIt = Callable[[Call], bool]


def wired(facts: Facts, is_it: IsIt, what: str, may_be_manual: bool = False) -> Iterator[Problem]:
    """A problem unless CI runs it, by itself, and its failure stops the job.

    Args:
        is_it: whether a call is the check.
        what: the check in a few words, for messages.
        may_be_manual: a job that a person starts counts as well.

    Raises:
        UnreadError: it was not found, but a file of the CI could not be read.
    """
    pipelines = facts.pipelines
    found = [call for call in (pipelines.all_calls if may_be_manual else pipelines.calls) if is_it(call)]
    if any(not call.ignored for call in found):
        return
    if pipelines.unread:
        raise UnreadError(pipelines.unread[0])
    if found:
        call = found[0]
        yield Problem(f"{what}: CI runs `{short(call)}`, but {call.ignored}", call.line, call.file)
    elif by_hand := next((call for call in pipelines.all_calls if is_it(call)), None):
        message = f"{what}: `{short(by_hand)}` runs only when somebody starts its job"
        yield Problem(message, by_hand.line, by_hand.file)
    elif elsewhere := next((call for call in facts.once(unreached) if is_it(call)), None):
        lead = f" of `{elsewhere.via[0]}`" if elsewhere.via else ""
        message = f"{what}: `{short(elsewhere)}`{lead} is here, but no job of {pipelines.described} runs it"
        yield Problem(message, elsewhere.line, elsewhere.file)
    else:
        yield Problem(f"{what}: {pipelines.described} runs nothing of the kind", file=first_file(facts))


def unreached(facts: Facts) -> tuple[Call, ...]:
    """What make targets, hooks and scripts would run, whether or not anything calls them."""
    return tuple(every_call(facts))


def every_call(facts: Facts) -> Iterator[Call]:
    for words in starts(facts):
        yield from Follow(facts.repository)(Call(words, "", 0))
    for file in facts.repository.role("shell"):
        try:
            yield from calls(file.text, file.path)
        except UnreadError:
            continue  # a control of its own says so


def starts(facts: Facts) -> Iterator[tuple[str, ...]]:
    """The commands by which somebody starts what a repository holds."""
    for folder, makefile in facts.repository.once(makefiles).items():
        for name in makefile.targets:
            yield ("make", *(("-C", folder) if folder else ()), name)
    yield ("pre-commit", "run")


def short(call: Call) -> str:
    return call.text if len(call.text) <= 70 else call.text[:69] + "…"


def first_file(facts: Facts) -> str:
    return facts.pipelines.files[0] if facts.pipelines.files else ""
