"""What a test needs of the machine: skipped without it, except in CI, where nothing may be skipped."""

import os
import shutil

import pytest

CI = os.environ.get("CI") == "true"
WITHOUT = frozenset(os.environ.get("AIRWORTHY_WITHOUT", "").split())
"""What a CI machine cannot have, as `.ci/run` found and said: there too, its tests are skipped."""


def need(condition, reason, part=""):
    """Goes on only if the condition holds. Outside CI the test is skipped with the reason, in CI it fails.

    Args:
        condition: what must hold.
        reason: what to install or set.
        part: what is missing, by its name in AIRWORTHY_WITHOUT.
    """
    if condition:
        return
    if CI and part not in WITHOUT:
        pytest.fail(f"{reason} (in CI nothing may be skipped)")
    pytest.skip(reason)


def need_time(minutes):
    """Goes on only where all tests are run, however long they take."""
    need(CI or os.environ.get("AIRWORTHY_ALL"), f"takes {minutes} minutes: make test ALL=1 runs it, as CI does")


def need_cluster():
    """The path of the kubeconfig of a cluster that is there for tests."""
    found = os.environ.get("KUBECONFIG")
    need(found, "set KUBECONFIG to a cluster for tests", "cluster")
    return found


def need_command(*names):
    """The path of the first of these commands that is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    need(found, f"install {' or '.join(names)}", names[0])
    return found
