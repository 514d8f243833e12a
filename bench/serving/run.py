"""The whole run: rounds of all servers in turn, then what is measured on the service alone, then the results."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from serving import changes, report
from serving.costs import costs
from serving.environments import CACHE, Unavailable
from serving.machine import describe
from serving.overload import overload
from serving.plan import MANY, Plan
from serving.running import Running, running
from serving.servers import BARE, OURS, SERVERS, Server
from serving.soak import soak
from serving.stage import Stage, prepared, run_python
from serving.summary import COMPARED, summarise
from serving.targets import judge
from serving.visit import Visit, visit

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
TRIALS = CACHE / "bench-trial"
"""Where a run's results go that is quick or leaves servers out: they are not to be quoted."""


def run(plan: Plan, only: Sequence[str]) -> int:
    """Measure and write; ``only`` names servers beside the bare one, all by default. Returns the exit code."""
    servers = [server for server in SERVERS if not only or server is BARE or server.name in only]
    with tempfile.TemporaryDirectory(prefix="airworthy-bench-", ignore_cleanup_errors=True) as folder:
        _say("preparing project, environments and models")
        with prepared(Path(folder)) as stage:
            visits = _rounds(stage, plan, servers)
            more = _alone(stage, plan) if OURS in servers else {}
            _write(stage, plan, visits, more, RESULTS if plan.rounds >= Plan().rounds and not only else TRIALS)
    return 0


def _rounds(stage: Stage, plan: Plan, servers: Sequence[Server]) -> list[Visit]:
    """All servers in turn, round by round, each round beginning with another one."""
    visits: list[Visit] = []
    with running(stage, BARE) as reference:
        for number in range(plan.rounds):
            turns = list(_turns(servers))
            turns = turns[number % len(turns) :] + turns[: number % len(turns)]
            for at, (server, model, workers) in enumerate(turns, start=1):
                found = visit(stage, plan, reference, server, model, workers)
                visits.append({"round": number, **found})
                _say(f"round {number + 1}/{plan.rounds}, {at}/{len(turns)}  {_told(found)}")
    order = {server.name: place for place, server in enumerate(SERVERS)}
    return sorted(visits, key=lambda found: (order[found["server"]], found["workers"], found["model"]))


def _turns(servers: Sequence[Server]) -> Iterator[tuple[Server, str, int]]:
    for server in servers:
        yield server, "forest", 1
        if server.several:
            yield server, "forest", 2
        for model in ("boosted", "mlp") if server.every else ():
            yield server, model, 1


def _alone(stage: Stage, plan: Plan) -> dict[str, Any]:
    """What concerns the service only. One that fails does not keep the others from being measured."""
    turns = [rows for _ in range(plan.rounds) for rows in (1, MANY)]

    def with_one(how: Callable[[Running], Any]) -> Any:
        with running(stage, OURS) as here:
            return how(here)

    measured: dict[str, Callable[[], Any]] = {
        "costs": lambda: costs(stage, plan),
        "overload": lambda: with_one(lambda here: [overload(here, rows, plan.overload) for rows in turns]),
        "tokens": lambda: with_one(lambda here: changes.tokens(here, plan)),
        "reloads": lambda: with_one(lambda here: changes.reloads(here, plan)),
        "soak": lambda: with_one(lambda here: soak(here, plan)),
    }
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, measure in measured.items():
        _say(name)
        try:
            found[name] = measure()
        except (Unavailable, OSError) as error:
            errors[name] = " ".join(str(error).split())[:300]
    return {**found, "errors": errors}


def _write(stage: Stage, plan: Plan, visits: Sequence[Visit], more: dict[str, Any], folder: Path) -> None:
    figures = summarise(visits)
    targets = judge(figures, more)
    machine, plan_told = describe(stage), asdict(plan)
    document = {
        "machine": machine,
        "plan": plan_told,
        "targets": [asdict(target) for target in targets],
        "figures": figures,
        "alone": more,
        "visits": visits,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "serving.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    page = report.page(machine, plan_told, figures, targets, more)
    (folder / "serving.md").write_text(page, encoding="utf-8")
    run_python(stage.dev, HERE / "plot.py", folder / "serving.json", folder / "serving.png")
    print(page)
    _say(f"written: {folder}/serving.md, serving.json, serving.png")


def _told(found: Visit) -> str:
    name = f"{found['server']} {found['model']} ×{found['workers']}"
    if "error" in found:
        return f"{name:28} {found['error'][:90]}"
    load = found["loads"][COMPARED]
    return f"{name:28} {load['rps']:8,.0f} rps {load['cpu_us']:7,.0f} µs {load['p99_ms']:7.1f} ms p99"


def _say(words: str, began: float = time.monotonic()) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {words}", file=sys.stderr, flush=True)
