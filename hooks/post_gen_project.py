"""Leaves in the new project what the answers chose, and of the rest nothing.

Runs in the new project's folder, again at each `cruft update`: what was moved or deleted before is skipped.
"""

import json
import os
import shlex
from pathlib import Path

# option: choice: {file of that choice: where it belongs}. Files of the other choices are deleted.
FILES = {
    "example": {
        "breast-cancer": {},  # it is what params.yaml and schema.yaml hold to begin with
        "wine": {
            "examples/wine/params.yaml": "params.yaml",
            "examples/wine/schema.yaml": "schema.yaml",
        },
        "diabetes": {
            "examples/diabetes/params.yaml": "params.yaml",
            "examples/diabetes/schema.yaml": "schema.yaml",
        },
    },
    "license": {
        "Apache-2.0": {},  # it is what LICENSE holds to begin with
        "MIT": {"licenses/MIT.txt": "LICENSE"},
        "BSD-3-Clause": {"licenses/BSD-3-Clause.txt": "LICENSE"},
        "Proprietary": {"licenses/Proprietary.txt": "LICENSE"},
    },
    "ci_provider": {
        "github": {
            ".github/workflows/audit.yml": ".github/workflows/audit.yml",
            ".github/workflows/ci.yml": ".github/workflows/ci.yml",
            ".github/workflows/deploy.yml": ".github/workflows/deploy.yml",
        },
        "gitlab": {".gitlab-ci.yml": ".gitlab-ci.yml"},
        "jenkins": {"Jenkinsfile": "Jenkinsfile", "Jenkinsfile.deploy": "Jenkinsfile.deploy"},
    },
}


def main(answers):
    for option, choices in FILES.items():
        for choice, files in choices.items():
            for source, target in files.items():
                settle(Path(source), Path(target) if choice == answers[option] else None)
    if "_output_dir" in answers:  # not under cruft, which would say it at each update
        print(f"Next:\n  cd {shlex.quote(os.getcwd())}")
        print("  git init && git add -A && git commit -m 'New project'\n  make demo")


def settle(source, target):
    """Moves a file to its place, or deletes it when it has none, and the folders that this leaves empty."""
    if not source.exists() or source == target:
        return
    if target:
        source.replace(target)
    else:
        source.unlink()
    for folder in source.parents[:-1]:
        if not any(folder.iterdir()):
            folder.rmdir()


if __name__ == "__main__":
    main(json.loads(r'''{{ cookiecutter | tojson }}'''))  # fmt: skip
