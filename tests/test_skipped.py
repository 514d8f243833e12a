"""What this machine has not is said, not passed over."""

import os
import subprocess
import sys

from repository import ROOT

NEEDS_A_CLUSTER = "tests/cluster/test_scaling.py"
OF_THE_RUN = {"KUBECONFIG", "CI", "AIRWORTHY_WITHOUT", "PYTEST_ADDOPTS"}


def without_a_cluster(**variables):
    """What pytest prints of a test that needs a cluster, on a machine without one."""
    lacking = {name: value for name, value in os.environ.items() if name not in OF_THE_RUN}
    command = [sys.executable, "-m", "pytest", "-n", "2", NEEDS_A_CLUSTER]
    return subprocess.run(command, cwd=ROOT, env=lacking | variables, capture_output=True, text=True, timeout=120)


def test_what_was_skipped_is_listed_with_the_reason():
    done = without_a_cluster()
    assert done.returncode == 0, done.stdout
    assert f"1 skipped: set KUBECONFIG to a cluster for tests ({NEEDS_A_CLUSTER})" in done.stdout.splitlines()


def test_nothing_is_skipped_in_ci():
    done = without_a_cluster(CI="true")
    assert done.returncode == 1, done.stdout
    assert "set KUBECONFIG to a cluster for tests (in CI nothing may be skipped)" in done.stdout
