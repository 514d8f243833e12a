"""S5: decisions leave a record that cannot be changed unseen, all code can be read, and its licence is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, repository, service, source
from readiness.controls.wired import wired
from readiness.facts import Facts
from readiness.facts.module import Module, dotted
from readiness.facts.repository import Repository
from readiness.facts.shell import Call
from readiness.facts.unread import Unread

RECORD = re.compile(
    r"(?i)(^|\.)_?((write|record|log|append|save|emit)_(audit|decision|prediction)\w*"
    r"|audit(_?(log|trail|record|event|entry)s?)?|(decision|prediction)_?(log|record|event)s?)"
    r"(\.(record|write|append|log|emit|add|insert|put|publish|send|save|store|info)\w*)?$"
)
SEALS = frozenset({"sign", "hmac", "sha256", "sha512", "blake2b", "Ed25519PrivateKey"})
WORM = ("object_lock", "objectLock", "ObjectLock", "immutable_storage", "retention_policy", "qldb", "immudb")
NIST = "NIST SP 800-53 AU-2, AU-9"


def auditing(modules: Iterable[Module]) -> list[Module]:
    """The modules that keep, or call for, an audit record."""
    return [module for module in modules if keeps(module) or module.once(records)]


def keeps(module: Module) -> bool:
    return re.search(r"(?i)(^|/)(audit|decision_?log|prediction_?log)", module.file) is not None


def records(module: Module) -> bool:
    """Whether it writes a record: a call for its own sake, or one that is handed to something that calls it later."""
    for node in module.nodes:
        if isinstance(node, ast.Expr):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(value, ast.Call):
                later = [dotted(one) for one in value.args if isinstance(one, ast.Name | ast.Attribute)]
                if any(RECORD.search(name) for name in (module.called(value), *later)):
                    return True
    return False


@control(
    id="S5.decisions-recorded",
    title="The service records every decision: who asked, what, which model, what it said",
    why="a decision that nobody can look up cannot be explained, contested or corrected",
    remedy="write one record for each prediction: time, caller, request id, model version, input digest, output",
    severity="high",
    kind="repository",
    sources=(NIST, "Regulation (EU) 2024/1689, article 12"),
    subjects=service,
    needs=A_SERVICE,
)
def decisions_recorded(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if any(module.once(records) for module in facts.code.serving if not keeps(module)):
        return
    idle = auditing(facts.code.product)
    for module in idle:
        yield Problem("it keeps an audit record, but no answer of the service is written to it", 1, module.file)
    if not idle:
        yield Problem("no decision is recorded; an access log holds neither input, output nor model")


def recording(facts: Facts) -> Iterator[Repository]:
    """The repository, if its service keeps a record."""
    if auditing(facts.code.serving):
        yield facts.repository


@control(
    id="S5.record-sealed",
    title="The record of decisions cannot be changed unseen",
    why="a record that its own keeper can edit proves nothing",
    remedy="chain each record to the one before with SHA-256 and sign the head; or store it under an object lock",
    severity="medium",
    kind="repository",
    sources=(NIST,),
    subjects=recording,
)
def record_sealed(repo: Repository, facts: Facts) -> Iterator[Problem]:
    keepers = auditing(facts.code.serving)
    inside = facts.code.of(facts.code.reach({module.file for module in keepers}))
    near = {module.folder for module in keepers if keeps(module)} or {module.folder for module in keepers}
    if any(SEALS & set(module.names) for module in inside if module.folder in near):
        return
    for file in repo.role("terraform", "python", "yaml"):
        if any(word in file.text for word in WORM):
            return
    yield Problem("it writes a record that can be edited", 1, keepers[0].file)


@control(
    id="S5.licence",
    title="The repository says under which licence it stands",
    why="without one nobody may use, change or ship it, and nobody knows whose it is",
    remedy="write LICENSE: an open licence, or 'Proprietary, all rights reserved' with the owner's name",
    severity="low",
    kind="repository",
    sources=("https://choosealicense.com/no-permission/",),
    subjects=source,
)
def licence(repo: Repository, facts: Facts) -> Iterator[Problem]:
    files = [file for file in repo.role("licence") if "/" not in file.path]
    if not files:
        yield Problem("there is no LICENSE")
    elif len(files[0].text.strip()) < 20:
        yield Problem("it says nothing", 1, files[0].path)


def is_licence_check(call: Call) -> bool:
    trivy = call.runs("trivy") and any("license" in word for word in call.words)
    return trivy or call.runs(
        "pip-licenses", "liccheck", "licensecheck", "reuse", "fossa", "scancode", "license-scanning"
    )


@control(
    id="S5.licences-of-dependencies",
    title="CI checks the licences of dependencies",
    why="one package under a licence that does not fit can oblige the owner to publish the whole service",
    remedy="add a job: pip-licenses --fail-on 'GPL;AGPL' --partial-match",
    severity="low",
    kind="repository",
    sources=("https://spdx.dev/",),
    subjects=source,
    mandatory=False,
)
def licences_of_dependencies(repo: Repository, facts: Facts) -> Iterator[Problem]:
    yield from wired(facts, is_licence_check, "a check of licences")


def unread_or_repository(facts: Facts) -> Iterable[Unread | Repository]:
    """Each file of code or CI that cannot be read; the repository when there is none."""
    return (*facts.code.unread, *facts.pipelines.unread) or tuple(repository(facts))


@control(
    id="S5.readable-code",
    title="All Python and all CI can be read",
    why="what no tool can parse was judged by none, and would run on trust",
    remedy="mend the syntax: python -m compileall -q .",
    severity="high",
    kind="repository",
    sources=("design: unknown is never pass",),
    subjects=unread_or_repository,
)
def readable_code(one: Unread | Repository, facts: Facts) -> Iterator[Problem]:
    if isinstance(one, Unread):
        yield Problem(one.why, remedy=one.remedy)


CONTROLS = (decisions_recorded, record_sealed, licence, licences_of_dependencies, readable_code)
