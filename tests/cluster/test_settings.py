"""The settings files of a generated project, whatever was answered: no cluster is needed for that."""

import json
import os

import pytest

from project import run

ANSWERS = [
    {},
    {"team": "Отдел машинного обучения", "project_slug": "otdel"},
    {"team": 'The "Team" 🚀 & $HOME with many words in its name'},
    {"team": "🚀", "project_slug": "a"},
]
LOAD = """
import json, sys
from deploy.configuration import parse
from planning import RELEASE, settings
for environment in ("dev", "staging", "prod"):
    release = {} if environment == "dev" else RELEASE
    config = {f"{sys.argv[1]}:{key}": value for key, value in {**settings(environment), **release}.items()}
    found = parse(config, sys.argv[1], environment)
    print(json.dumps([found.owner, found.image]))
"""


@pytest.mark.parametrize("answers", ANSWERS, ids=str)
def test_the_settings_files_will_do_as_they_are_once_a_release_is_named(answers, bake, project_env, tmp_path):
    project = bake(tmp_path, **answers)
    path = os.pathsep.join(str(project / part) for part in ("", "src", "tests"))
    said = run(project, project_env, "-c", LOAD, project.name, PYTHONPATH=path)
    found = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    assert len(found) == 3
    assert found[0][1] == f"localhost/{project.name}:dev"
