"""S2: no secret stands in a file, and CI looks for those that slip in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from readiness.control import Problem, control
from readiness.controls.subjects import repository
from readiness.controls.wired import wired
from readiness.facts import Facts
from readiness.facts.code import cells
from readiness.facts.kept_out import kept_out
from readiness.facts.module import module, text_of, walk
from readiness.facts.repository import File, Repository
from readiness.facts.secrets import ANY, NAMED, is_secret, known_secrets
from readiness.facts.shell import Call
from readiness.facts.unread import UnreadError

OWASP = "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"
ASSIGNED = re.compile(
    r"(?i)^\s*(?:export\s+|-\s*)?[\"']?(?:[\w.-]+:)?(\w*(?:password|passwd|secret|secret_?key|api_?key|access_?key|token))[\"']?"
    r"\s*[:=]\s*[\"']?([^\s\"'#,]+)"
)
SETTINGS = re.compile(r"\.(ya?ml|env|ini|cfg|conf|properties|toml|sh|tfvars)$|(^|/)\.env(\.\w+)?$")
NO_TEXT = re.compile(r"\.(lock|png|jpe?g|gif|ico|svg|woff2?|onnx|pkl|joblib|parquet|pt|bin|zip|gz|pdf|csv)$")
SAMPLE = re.compile(r"(^|/)(tests?|fixtures|testdata|examples?)/|\.(example|sample|template|dist)$")
HASHES = re.compile(r"--hash=\S+")  # of locks, megabytes of them
ALLOWED = ("pragma: allowlist secret", "gitleaks:allow", "nosec")


def readable(facts: Facts) -> Iterator[File]:
    """Every file of the repository that may hold text; most locks hold hashes and nothing else."""
    out = kept_out(facts.repository)
    return (file for file in facts.repository.files.values() if not NO_TEXT.search(file.path) and not out(file.path))


@control(
    id="S2.no-secret-in-files",
    title="No file holds a secret",
    why="whoever can read the repository, a fork or an old clone has it, and deleting the line does not take it back",
    remedy='revoke it first; then read it from the environment or a secret store: os.environ["NAME"]',
    severity="critical",
    kind="repository",
    sources=(OWASP, "OWASP A07:2021"),
    subjects=repository,
)
def no_secret_in_files(repo: Repository, facts: Facts) -> Iterator[Problem]:
    unread: list[UnreadError] = []
    for file in readable(facts):
        try:
            yield from file.once(secrets_in)
        except UnreadError as error:
            unread.append(error)  # the other files are looked at all the same
    if unread:
        raise unread[0]


def secrets_in(file: File) -> list[Problem]:
    if b"\0" in file.bytes[:8000]:
        return []
    lines = file.lines
    found = set(known_secrets(file.text)) if ANY.search(HASHES.sub("", file.text)) else set()
    if not SAMPLE.search(file.path):
        found |= set(in_code(file)) if file.path.endswith((".py", ".ipynb")) else set(in_settings(file))
    told = ((line, what) for line, what in sorted(found) if not any(mark in lines[line - 1] for mark in ALLOWED))
    return [Problem(f"here stands {what}", line, file.path) for line, what in told]


def in_code(file: File) -> Iterator[tuple[int, str]]:
    """Literals of Python or of a notebook that are given to a name which says that it is a secret."""
    if file.path.endswith(".py"):
        yield from in_tree(file.once(module).nodes)
        return
    try:
        tree = ast.parse(cells(file))
    except SyntaxError:
        return  # shell in a cell; what says by itself that it is a secret was looked for in the text
    for _, what in in_tree(walk(tree)):
        name = what.rpartition(" ")[2]
        yield next((number for number, line in enumerate(file.lines, 1) if name in line), 1), what


def in_tree(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        for target, value in given(node):
            if is_secret(text_of(value)) and NAMED.search(name := last_word(target)):
                yield value.lineno, f"a value for {name}"


def given(node: ast.AST) -> Iterator[tuple[ast.expr | str | None, ast.expr]]:
    """What is given a value here, or compared with one, and the value."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value:
        yield node.target, node.value
    elif isinstance(node, ast.keyword):
        yield node.arg, node.value
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        yield node.left, node.comparators[0]
    elif isinstance(node, ast.Dict):
        yield from zip(node.keys, node.values, strict=True)


def last_word(target: ast.expr | str | None) -> str:
    """The name at the end of ``holder.name`` or ``holder["name"]``."""
    text = ast.unparse(target) if isinstance(target, ast.expr) else str(target)
    return str(re.findall(r"(\w*)\W*$", text)[0])


def in_settings(file: File) -> Iterator[tuple[int, str]]:
    if SETTINGS.search(file.path):
        for number, line in enumerate(file.lines, 1):
            match = ASSIGNED.match(line)
            if match and is_secret(match[2]):
                yield number, f"a value for {match[1]}"


@control(
    id="S2.no-env-file",
    title="No file of environment variables is kept with the source",
    why="a .env that is committed once is in every clone, with whatever was written into it that day",
    remedy="git rm --cached .env && echo .env >> .gitignore; keep .env.example without values",
    severity="high",
    kind="repository",
    sources=(OWASP,),
    subjects=repository,
)
def no_env_file(repo: Repository, facts: Facts) -> Iterator[Problem]:
    ignored = repo.files.get(".gitignore")
    patterns = [line.strip().lstrip("/") for line in ignored.lines] if ignored else []
    for file in repo.role("env"):
        ignored_by = (fnmatchcase(name, pattern) for pattern in patterns for name in (file.name, file.path))
        if not SAMPLE.search(file.path) and not any(ignored_by):
            yield Problem("it is kept with the source, as .gitignore does not name it", file=file.path)


def is_secret_scan(call: Call) -> bool:
    """Whether a call looks for secrets and fails when it finds one; ``detect-secrets scan`` never does."""
    if call.runs("trufflehog"):
        return call.has("--fail")
    if call.runs("trivy"):
        stops = call.has("--exit-code") and not call.gives("--exit-code", "0")
        return stops and any("secret" in word for word in call.words)
    return call.runs("gitleaks", "detect-secrets-hook", "ggshield", "git-secrets", "talisman", "whispers") or (
        call.program == "detect-secrets" and "scan" not in call.words
    )


@control(
    id="S2.secrets-scanned",
    title="CI looks for secrets in every change, and stops when it finds one",
    why="a hook that each developer has to install catches nothing from those who did not",
    remedy="add a job: gitleaks detect --redact  (or detect-secrets-hook --baseline .secrets.baseline $(git ls-files))",
    severity="high",
    kind="repository",
    sources=(OWASP,),
    subjects=repository,
)
def secrets_scanned(repo: Repository, facts: Facts) -> Iterator[Problem]:
    yield from wired(facts, is_secret_scan, "a scan for secrets")


CONTROLS = (no_secret_in_files, no_env_file, secrets_scanned)
