"""What is written: what a README must tell, which commands must exist, and what a model card says."""

import pytest
from judged import refuses, repository, verdicts

from readiness.controls import named
from readiness.facts import Facts

LONG = "word " * 40


def wrong(id, **files):
    """What is wrong with what is written: file, line and message."""
    facts = Facts(repository({name.replace("__", "."): text for name, text in files.items()}))
    return [(one.file, one.line, one.message) for one in named(id).findings(facts) if one.verdict.name == "FAIL"]


def page(command, words=LONG):
    return f"{words}\n```\n{command}\n```\n"


STARTS = ("make", "docker", "podman", "uvicorn", "gunicorn", "flask", "bentoml", "mlserver", "helm", "kubectl", "tox")
STARTS += ("just", "pulumi", "python", "terraform", "./serve.py")


@pytest.mark.parametrize("start", STARTS)
def test_commands_that_run_it(start):
    assert wrong("G3.readme-runs", README__md=page(f"{start} up")) == []


def test_modules_that_run_it():
    readme = page("python -m web\nmypy tests")
    assert wrong("G3.readme-runs", README__md=readme, web__py="") == []
    assert wrong("G3.readme-runs", README__md=readme, other__py="") == UNRUN


UNRUN = [("README.md", 1, "README.md names no command that runs the service")]
UNTESTED = [("README.md", 1, "README.md names no command that tests it")]
SHORT = [("README.md", 1, "README.md says hardly anything")]


def test_what_a_readme_lacks():
    assert [message for _, _, message in wrong("G3.readme-runs", a__txt="x")] == ["there is no README"]
    assert refuses("G3.readme-runs", files={"a/README.md": page("make up")})
    assert wrong("G3.readme-runs", README__md=page("ls")) == UNRUN
    assert wrong("G3.readme-runs", README__md=page("make up"), app__py="") == UNTESTED
    assert wrong("G3.readme-runs", README__md=page("make up test-all"), app__py="") == []
    assert wrong("G3.readme-runs", README__md=page("make up", "word " * 38)) == []
    assert wrong("G3.readme-runs", README__md=page("make up", "word " * 37)) == SHORT


TARGETS = "serve:\n\ttrue\nbuild-%:\n\ttrue\n"


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ("make serve", []),
        ("make build-web", []),
        ("make build-", ["build-"]),
        ("make start serve stop", ["start", "stop"]),
        ("make -C a sub", []),
        ("make sub", []),
        ("make -C a serve", ["serve"]),
        ("make -C elsewhere start", []),
        ("make TARGET", []),
        ("make a/b", []),
        ("cmake start", []),
    ],
)
def test_targets(command, gone):
    files = {"Makefile": TARGETS, "a/Makefile": "sub:\n\ttrue\n", "README.md": f"# Web\n\n{page(command, '')}"}
    found = wrong("G3.commands-exist", **files)
    assert found == [("README.md", 5, f"no Makefile has the target {one}") for one in gone]
    assert verdicts("G3.commands-exist", files={"README.md": "`make start`"}) == set()


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ("make rollback", True),
        ("make web-rollback-now", True),
        ("make serve rollback", True),
        ("make undo-rollback", False),
        ("make a/rollback", False),
        ("make start", False),
        ("kubectl rollback", False),
    ],
)
def test_rollbacks(command, gone):
    files = {"Makefile": "serve:\n\ttrue\nundo-rollback:\n\ttrue\n", "README.md": f"# Web\n\n{page(command, '')}"}
    said = f"`{command}` is named here, but no Makefile has that target"
    assert wrong("D5.rollback-command-exists", **files) == ([("README.md", 5, said)] if gone else [])


NO_USE, NO_LIMITS = "it does not say what it is for", "it does not say its limits"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *((f"{use} and {limit}", []) for use in ("Intended", "purpose", "USE") for limit in ("Limits", "caveat")),
        ("intended; out of scope", []),
        ("must not be used", [NO_USE]),
        ("Do not use it for more; limits", [NO_USE]),
        ("It is used, but must not be used in court", []),
        *((f"It {uses} by nobody, because of its limits", [NO_USE]) for uses in ("is unused", "was misused")),
        *((f"{use}: a limit", []) for use in ("It is used", "Uses")),
        ("intended", [NO_LIMITS]),
        ("limits", [NO_USE]),
        ("", [NO_USE, NO_LIMITS]),
    ],
)
def test_cards(text, said):
    for name in ("MODEL_CARD.md", "model-card.md", "our_modelcard.md"):
        found = wrong("G3.model-card", **{"app.py": "", name: text})
        assert found == [(name, 1, one) for one in said]


@pytest.mark.parametrize(
    ("text", "written"), [("MODEL_CARD.md", True), ("model-card", True), ("ModelCard", True), ("model", False)]
)
def test_code_that_writes_a_card(text, written):
    assert refuses("G3.model-card", files={"train.py": f"X = '{text}'\n"}) is not written
