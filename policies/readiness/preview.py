"""Gets the plans of Pulumi programs: without an engine, or from the engine's own preview. Either runs the program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from readiness.errors import BadRequest, NothingToJudge

PROGRAM = Path(__file__).with_name("pulumi_program.py")
LONGEST_SECONDS = 600
# Without the last word Pulumi leaves out what it would not change, and what is wrong already would not be judged.
BY_ENGINE = ("preview", "--json", "--non-interactive", "--show-sames")


def without_engine(
    folders: Sequence[Path], environment: str, python: str, settings: Mapping[str, str]
) -> dict[str, Any]:
    """The plan of several programs, each given the outputs of those before it.

    Args:
        folders: of the programs, in the order in which they refer to one another.
        environment: the name of their stacks.
        python: what runs them.
        settings: beyond those of the stacks' files, by full names such as ``web:image``.

    Raises:
        NothingToJudge: a folder holds no program, or the program failed; carries its last lines.
        BadRequest: a setting belongs to none of the programs.
    """
    of_project = split(settings, [project(folder) for folder in folders])
    states: list[Any] = []
    outputs: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        given, plan = Path(temporary) / "given.json", Path(temporary) / "plan.json"
        for folder in folders:
            told = {"outputs": outputs, "settings": of_project[project(folder)]}
            given.write_text(json.dumps(told), encoding="utf-8")
            run([python, str(PROGRAM), str(folder), environment, str(given), str(plan)], folder)
            told = json.loads(plan.read_text(encoding="utf-8"))
            states.extend(told["steps"])
            outputs[told["stack"]] = told["outputs"]
    return {"steps": states}


def by_engine(folders: Sequence[Path], environment: str) -> dict[str, Any]:
    """The plan of several programs, from ``pulumi preview``, which knows what is deployed already.

    Raises:
        NothingToJudge: there is no such command, a folder holds no program, or its preview failed; in one line.
    """
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        raise NothingToJudge("--engine needs the command pulumi: https://www.pulumi.com/docs/install/")
    states: list[Any] = []
    for folder in folders:
        project(folder)
        where = ("--stack", environment, "--cwd", str(folder))
        done = finished([pulumi, *BY_ENGINE, *where], folder)
        told = answer(done.stdout)
        if done.returncode or not isinstance(told.get("steps"), list):
            again = " ".join(("pulumi preview", *where))
            raise NothingToJudge(f"{folder} has no preview: {reason(done.stderr, told)}; for more: {again}")
        states.extend(told["steps"])
    return {"steps": states}


def answer(output: str) -> dict[str, Any]:
    """What Pulumi said in JSON; nothing where it said something else."""
    try:
        told = json.loads(output)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def reason(errors: str, told: Mapping[str, Any]) -> str:
    """The error that ended a preview, in one line: Pulumi's own, or what the program raised."""
    own = [line for line in errors.splitlines() if line.startswith("error:")]
    found = [one["message"] for one in told.get("diagnostics") or () if one.get("severity") == "error"]
    lines = (*own, *found, "error: pulumi said nothing of it in JSON")[0].strip().splitlines()
    shown = lines[-1:] if any(line.startswith("Traceback") for line in lines) else lines
    return " ".join(" ".join(shown).split()).removeprefix("error: ")


def project(folder: Path) -> str:
    """The name of the project in a folder."""
    path = folder / "Pulumi.yaml"
    if not path.is_file():
        raise NothingToJudge(f"{folder} holds no Pulumi.yaml: name the folder of a Pulumi project")
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        told = None
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        raise NothingToJudge(f"{path} names no project: its first line is name: NAME")
    return str(told["name"])


def split(settings: Mapping[str, str], projects: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of each project, told by the first part of their names."""
    found: dict[str, dict[str, str]] = {name: {} for name in projects}
    for key, value in settings.items():
        own = key.partition(":")[0]
        if ":" not in key or own not in found:
            raise BadRequest(f"--config {key}: begin it with the name of its project: {', '.join(found)}")
        found[own][key] = value
    return found


def run(command: list[str], folder: Path) -> None:
    """Runs a program without an engine."""
    done = finished(command, folder)
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise NothingToJudge(f"the program of {folder} failed:\n{last}\n{advice(last)}")


def finished(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command once it has ended, well or not."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_SECONDS)
    except OSError as error:
        raise NothingToJudge(f"{command[0]} cannot be run: {error.strerror}; --help says how it is chosen") from None
    except subprocess.TimeoutExpired:
        raise NothingToJudge(f"the program of {folder} ran longer than {LONGEST_SECONDS} s: it was stopped") from None


def advice(said: str) -> str:
    if "No module named" in said:
        return f"name the Python that has what the program imports: --python .venv/bin/python (now {sys.executable})"
    return "mend the program, or its settings for this environment"
