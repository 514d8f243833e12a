"""Tries rules on invented series with the real promtool."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

Series = dict[str, str]
"""Series -> values, in promtool's notation: ``0+6x60`` begins at 0 and grows by 6 in each of 60 steps."""


@dataclass(frozen=True)
class Case:
    """When an alert fires, and when it keeps silent.

    Attributes:
        fires: what happens -> series by which the alert fires.
        silent: what happens -> series by which it does not, close to those by which it does.
        at: when to look; the series begin at 0.
        step: time between two values.
    """

    fires: dict[str, Series]
    silent: dict[str, Series]
    at: str = "1h"
    step: str = "1m"


@dataclass
class Promtool:
    """The program, and where it finds its files."""

    folder: Path
    binary: str = field(default_factory=lambda: installed("promtool"))

    def check(self, rules: dict[str, Any]) -> str:
        """What it says of rules; empty when it is content."""
        path = self._write("checked.yaml", rules)
        return self._run("check", "rules", "--lint=all", "--lint-fatal", path)

    def firing(self, rules: dict[str, Any], alert: str, series: Series, case: Case, labels: str = "") -> str:
        """What it says against the claim that the alert fires; empty when it does."""
        return self._expect(rules, alert, series, case, labels, 1)

    def quiet(self, rules: dict[str, Any], alert: str, series: Series, case: Case) -> str:
        """What it says against the claim that the alert keeps silent; empty when it does."""
        return self._expect(rules, alert, series, case, "", 0)

    def _expect(self, rules: dict[str, Any], alert: str, series: Series, case: Case, labels: str, number: int) -> str:
        picked = f'ALERTS{{alertname="{alert}", alertstate="firing"{labels}}}'
        asked = {
            "expr": f"clamp_max(count({picked}) or vector(0), 1)",
            "eval_time": case.at,
            "exp_samples": [{"labels": "{}", "value": number}],
        }
        test = {
            "interval": case.step,
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [asked],
        }
        self._write("rules.yaml", needed(rules, alert))
        tests = {"rule_files": ["rules.yaml"], "evaluation_interval": case.step, "tests": [test]}
        return self._run("test", "rules", self._write("test.yaml", tests))

    def _write(self, name: str, content: dict[str, Any]) -> str:
        path = self.folder / name
        path.write_text(json.dumps(content))  # JSON is YAML
        return str(path)

    def _run(self, *words: str) -> str:
        done = subprocess.run([self.binary, *words], capture_output=True, text=True, timeout=120)
        return "" if done.returncode == 0 else done.stdout + done.stderr


def needed(rules: dict[str, Any], alert: str) -> dict[str, Any]:
    """Of rules, those that an alert rests on, in their order: promtool works out all it is given, at every step."""
    every = [rule for group in rules["groups"] for rule in group["rules"]]
    wanted = [rule for rule in every if rule.get("alert") == alert]
    for rule in wanted:
        wanted += [other for other in every if other.get("record", "?") in rule["expr"] and other not in wanted]
    return {"groups": [{"name": "needed", "rules": [rule for rule in every if rule in wanted]}]}


def installed(program: str) -> str:
    """Its path; without it the test is skipped."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed (it comes with Prometheus)")
    return path
