"""A control: data that says what is demanded and why, and one pure function that looks at one subject.

The function yields a ``Problem`` for each thing wrong and nothing when all is well. Whether that is a pass, a fail or
"not evaluated" is decided here, once: what cannot be read never counts as a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from sys import intern
from typing import Any, Generic, Literal, Protocol, TypeVar

from readiness.checklist import ITEMS
from readiness.facts import Facts
from readiness.facts.resources import WrongShape
from readiness.facts.unknown import UnknownValue
from readiness.facts.unread import UnreadError

Severity = Literal["low", "medium", "high", "critical"]
Kind = Literal["repository", "resources", "evidence"]
ENVIRONMENTS = ("dev", "staging", "prod")


class Verdict(StrEnum):
    """What is said of a subject, a control or an item."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    NOT_EVALUATED = "not-evaluated"


class Subject(Protocol):
    """What a control looks at: a resource, a workload, a container, a file, a record, the repository."""

    @property
    def label(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


S = TypeVar("S", bound=Subject)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a subject.

    Attributes:
        message: what is wrong, with the names and values at fault; no full stop.
        line: where, if that is more exact than the subject's own line.
        file: the same, for another file.
        remedy: what to type or paste for this very case; empty for the control's own.
    """

    message: str
    line: int = 0
    file: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a control says of one subject."""

    verdict: Verdict
    resource: str
    file: str
    line: int
    message: str
    remedy: str


@dataclass(frozen=True)
class Control(Generic[S]):
    """One demand of the gate.

    Attributes:
        id: item and name, such as ``D3.readiness-probe``.
        title: the demand, as a sentence that is true when it is met.
        why: what goes wrong otherwise.
        remedy: what to type or paste.
        severity: how bad it is to fail it.
        kind: which facts it looks at.
        sources: where the demand comes from.
        subjects: what to look at, of all facts. It must not read what may be unknown.
        judge: yields what is wrong with one subject.
        mandatory: its item cannot pass while it fails or cannot be judged.
        needs: what there must be one of; without any, the control is not evaluated. Empty: no subject, nothing to say.
        environments: the environments in which it is demanded.
        waivable: somebody may answer for not meeting it; not where other verdicts rest on it.
        alone: it judges a workload by that workload alone, so that a tool which shows one object at a time can ask it.
    """

    id: str
    title: str
    why: str
    remedy: str
    severity: Severity
    kind: Kind
    sources: tuple[str, ...]
    subjects: Callable[[Facts], Iterable[S]]
    judge: Callable[[S, Facts], Iterable[Problem]]
    mandatory: bool = True
    needs: str = ""
    environments: tuple[str, ...] = ENVIRONMENTS
    waivable: bool = True
    alone: bool = False

    def __post_init__(self) -> None:
        if self.item not in ITEMS:
            raise ValueError(f"{self.id}: {self.item} is no item of the checklist")

    @property
    def item(self) -> str:
        return self.id.partition(".")[0]

    @property
    def weight(self) -> str:
        """How bad it is to fail it, and whether its item can pass all the same."""
        return self.severity if self.mandatory else f"{self.severity}, advisory"

    def findings(self, facts: Facts) -> Iterator[Finding]:
        """What it says of each subject; a subject without a problem passes."""
        if facts.environment not in self.environments:
            return
        try:
            for subject in self.subjects(facts):
                yield from self.look_at(subject, facts)
        except Exception as error:  # what selects subjects broke on input nobody foresaw: say so, pass nothing
            yield Finding(Verdict.NOT_EVALUATED, "-", "", 0, because(error), self.remedy)

    def look_at(self, subject: S, facts: Facts) -> Iterator[Finding]:
        label, file, line = intern(subject.label), subject.file, subject.line
        found = False
        try:
            for problem in self.judge(subject, facts):
                found = True
                place = (problem.file or file, problem.line or (0 if problem.file else line))
                yield Finding(Verdict.FAIL, label, *place, problem.message, problem.remedy or self.remedy)
        except UnreadError as error:
            unread = error.unread
            yield Finding(Verdict.NOT_EVALUATED, label, unread.file, unread.line, unread.why, unread.remedy)
        except Exception as error:  # UnknownValue, WrongShape, or input nobody foresaw: never a pass, never a crash
            yield Finding(Verdict.NOT_EVALUATED, label, file, line, because(error), self.remedy)
        else:
            if not found:
                yield Finding(Verdict.PASS, label, file, line, self.title, "")


def because(error: Exception) -> str:
    """Why something was not evaluated, in words for whoever reads the report."""
    if isinstance(error, UnknownValue | WrongShape):
        return str(error)
    return f"it has a shape that this control cannot judge ({type(error).__name__}: {error})"


def control(
    *,
    id: str,
    title: str,
    why: str,
    remedy: str,
    severity: Severity,
    kind: Kind,
    sources: tuple[str, ...],
    subjects: Callable[[Facts], Iterable[S]],
    mandatory: bool = True,
    needs: str = "",
    environments: tuple[str, ...] = ENVIRONMENTS,
    waivable: bool = True,
    alone: bool = False,
) -> Callable[[Callable[[S, Facts], Iterable[Problem]]], Control[S]]:
    """Makes a control of the function that judges one subject; the arguments are those of ``Control``."""

    def make(judge: Callable[[S, Facts], Iterable[Problem]]) -> Control[S]:
        given = (id, title, why, remedy, severity, kind, sources, subjects, judge)
        return Control(*given, mandatory, needs, environments, waivable, alone)

    return make


AnyControl = Control[Any]
