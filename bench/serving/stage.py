"""Everything that a run needs, made once: the project, environments, models, releases, what servers call out to."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import project
from serving import sink
from serving.environments import CACHE, environment, variables
from serving.servers import BARE, OURS, PEERS, Answers, Server

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Stage:
    """Where servers are started.

    Attributes:
        work: a folder for this run.
        project: a newly generated project.
        dev: the environment in which the project is developed.
        models: folder of the models.
        table: names of the inputs (``names``), and ``rows``.
        key: the API key that servers know.
        address: of what servers call out to.
    """

    work: Path
    project: Path
    dev: Path
    models: Path
    table: dict[str, Any]
    key: str
    address: str

    def expected(self, model: str) -> Answers:
        """What scikit-learn answers to the table's rows."""
        answers: Answers = json.loads((self.models / model / "expected.json").read_text(encoding="utf-8"))
        return answers

    def release(self, model: str) -> Path:
        """The approved bundle of a model."""
        return self.work / "releases" / model

    def words(self, server: Server, model: str) -> dict[str, str]:
        """What the words in a server's command and variables stand for, as far as that is the same at each start."""
        return {
            "model": str(self.models / model),
            "saved": str(self.work / f"{server.name}-{model}"),
            "key": self.key,
            "otlp": f"{self.address}/v1/traces",
            "tokens": f"{self.address}/jwks.json",
            "release": str(self.work / "releases"),
        }

    def environment(self, server: Server) -> Path:
        """The environment that a server runs in. The bare one has the service's, and so the same packages.

        Raises:
            Unavailable: it cannot be installed.
        """
        if server.name in (OURS.name, BARE.name):
            return environment("service", self.project / "requirements" / "service.txt")
        return environment(server.name, PEERS / server.name / "requirements.txt")

    def folder(self, server: Server) -> Path:
        """The folder that a server is started in."""
        return self.project / "src" if server.name == OURS.name else PEERS / server.name


@contextmanager
def prepared(work: Path) -> Iterator[Stage]:
    """Make all of it in ``work``, an empty folder.

    Raises:
        Unavailable: the project's own environment cannot be installed.
    """
    made = project.bake(project.copy_template(work / "template"), work / "baked")
    dev = environment("project", made / "requirements" / "dev.txt")
    models = _models(dev)
    releases = work / "releases"
    run_python(dev, HERE / "release.py", models, releases, PYTHONPATH=f"{made / 'src'}{os.pathsep}{made / 'tests'}")
    table = json.loads((models / "rows.json").read_text(encoding="utf-8"))
    with sink.listening(releases / "jwks.json") as address:
        yield Stage(work, made, dev, models, table, _keys(dev, made, releases), address)


def _models(dev: Path) -> Path:
    """The trained models, kept as long as the environment and the script that trains are the same."""
    script = hashlib.sha256((HERE / "models.py").read_bytes()).hexdigest()[:12]
    folder = CACHE / f"bench-models-{dev.name.rpartition('-')[2]}-{script}"
    if not (folder / "rows.json").exists():
        run_python(dev, HERE / "models.py", folder)
    return folder


def _keys(dev: Path, made: Path, releases: Path) -> str:
    """Make the service's keys by its own commands; returns the API key."""
    settings = {"API_KEYS": "api-keys.json", "AUDIT_KEY": "audit-key.pem", "AUDIT_INPUT_KEY": "audit-input-key"}
    told = {f"SERVICE_{name}": str(releases / file) for name, file in settings.items()}
    told["PYTHONPATH"] = str(made / "src")
    run_python(dev, "-m", "service", "audit", "keys", **told)
    return run_python(dev, "-m", "service", "keys", "create", "bench", **told).strip()


def run_python(dev: Path, *arguments: object, **more: str) -> str:
    """Run Python in the project's environment; returns what it printed."""
    command = [str(dev / "bin" / "python"), *map(str, arguments)]
    done = subprocess.run(command, env=variables(dev, more), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
