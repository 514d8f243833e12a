"""Plans a project without an engine: runs its program against a monitor that keeps what the program registers.

plan(program, "airworthy-cluster", "dev", configuration("cluster", "dev"), {"airworthy-cluster": {…}})
"""

from __future__ import annotations

import asyncio
import contextvars
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import empty_pb2
from monitor import Monitor
from planned import Plan, Planned, Secret, kubernetes_name
from pulumi.runtime import config as runtime_config
from pulumi.runtime.mocks import MockEngine, MockSettings
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

__all__ = ["ENVIRONMENTS", "STACKS", "Plan", "Planned", "Secret", "configuration", "kubernetes_name", "plan"]

ENVIRONMENTS = ("dev", "staging", "prod")
STACKS = Path(__file__).parents[2] / "stacks"


@cache
def configuration(project: str, environment: str) -> Mapping[str, Any]:
    """What a project's settings file holds, with the full keys, such as ``airworthy-cluster:owner``."""
    return yaml.safe_load((STACKS / project / f"Pulumi.{environment}.yaml").read_text())["config"]


def plan(
    project_program: Callable[[], object],
    project: str,
    environment: str,
    config: Mapping[str, Any],
    outputs_of_other_stacks: Mapping[str, Mapping[str, Any]] | None = None,
    secret_keys: tuple[str, ...] = (),
) -> Plan:
    """Run a program and return what it would have the engine make.

    Args:
        project_program: the project's ``program``.
        project: its Pulumi name, such as ``airworthy-cluster``.
        environment: the name of the stack.
        config: by full keys; values as YAML would give them.
        outputs_of_other_stacks: by Pulumi project; a reference to any other fails.
        secret_keys: which of the config were set as secrets.
    """
    monitor = Monitor(outputs_of_other_stacks or {})

    def run() -> None:
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        runtime_config.set_all_config(texts, list(secret_keys))
        configure(
            MockSettings(
                outputs=set(),  # else what a program that failed still waited for would be waited for by the next
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures),
                engine=MockEngine(None),
                project=project,
                stack=environment,
                dry_run=False,
                organization="organization",
                callbacks=None,
            )
        )
        asyncio.run(run_in_stack(lambda: project_program() and None))

    contextvars.Context().run(run)  # whatever a program leaves behind ends with this context
    return Plan(monitor.planned, monitor.exported, monitor.secrets, monitor.references)
