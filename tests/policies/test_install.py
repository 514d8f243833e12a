"""The gate is installed as its README says, by itself, and judges."""

import json
import shutil
import subprocess
import sys

from repository import ROOT


def test_it_is_installed_and_judges_a_stream(tmp_path):
    shutil.copytree(ROOT / "policies", tmp_path / "policies", ignore=shutil.ignore_patterns(".*", "__pycache__"))
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", tmp_path / "policies"], check=True)
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"hostNetwork": True, "containers": [{"name": "a", "image": "a.example/a:1.2.3"}]},
    }
    done = subprocess.run(
        [tmp_path / "venv" / "bin" / "readiness", "manifests", "-", "--format", "json"],
        input=json.dumps(pod),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 1, done.stderr
    failed = {one["control"] for one in json.loads(done.stdout)["results"] if one["verdict"] == "fail"}
    assert "S3.host-namespaces" in failed, failed
