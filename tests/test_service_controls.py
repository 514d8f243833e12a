"""Each control of the generated service has tests that fail without it."""

import subprocess

import pytest

from needs import need_time
from project import environment, share
from service_controls import CONTROLS

FAILED = 1
"""pytest's exit code when tests ran and some failed; another one says that none ran."""


@pytest.fixture(scope="module")
def project(bake, project_env, tmp_path_factory):
    need_time(5)
    folder = bake(tmp_path_factory.mktemp("controls"))
    share(folder, project_env)
    return folder


def run(project, tests, *options):
    """pytest over some of the project's tests, until the first fails."""
    named = [f"tests/{name}" for name in tests]
    command = [".venv/bin/python", "-m", "pytest", "-x", "-p", "no:cacheprovider", *options, *named]
    return subprocess.run(command, cwd=project, env=environment(project), capture_output=True, text=True, timeout=500)


def test_with_all_of_them_those_tests_pass(project):
    found = run(project, sorted({name for control in CONTROLS for name in control.tests.split()}))
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_without_it_tests_fail(project, control):
    path = project / "src" / "service" / control.file
    whole = path.read_text()
    assert whole.count(control.kept) == 1, "the edit does not take it out"
    path.write_text(whole.replace(control.kept, control.broken))
    try:
        found = run(project, control.tests.split(), "-o", "timeout=30")  # some wait in vain then
    finally:
        path.write_text(whole)
    assert found.returncode == FAILED, found.stdout + found.stderr
    assert "error" not in found.stdout.splitlines()[-1], "what fails is the edit"
