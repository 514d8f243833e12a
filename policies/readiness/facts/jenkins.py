"""Reads Jenkinsfiles as far as their shape allows: stages, shell steps, manual gates. Groovy itself is not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from readiness.facts.job import Job
from readiness.facts.repository import File, Repository
from readiness.facts.shell import Call, calls

COMMENT = re.compile(
    r"""(?P<text>'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?(?:\*/|\Z)""",
    re.DOTALL,
)
PART = re.compile(
    r"""stage\s*\(\s*['"](?P<stage>[^'"]+)['"]\s*\)"""
    r"""|\b(?:sh|bat)\b\s*\(?\s*(?:script:\s*)?(?P<shell>'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<input>\binput\b(?=\s*(?:[({'"]|message)))"""
    r"""|submitter\s*:?\s*['"](?P<submitter>[^'"]+)['"]"""
    r"""|(?P<lenient>catchError|returnStatus:\s*true)""",
    re.DOTALL,
)


@dataclass
class Stage:
    name: str
    line: int
    calls: list[Call] = field(default_factory=list)
    gated: bool = False
    approvers: str = ""
    lenient: bool = False


def jobs(file: File, repository: Repository) -> Iterator[Job]:
    """Each stage as a job. An ``input`` gates its own stage and those after it, as nothing goes on before it."""
    gate, approvers = "", ""
    for stage in stages(without_comments(file.text), file.path):
        if stage.gated:
            gate, approvers = "input", stage.approvers
        hidden = "catchError or returnStatus hides its failure" if stage.lenient else ""
        found = tuple(replace(call, ignored=call.ignored or hidden) for call in stage.calls)
        deploys = stage.name if re.search(r"deploy|release|promote", stage.name, re.IGNORECASE) else ""
        yield Job(stage.name, file.path, stage.line, "jenkins", not gate, found, deploys, gate, approvers)


def without_comments(text: str) -> str:
    return COMMENT.sub(lambda match: match[0] if match["text"] else "\n" * match[0].count("\n"), text)


def stages(text: str, path: str) -> Iterator[Stage]:
    stage = Stage("Jenkinsfile", 1)
    for match in PART.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if match["stage"]:
            yield stage
            stage = Stage(match["stage"], line)
        elif match["shell"]:
            quotes = 3 if match["shell"].startswith(("'''", '"""')) else 1
            stage.calls.extend(calls(match["shell"][quotes:-quotes], path, line))
        elif match["input"]:
            stage.gated = True
        elif match["submitter"]:
            stage.approvers = match["submitter"]
        else:
            stage.lenient = True
    yield stage
