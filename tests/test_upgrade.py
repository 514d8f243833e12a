"""A project of an older template, edited by its owner, takes `cruft update` to the newest and works as before."""

import json
import random
import shutil

import cruft
import pytest

from needs import need
from project import run, share
from repository import ROOT, commit, git

OLD = ["12631ac"]
"""Commits of this repository that projects in use were made from: the first, and any after which a merge got harder."""

CONTACT = '''\
"""Whom to ask."""

from __future__ import annotations

from fastapi import APIRouter


def contact(team: str) -> APIRouter:
    """A route of our own."""
    routes = APIRouter(tags=["contact"])

    @routes.get("/v1/contact", summary="Whom to ask about this service")
    async def show() -> dict[str, str]:
        return {"team": team}

    return routes
'''
TEST = '''\
"""Our own route."""

from pathlib import Path

from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings


def test_the_team_is_told(tmp_path: Path) -> None:
    app = create_app(Settings(environment="local", local_key=tmp_path / "key", team="Night shift"))
    assert TestClient(app).get("/v1/contact").json() == {"team": "Night shift"}
'''
NEW_FILES = {
    "src/service/http/contact.py": CONTACT,
    "tests/contract/test_contact.py": TEST,
    ".env": "SERVICE_PORT=9090\nSERVICE_TEAM=Night shift\n",
}
FOREST = '    "random-forest": Choice('
EXTRA = '    "extra": Choice("sklearn.ensemble:ExtraTreesClassifier", "sklearn.ensemble:ExtraTreesRegressor", {}),\n'
HOST = '    host: str = Field(default="127.0.0.1", description="Address to listen on.")\n'
TEAM = '    team: str = Field(default="Logistics", description="Whom to ask.")\n'
HOST_ROW = "| `SERVICE_HOST` | `127.0.0.1` | Address to listen on. |\n"
TEAM_ROW = "| `SERVICE_TEAM` | `Logistics` | Whom to ask. |\n"
ASGI = "from service.http.asgi import PROBLEM, problem\n"
PAGES = "    app.include_router(pages.router(desk, lambda: openapi.document(app, slot)))\n"
EDITS = [
    ("params.yaml", "  example: breast-cancer", "  path: data/deliveries.csv"),
    ("params.yaml", "  target: diagnosis", "  target: late"),
    ("params.yaml", "name: random-forest", "name: extra"),
    ("params.yaml", "{n_estimators: 100}", "{n_estimators: 50, max_depth: 4}"),
    ("params.yaml", "small tumours, column: mean radius, max: 13.0}", "far, column: distance, min: 50}"),
    ("params.yaml", "large tumours, column: mean radius, min: 15.0}", "north, column: site, equals: north}"),
    ("params.yaml", "roc_auc: {min: 0.95}", "roc_auc: {min: 0.8}"),
    ("params.yaml", "metric: accuracy, min: 0.85", "metric: accuracy, min: 0.6"),
    ("src/training/estimators.py", FOREST, EXTRA + FOREST),
    ("src/service/settings.py", HOST, HOST + TEAM),
    ("README.md", HOST_ROW, HOST_ROW + TEAM_ROW),
    ("src/service/app.py", ASGI, f"{ASGI}from service.http.contact import contact\n"),
    ("src/service/app.py", PAGES, f"{PAGES}    app.include_router(contact(settings.team))\n"),
]
"""File, what its owner looked for, and what stands there now."""


def deliveries():
    """The owner's table."""
    rng = random.Random(3)
    lines = ["distance,site,express,late"]
    for _ in range(400):
        distance, site, express = rng.uniform(1, 100), rng.choice(["north", "south", "east"]), rng.random() < 0.3
        late = distance / 100 + (site == "north") / 3 - express / 4 + rng.gauss(0, 0.1) > 0.6
        shown = "" if rng.random() < 0.05 else f"{distance:.1f}"
        lines.append(f"{shown},{site},{str(express).lower()},{'yes' if late else 'no'}")
    return "\n".join(lines) + "\n"


def edit(project):
    """What the owner did since the project was made."""
    for name, content in {**NEW_FILES, "data/deliveries.csv": deliveries()}.items():
        (project / name).write_text(content, encoding="utf-8")
    for name, old, new in EDITS:
        text = (project / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name}: {old}"
        (project / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def history(template, tmp_path_factory):
    """This repository with its history, and the files as they stand as its newest commit."""
    folder = tmp_path_factory.mktemp("history") / "airworthy"
    git(ROOT, "clone", "-q", "--no-local", str(ROOT), str(folder))
    git(folder, "checkout", "-q", "-B", "main")
    git(folder, "rm", "-q", "-r", ".")
    shutil.copytree(template, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Newest")
    return folder


@pytest.mark.timeout(1200)  # all tests of a project are among it
@pytest.mark.parametrize("old", OLD)
def test_an_edited_project_takes_an_update(history, project_env, tmp_path, old):
    known = git(history, "log", "--format=%H").split()
    need(any(commit.startswith(old) for commit in known), f"{old} is not in the history here: git fetch --unshallow")
    project = cruft.create(str(history), output_dir=tmp_path, no_input=True, checkout=old)
    share(project, project_env)
    commit(project)  # as the README says; a three-way merge needs the files as they were
    edit(project)
    run(project, "make", "data")  # writes schema.yaml anew, which its owner then reviews
    commit(project)

    assert cruft.update(project, skip_apply_ask=True)
    assert list(project.rglob("*.rej")) == []
    assert git(project, "ls-files", "--unmerged") == ""
    newest = git(history, "rev-parse", "HEAD").strip()
    assert json.loads((project / ".cruft.json").read_text())["commit"] == newest
    for name, content in NEW_FILES.items():
        assert (project / name).read_text(encoding="utf-8") == content
    for name, _, new in EDITS:
        assert new in (project / name).read_text(encoding="utf-8"), name
    assert "data/deliveries.csv" in (project / "schema.yaml").read_text(encoding="utf-8")

    commit(project)
    (project / ".venv/.ready").touch()  # the shared environment is that of the newest locks
    assert " passed" in run(project, "make", "lint", "types", "test")
