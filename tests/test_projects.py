"""Generated projects pass their own `make lint test`: one for each choice of each question, and the template itself."""

import re
import shutil

import pytest

import project
from needs import CI, need_time
from repository import BRACED, commit

PROJECTS = [
    {"example": "breast-cancer", "license": "Apache-2.0", "ci_provider": "github"},
    {"example": "wine", "license": "MIT", "ci_provider": "gitlab"},
    {"example": "diabetes", "license": "BSD-3-Clause", "ci_provider": "jenkins"},
    {
        "license": "Proprietary",
        "project_name": 'Ärzte & "Söhne" <ml> \\ 100 % 🚀',
        "project_slug": "aerzte",
        "description": "עברית, quotes ' \" and {braces}",
    },
]


@pytest.mark.parametrize("answers", PROJECTS, ids=lambda answers: answers["license"])
def test_a_project_passes_its_own_checks(bake, tmp_path, project_env, answers):
    if answers is not PROJECTS[0]:
        need_time(2)
    check(bake(tmp_path, **answers), project_env, "lint", "test")


def test_the_template_passes_its_own_checks_as_it_stands(template, tmp_path, project_env):
    folder = tmp_path / BRACED
    shutil.copytree(template / BRACED, folder)
    check(folder, project_env, "lint", "types", "test", "ONLY=tests/unit")  # projects run the rest


def test_what_was_skipped_is_listed_with_the_reason(bake, tmp_path, project_env):
    folder = bake(tmp_path)
    own = 'import pytest\n\n\ndef test_own():\n    pytest.skip("the scales are not plugged in")\n'
    (folder / "tests/unit/test_own.py").write_text(own)
    project.share(folder, project_env)
    said = project.run(folder, "make", "test", "ONLY=tests/unit/test_own.py")
    assert "SKIPPED [1] tests/unit/test_own.py:5: the scales are not plugged in" in said.splitlines()


def check(folder, python, *targets):
    """Runs make targets in the environment that all projects of this run share."""
    commit(folder)
    project.share(folder, python)
    said = project.run(folder, "make", *targets)
    assert re.search(r"\d+ passed", said), said
    assert not CI or "skipped" not in said, said  # elsewhere a server or tool that tests drive may be missing
