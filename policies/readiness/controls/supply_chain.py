"""S4: what the service is made of is locked, installed from the lock, scanned by CI and renewed by a machine."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import repository, source
from readiness.controls.wired import wired
from readiness.facts import Facts
from readiness.facts.dockerfiles import dockerfiles, read
from readiness.facts.locks import PINNED, is_fixed, locked_requirements, packages
from readiness.facts.repository import File, Repository
from readiness.facts.resources import mappings
from readiness.facts.shell import Call, calls

SLSA = "https://slsa.dev/spec/v1.0/"
OWASP = "OWASP CI/CD-SEC-3"
LOCKED_INSTALL = {
    "uv": ("--locked", "--frozen", "--require-hashes"),
    "pip": ("--require-hashes",),
    "pipenv": ("--deploy", "sync"),
    "pdm": ("--frozen-lockfile", "sync"),
}


def loose_in_lock(file: File) -> Iterator[Problem]:
    """The first package of a lock that is not locked: pip refuses the whole file, until somebody drops the check."""
    loose = next(((text, line) for text, line in file.once(packages) if not is_fixed(text)), None)
    if loose and "--hash=" in file.text:
        name = re.split(r"\s*\\?\n", loose[0])[0]
        yield Problem(f"{name} has no exact version with a hash, as all else in this lock", loose[1], file.path)


@control(
    id="S4.dependencies-locked",
    title="Every dependency is locked, with its hash",
    why="without a lock each build may install something else, also what was uploaded by somebody else an hour ago",
    remedy="uv pip compile --universal --generate-hashes requirements.in -o requirements.txt  (or uv lock)",
    severity="high",
    kind="repository",
    sources=(SLSA, "https://pip.pypa.io/en/stable/topics/secure-installs/"),
    subjects=source,
    needs="source code",
)
def dependencies_locked(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for file in repo.role("requirements"):
        yield from loose_in_lock(file)
    if any(repo.role("lock")) or locked_requirements(repo):
        return
    listed = [file for file in repo.role("requirements") if file.path.endswith(".txt")]
    for file in listed:
        if "--hash=" in file.text:
            continue  # said above
        loose = [(line, n) for n, line in enumerate(file.lines, 1) if re.match(r"[A-Za-z0-9]", line)]
        floating = next(((line, n) for line, n in loose if not PINNED.search(line)), None)
        if floating:
            yield Problem(f"{floating[0].split('#')[0].strip()} has no version", floating[1], file.path)
        elif loose:
            yield Problem("its versions are fixed, but no hash says which files they are", loose[0][1], file.path)
    if not listed:
        yield Problem("there is no lock: no uv.lock, poetry.lock, Pipfile.lock, no requirements with hashes")


@control(
    id="S4.locks-installed",
    title="The image installs from the lock",
    why="a lock that the image does not install from locks nothing that runs",
    remedy="RUN pip install --require-hashes -r requirements.txt  (or uv sync --locked, poetry install)",
    severity="high",
    kind="repository",
    sources=(SLSA,),
    subjects=lambda facts: dockerfiles(facts.repository),
)
def locks_installed(file: File, facts: Facts) -> Iterator[Problem]:
    image = read(file)
    hashed = {one.name for one in locked_requirements(facts.repository)}
    for stage in image.stages:
        for one in stage.of("RUN"):
            for call in calls(re.sub(r"--(mount|network|security)=\S+", "", one.value), file.path):
                if is_install(call) and not from_lock(call, hashed):
                    yield Problem(f"`{call.text[:90]}` installs what no lock fixes", one.line)


def is_install(call: Call) -> bool:
    words = set(call.words[1:6])
    if call.program in ("pip", "pip3"):
        return "install" in call.words and not set(call.words) & {"--upgrade", "-U"} & words_of_pip_itself(call)
    # Poetry is left out: it installs from poetry.lock, and fails when that is out of date.
    return call.program in ("uv", "pipenv", "pdm", "conda", "mamba") and bool(words & {"install", "sync"})


def words_of_pip_itself(call: Call) -> set[str]:
    """All words when nothing but packaging tools are installed, none otherwise."""
    named = {word.split("=")[0] for word in call.words[2:] if not word.startswith("-")}
    return set(call.words) if named <= {"pip", "setuptools", "wheel", "uv"} else set()


def from_lock(call: Call, hashed: set[str]) -> bool:
    if call.has(*LOCKED_INSTALL.get(call.program.removesuffix("3"), ())):
        return True
    named = [word for word in call.words if word.endswith((".txt", ".lock"))]
    wheels = [word for word in call.words[2:] if word.startswith(("/", "./")) or word == "."]
    alone = call.has("--no-deps", "--no-index") and bool(wheels)
    return alone or (bool(named) and all(word.rpartition("/")[2] in hashed for word in named))


@control(
    id="S4.updates-automated",
    title="A machine proposes updates of dependencies, images and actions",
    why="what nobody looks at grows old, and with it the list of known holes",
    remedy='{"extends": ["config:recommended", "docker:pinDigests"]} in renovate.json, or .github/dependabot.yml',
    severity="medium",
    kind="repository",
    sources=("https://docs.renovatebot.com/", "OpenSSF Scorecard: Dependency-Update-Tool"),
    subjects=repository,
)
def updates_automated(repo: Repository, facts: Facts) -> Iterator[Problem]:
    files = list(repo.role("updates"))
    if not files:
        yield Problem("neither renovate.json nor .github/dependabot.yml is here")
    covered = {name for file in files if "dependabot" in file.name for name in ecosystems(file)}
    for file in files:
        if "dependabot" not in file.name:
            if renovate_off(file):
                yield Problem("Renovate is switched off", file=file.path)
            return
    wanted = {"docker"} if any(repo.role("dockerfile")) else set()
    wanted |= {"github-actions"} if any(repo.role("ci-github")) else set()
    for missing in sorted(wanted - covered) if files else ():
        yield Problem(f"Dependabot does not look at {missing}", file=files[0].path)
    if files and not covered & {"pip", "uv", "poetry", "pipenv", "conda"} and facts.code.product:
        yield Problem("Dependabot does not look at Python packages", file=files[0].path)


def ecosystems(file: File) -> Iterator[str]:
    for document in file.yaml:
        for entry in mappings(document, "updates"):
            if entry.get("open-pull-requests-limit") != 0:
                yield str(entry.get("package-ecosystem"))


def renovate_off(file: File) -> bool:
    """Whether Renovate is told to do nothing. The file may hold comments, as JSON5 does."""
    try:
        told = json.loads(file.text)
    except ValueError:
        return re.search(r'"?enabled"?\s*:\s*false', file.text) is not None
    return isinstance(told, dict) and told.get("enabled") is False


def is_vulnerability_scan(call: Call) -> bool:
    """Whether a call looks for known holes and fails when it finds one; some report only, unless told otherwise."""
    if call.runs("trivy"):
        return call.has("--exit-code") and not call.gives("--exit-code", "0")
    if call.runs("grype"):
        return call.has("--fail-on", "-f", "--fail-build", "--severity-cutoff")
    if call.program == "docker":
        return call.has("cves") and call.has("--exit-code", "--exit-on", "-e")
    names = ("pip-audit", "pip_audit", "safety", "osv-scanner", "snyk", "gemnasium", "dependency-review", "govulncheck")
    return call.runs(*names)


def reports_only(call: Call) -> bool:
    return call.runs("trivy", "grype") or (call.program == "docker" and call.has("cves"))


@control(
    id="S4.vulnerabilities-scanned",
    title="CI looks for known vulnerabilities, and stops when it finds one",
    why="most break-ins use holes that were known and mended elsewhere",
    remedy="add a job: pip-audit --require-hashes -r requirements.txt  (images: trivy image --exit-code 1 NAME)",
    severity="high",
    kind="repository",
    sources=("NIST SP 800-190 4.1.1", "OpenSSF Scorecard: Vulnerabilities"),
    subjects=repository,
)
def vulnerabilities_scanned(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for problem in wired(facts, is_vulnerability_scan, "a scan for vulnerabilities"):
        lenient = next((call for call in facts.pipelines.calls if reports_only(call)), None)
        if lenient:
            message = f"`{lenient.program}` only reports: it does not fail, whatever it finds"
            yield Problem(message, lenient.line, lenient.file, "trivy … --exit-code 1, grype … --fail-on high")
        else:
            yield problem


CONTROLS = (dependencies_locked, locks_installed, updates_automated, vulnerabilities_scanned)
