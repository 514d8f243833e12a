"""A cluster, the project's images in it, a registry that holds two approved models, and a way to release them."""

import ipaddress
import os
import shutil
import socket
import subprocess

import pytest

from cluster import images
from cluster.kube import Kube
from cluster.prometheus import listening_at, prometheus
from cluster.release import Release, furnished
from needs import need
from project import end, free_port, run, start, until
from serving import HERE, Material

MODEL = "from pathlib import Path; from training import params; print(params.load(Path('params.yaml')).model)"


@pytest.fixture(scope="session")
def kubectl():
    """The command, on a cluster that answers and runs on this very machine."""
    need(os.environ.get("KUBECONFIG"), "set KUBECONFIG to a cluster for tests")
    found = shutil.which("kubectl")
    need(found, "install kubectl")
    up = subprocess.run([found, "get", "--raw", "/readyz"], capture_output=True, timeout=60).returncode == 0
    need(up, "the cluster that KUBECONFIG names does not answer")
    return found


@pytest.fixture(scope="session")
def node(kubectl):
    """The address of the node, at which pods reach what the tests serve."""
    (found,) = Kube(kubectl, "default").get("nodes")["items"]
    addresses = {each["type"]: each["address"] for each in found["status"]["addresses"]}
    try:
        socket.create_server((addresses["InternalIP"], 0)).close()
    except OSError:
        need(False, "the cluster's node must be this machine: its pods call the registry that the tests serve")
    return str(ipaddress.ip_address(addresses["InternalIP"]))


@pytest.fixture(scope="session")
def rollouts(kubectl):
    """Argo Rollouts is at work on the cluster."""
    kinds = Kube(kubectl, "default").run("api-resources", "--api-group=argoproj.io")
    need("Rollout" in kinds, "install Argo Rollouts on the cluster")


@pytest.fixture(scope="session")
def project(bake, tmp_path_factory):
    return bake(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="session")
def material(project, project_env, tmp_path_factory):
    """Two releases of one model whose every answer is known, and who may approve them."""
    made = Material.make(project, project_env, tmp_path_factory.mktemp("made") / "material")
    shutil.copy(made.folder / "approvers.toml", project / "approvers.toml")
    return made


@pytest.fixture(scope="session")
def loaded(kubectl, project, material, tmp_path_factory):
    """The project's images are in the cluster."""
    images.build(project, tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def registry(node, project, project_env, material, tmp_path_factory):
    """The address of a real MLflow in which both releases are registered and approved, as versions 1 and 2."""
    folder, port = tmp_path_factory.mktemp("registry"), free_port()
    store = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", folder / "artifacts"]
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("w") as log:
        command = [project_env, "-m", "mlflow", "server", *store, "--host", node, "--port", port, "--workers", 1]
        server = start(folder, *command, output=log, **settings)
    try:
        until(lambda: listening_at(node, port, "/health") or server.poll() is not None, 120)
        assert server.poll() is None, (folder / "log").read_text()
        url = f"http://{node}:{port}"
        releases = [material.folder / name for name in ("first", "second")]
        model = run(project, project_env, "-c", MODEL).strip()
        said = run(project, project_env, HERE / "cluster/registered.py", url, model, *releases)
        assert [line for line in said.splitlines() if line.isdigit()] == ["1", "2"], said
        yield url
    finally:
        end(server)


@pytest.fixture
def watcher(node, tmp_path):
    """A real Prometheus with nothing to scrape yet; a new one each time, as it remembers pods for minutes."""
    with prometheus(tmp_path, node) as server:
        yield server


@pytest.fixture
def release(kubectl, loaded, project, project_env, material, registry, watcher):
    """A namespace with all that the service expects of the platform, and nothing deployed yet."""
    platform = {"tracking_uri": registry, "prometheus_url": watcher.url, "context": "tests"}
    platform |= {"runbook_base": "https://runbooks.example"}
    usual = {"image": images.SERVICE, "pull_image": images.PULL, "platform": platform, "model_version": "1"}
    usual |= {"strategy": {"kind": "rolling"}, "resources": {"cpu": "100m", "memory": "256Mi"}, "priority_class": None}
    with furnished(kubectl, material) as kube:
        yield Release(kube, project, project_env, usual)
