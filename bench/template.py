"""How long the template takes, and what it makes: the first table of `make bench`.

Bakes a project, runs its demo and its tests with packages cached, builds its image. Rounds of subject and baseline
alternate, medians are shown; a figure alone would say more about the machine than about the template.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import images

import project

RESULTS = Path(__file__).parent / "results"
ROUNDS = 5
Row = dict[str, object]


def run() -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory(prefix="airworthy-bench-") as folder:
        work = Path(folder)
        clean = project.copy_template(work / "template")
        made = project.bake(clean, work / "demo")
        rows = [_baking(clean, work), *_habits(made), *_images(made)]
    table = _table(rows)
    print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "template.md").write_text(table, encoding="utf-8")
    (RESULTS / "template.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _baking(clean: Path, work: Path) -> Row:
    """Baking, beside copying the files."""
    from cookiecutter.main import cookiecutter

    def bake(number: int) -> None:
        cookiecutter(str(clean), no_input=True, output_dir=str(work / f"bake-{number}"), default_config=True)

    def copy(number: int) -> None:
        shutil.copytree(clean / "{{cookiecutter.project_slug}}", work / f"copy-{number}")

    return _paired("bake a project (in process)", bake, "copy its files", copy)


def _habits(made: Path) -> list[Row]:
    """The demo in a new project, packages cached: what a newcomer waits for. Then its tests."""
    seconds = {target: _seconds(["make", target], made) for target in ("setup", "demo", "test")}
    whole = seconds["setup"] + seconds["demo"]
    return [
        _row("make demo, with its set-up", whole, "make setup alone", seconds["setup"], "s"),
        _row("make test", seconds["test"], "the aim", 90, "s"),
    ]


def _images(made: Path) -> list[Row]:
    """The service's image, beside one of the same base in which MLflow's server is installed."""
    engine = images.engine()
    if engine is None:
        print("no image was measured: neither podman nor docker runs here", file=sys.stderr)
        return []
    ours, theirs = images.service(engine, made), images.mlflow(engine)
    return [_row("the service's image", ours, "the same base with MLflow", theirs, "MB")]


def _seconds(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _paired(name: str, subject: Callable[[int], None], baseline_name: str, baseline: Callable[[int], None]) -> Row:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for taken, call in zip(times, (subject, baseline), strict=True):
            began = time.perf_counter()
            call(number)
            taken.append(time.perf_counter() - began)
    return _row(name, statistics.median(times[0]), baseline_name, statistics.median(times[1]), "s")


def _row(name: str, value: float, baseline: str, other: float, unit: str) -> Row:
    figures = {"value": round(value, 3), "baseline_value": round(other, 3), "ratio": round(value / other, 2)}
    return {"name": name, "unit": unit, "baseline": baseline, **figures}


def _table(rows: list[Row]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine}, commit {project.commit()}; baking is the median of "
        f"{ROUNDS} rounds, the others are done once.",
        "",
        "| what | figure | baseline | its figure | ratio |",
        "|---|---|---|---|---|",
    ]
    for r in rows:
        unit = r["unit"]
        cells = [r["name"], f"{r['value']} {unit}", r["baseline"], f"{r['baseline_value']} {unit}", r["ratio"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"
