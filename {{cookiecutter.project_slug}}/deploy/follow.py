"""Waits until Argo Rollouts is done with a release, and tells how it went."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.errors import DeployError

POLL_SECONDS = 2.0


class TakenBack(DeployError):
    """A new version was judged and did badly; the old one answers again."""


@dataclass(frozen=True)
class Place:
    """Where a Rollout is.

    Attributes:
        name: its name.
        namespace: its namespace.
        context: of the kubeconfig; empty for the current one.
    """

    name: str
    namespace: str
    context: str = ""


def follow(place: Place) -> None:
    """Wait to the end of the release, telling each step.

    Raises:
        TakenBack: it did badly; says why.
        DeployError: the cluster cannot be asked.
    """
    told = ""
    while True:
        found = _read(place)
        done = outcome(found)
        if (step := progress(found)) != told:
            print(step, flush=True)
            told = step
        if done:
            return
        time.sleep(POLL_SECONDS)


def outcome(rollout: Mapping[str, Any]) -> bool:
    """Whether the newest release is all there is.

    Raises:
        TakenBack: it was taken back.
    """
    status = rollout.get("status", {})
    if status.get("observedGeneration") != str(rollout["metadata"]["generation"]):
        return False
    if status.get("phase") == "Degraded":
        look = f"kubectl --namespace={rollout['metadata'].get('namespace')} get analysisruns --output=yaml"
        raise TakenBack(
            f"the new version was taken back, the old one answers: {status.get('message', 'no reason given')}\n"
            f"  what was measured: {look}"
        )
    return bool(status.get("phase") == "Healthy")


def progress(rollout: Mapping[str, Any]) -> str:
    """Where the release stands, in a few words."""
    status = rollout.get("status", {})
    steps = rollout["spec"]["strategy"].get("canary", {}).get("steps", [])
    at = status.get("currentStepIndex", 0)
    where = f", step {min(at + 1, len(steps))} of {len(steps)}" if steps else ""
    new, all_ = status.get("updatedReplicas", 0), status.get("replicas", 0)
    return f"{status.get('phase', 'Waiting')}{where}: {new} new pods of {all_}"


def _read(place: Place) -> Any:
    context = [f"--context={place.context}"] if place.context else []
    command = ["kubectl", *context, f"--namespace={place.namespace}", "get", "rollout", place.name, "--output=json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise DeployError("kubectl is not on the PATH: install it to see how a release goes on") from error
    if done.returncode:
        raise DeployError(f"kubectl cannot tell how the release goes on: {done.stderr.strip()}")
    return json.loads(done.stdout)
