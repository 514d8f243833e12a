"""G3 and D5: what is written lets a newcomer run, change and repair the service, and its commands exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import repository, source
from readiness.facts import Facts
from readiness.facts.follow import make_arguments
from readiness.facts.makefiles import Makefile, makefiles
from readiness.facts.pages import commands, pages
from readiness.facts.repository import File, Repository
from readiness.facts.shell import Call

WRITING = "https://www.makeareadme.com/"
CARDS = "Mitchell et al., Model Cards for Model Reporting, 2019"
STARTS = frozenset(
    {
        "make",
        "docker",
        "podman",
        "uvicorn",
        "gunicorn",
        "flask",
        "bentoml",
        "mlserver",
        "helm",
        "kubectl",
        "tox",
        "just",
        "pulumi",
        "python",
        "terraform",
    }
)


def front(repo: Repository) -> File | None:
    return next((file for file in repo.role("readme") if "/" not in file.path), None)


@control(
    id="G3.readme-runs",
    title="The README says what the service does and how to run and test it",
    why="what only one person knows how to start is lost with that person's holiday",
    remedy="write README.md: what it predicts and for whom; then in code blocks how to run it and how to test it",
    severity="medium",
    kind="repository",
    sources=(WRITING,),
    subjects=repository,
)
def readme_runs(repo: Repository, facts: Facts) -> Iterator[Problem]:
    page = front(repo)
    if page is None:
        yield Problem("there is no README")
        return
    if len(re.findall(r"\w+", page.text)) < 40:
        yield Problem(f"{page.path} says hardly anything", 1, page.path)
    told = page.once(commands)
    starts = any(call.program in STARTS or call.program.endswith(".py") for call in told)
    if not starts and not facts.code.run_by(told):
        yield Problem(f"{page.path} names no command that runs the service", 1, page.path)
    if facts.code.product and not any("test" in word for call in told for word in call.words):
        yield Problem(f"{page.path} names no command that tests it", 1, page.path)


def with_makefile(facts: Facts) -> Iterator[File]:
    if any(facts.repository.role("makefile")):
        yield from pages(facts.repository)


@control(
    id="G3.commands-exist",
    title="Every make target that a page names exists",
    why="a command that is gone is found out by whoever needs it most",
    remedy="correct the page, or add the target to the Makefile",
    severity="medium",
    kind="repository",
    sources=(WRITING,),
    subjects=with_makefile,
)
def commands_exist(page: File, facts: Facts) -> Iterator[Problem]:
    known = facts.repository.once(makefiles)
    for call in page.once(commands):
        for target in missing(call, known):
            yield Problem(f"no Makefile has the target {target}", call.line)


def missing(call: Call, known: dict[str, Makefile]) -> list[str]:
    """The targets of a make command that do not exist where it would run."""
    if call.program != "make":
        return []
    folder, goals = make_arguments(call.words[1:])
    if folder and folder not in known:
        return []
    places = [known[folder]] if folder else list(known.values())
    plain = [goal for goal in goals if re.fullmatch(r"[a-z][\w.-]*", goal)]
    return [goal for goal in plain if not any(has(place, goal) for place in places)]


def has(makefile: Makefile, goal: str) -> bool:
    patterns = (name for name in makefile.targets if "%" in name)
    return goal in makefile.targets or any(re.fullmatch(name.replace("%", ".+"), goal) for name in patterns)


@control(
    id="D5.rollback-command-exists",
    title="The rollback command that a page names exists",
    why="a rollback that is a typing error away from working does not work at night",
    remedy="add the target: rollback: ; kubectl rollout undo deployment/NAME",
    severity="high",
    kind="repository",
    sources=("https://sre.google/sre-book/release-engineering/",),
    subjects=lambda facts: pages(facts.repository),
)
def rollback_command_exists(page: File, facts: Facts) -> Iterator[Problem]:
    known = facts.repository.once(makefiles)
    for call in page.once(commands):
        wanted = [word for word in call.words[1:] if re.fullmatch(r"[\w-]*rollback[\w-]*", word)]
        if call.program == "make" and any(not any(has(place, one) for place in known.values()) for one in wanted):
            yield Problem(f"`{call.text}` is named here, but no Makefile has that target", call.line)


@control(
    id="G3.model-card",
    title="A model card says what the model is for, how good it is and what it must not be used for",
    why="whoever uses an answer has to know where it holds",
    remedy="write MODEL_CARD.md, or let training write it: intended use, data, metrics by slice, limits",
    severity="medium",
    kind="repository",
    sources=(CARDS,),
    subjects=source,
    needs="source code",
)
def model_card(repo: Repository, facts: Facts) -> Iterator[Problem]:
    cards = [file for file in repo.role("markdown") if re.search(r"(?i)model[_-]?card", file.name)]
    written = any(re.search(r"(?i)model[_-]?card", text) for module in facts.code.product for text, _ in module.strings)
    if not cards and not written:
        yield Problem("there is no model card, and no code writes one")
    for card in cards:
        wanted = {
            "what it is for": r"intended|purpose|(?<!not )(?<!not be )\buse[ds]?\b",
            "its limits": r"limit|caveat|out of scope|not be used",
        }
        for what, pattern in wanted.items():
            if not re.search(pattern, card.text, re.IGNORECASE):
                yield Problem(f"it does not say {what}", 1, card.path)


CONTROLS = (readme_runs, commands_exist, rollback_command_exists, model_card)
