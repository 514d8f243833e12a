"""How long the template takes, each figure beside a baseline of the same run: `make bench`.

Bakes a project, runs its demo with packages cached, starts its service, and writes a table and a plot to
`bench/results/`. Rounds of subject and baseline alternate, medians are shown; a figure alone would say more about
the machine than about the template.
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
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
ROUNDS = 5
BARE = """
import uvicorn
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
import os
uvicorn.run(app, port=int(os.environ["SERVICE_PORT"]), log_level="critical", lifespan="off")
"""


def main() -> int:
    """Measure, print and write; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        rows = [*_bake(work), *_demo(work)]
        project = next((work / "demo").iterdir())
        rows += _serve(project)
    table = _table(rows)
    print(table)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "template.md").write_text(table, encoding="utf-8")
    (RESULTS / "template.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def _bake(work: Path) -> list[dict[str, object]]:
    """Baking, beside importing cookiecutter and copying the files."""
    clean = work / "template"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clean)], check=True)
    from cookiecutter.main import cookiecutter

    def bake(number: int) -> None:
        cookiecutter(str(clean), no_input=True, output_dir=str(work / f"bake-{number}"), default_config=True)

    def copy(number: int) -> None:
        shutil.copytree(clean / "{{cookiecutter.project_slug}}", work / f"copy-{number}")

    return [_paired("bake a project (in process)", bake, "copy its files", copy)]


def _demo(work: Path) -> list[dict[str, object]]:
    """The demo in a new project, packages cached: what a newcomer waits for. The environment alone is the baseline."""
    seconds: dict[str, float] = {}
    subprocess.run(
        ["cookiecutter", str(work / "template"), "--no-input", "--default-config", "-o", str(work / "demo")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    project = next((work / "demo").iterdir())
    for target in ("setup", "demo"):
        began = time.perf_counter()
        subprocess.run(["make", target], cwd=project, check=True, stdout=subprocess.DEVNULL)
        seconds[target] = time.perf_counter() - began
    whole = seconds["setup"] + seconds["demo"]
    return [_row("make demo, with its set-up", whole, "make setup alone", seconds["setup"], "s")]


def _serve(project: Path) -> list[dict[str, object]]:
    """From start to ready, and resident memory when idle, beside a bare uvicorn application."""
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    local = {"SERVICE_ENVIRONMENT": "local", "SERVICE_APPROVERS": ".local/approvers.toml"}
    python = str(project / ".venv" / "bin" / "python")
    for _ in range(ROUNDS):
        ours.append(_start([python, "-m", "service"], project, local))
        bare.append(_start([python, "-c", BARE], project, {}))
    middle = [[statistics.median(run[i] for run in runs) for i in (0, 1)] for runs in (ours, bare)]
    return [
        _row("service, start to ready", middle[0][0], "bare uvicorn", middle[1][0], "s"),
        _row("service, resident memory", middle[0][1], "bare uvicorn", middle[1][1], "MB"),
    ]


def _start(command: list[str], project: Path, settings: dict[str, str]) -> tuple[float, float]:
    port = "18080"
    environment = {**os.environ, **settings, "SERVICE_PORT": port}
    began = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                if child.poll() is not None:
                    raise RuntimeError(f"{command} ended by itself; is port {port} free?") from None
                time.sleep(0.005)
        seconds = time.perf_counter() - began
        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return seconds, int(resident.split()[1]) / 1024
    finally:
        child.terminate()
        child.wait()


def _paired(
    name: str, subject: Callable[[int], None], baseline_name: str, baseline: Callable[[int], None]
) -> dict[str, object]:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS):
        for taken, call in zip(times, (subject, baseline), strict=True):
            began = time.perf_counter()
            call(number)
            taken.append(time.perf_counter() - began)
    return _row(name, statistics.median(times[0]), baseline_name, statistics.median(times[1]), "s")


def _row(name: str, value: float, baseline: str, other: float, unit: str) -> dict[str, object]:
    figures = {"value": round(value, 3), "baseline_value": round(other, 3), "ratio": round(value / other, 2)}
    return {"name": name, "unit": unit, "baseline": baseline, **figures}


def _table(rows: list[dict[str, object]]) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine}; medians of {ROUNDS} rounds, the demo once.",
        "",
        "| what | figure | baseline | its figure | ratio |",
        "|---|---|---|---|---|",
    ]
    for r in rows:
        unit = r["unit"]
        cells = [r["name"], f"{r['value']} {unit}", r["baseline"], f"{r['baseline_value']} {unit}", r["ratio"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
