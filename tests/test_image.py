"""The image: what is in it, what it may do, what it answers, and how it ends.

AIRWORTHY_PYTHON_IMAGE names a base image where the Dockerfile's own cannot be pulled.
"""

import http.client
import json
import os
import re
import subprocess
import time
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from needs import need, need_command
from project import Service, free_port, listening, run, until
from repository import BRACED, ROOT, begin, git

NAME = "airworthy-test"
DOCKERFILE = (ROOT / BRACED / "Dockerfile").read_text(encoding="utf-8")
BASE = os.environ.get("AIRWORTHY_PYTHON_IMAGE") or re.search(r"^ARG PYTHON_IMAGE=(\S+)", DOCKERFILE, re.MULTILINE)[1]
ANSWERS = {
    "project_name": 'Ärzte & "Söhne" $HOME \\ 100 % 🚀',
    "project_slug": "aerzte",
    "description": "עברית, quotes ' \" and {braces}, $(a) `command`",
    "team": 'The "Team" \\ $USER',
    "license": "Proprietary",
}
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096"]
"""Less than podman asks for by itself, which a test machine may not allow."""
LOCKED = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"]


def ran(*command):
    """What a command printed, without the logs of the engine."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def engine():
    """The command of a container engine that can run the base image here."""
    found = need_command("podman", "docker")
    for command in ([found], [found, "--runtime", "runc"]):  # podman's own choice, crun, does not work everywhere
        tried = [*command, "run", "--rm", "--network=none", *LIMITS, BASE, "true"]
        if subprocess.run(tried, capture_output=True).returncode == 0:
            return command
    need(False, f"{found} cannot run {BASE}; AIRWORTHY_PYTHON_IMAGE can name another Python image")


@pytest.fixture(scope="module")
def image(engine, bake, project_env, tmp_path_factory):
    """A project whose texts are awkward, and the image that `make image` built of it."""
    project = begin(bake(tmp_path_factory.mktemp("image"), **ANSWERS), project_env)
    flags = f"--network=host --build-arg PYTHON_IMAGE={BASE}"
    run(project, "make", "image", f"IMAGE={NAME}", f"ENGINE={' '.join(engine)}", f"BUILD_FLAGS={flags}")
    (found,) = json.loads(ran(*engine, "image", "inspect", NAME))
    return project, found


def test_its_labels_are_the_answers_and_the_commit(image):
    project, found = image
    ours = "org.opencontainers.image."
    labels = found["Config"]["Labels"]
    assert {name.removeprefix(ours): text for name, text in labels.items() if name.startswith(ours)} == {
        "title": ANSWERS["project_name"],
        "description": ANSWERS["description"],
        "vendor": ANSWERS["team"],
        "licenses": "LicenseRef-Proprietary",
        "version": git(project, "describe", "--always").strip(),
        "revision": git(project, "rev-parse", "HEAD").strip(),
    }


def test_it_has_a_health_check_and_a_user_without_rights(image):
    _, found = image
    check = found["Config"].get("Healthcheck") or found["Healthcheck"]  # docker and podman put it elsewhere
    assert check["Test"] == ["CMD", "python", "-m", "service", "health"]
    assert found["Config"]["User"] == "10001:10001"


LOOK = """
import importlib.util, json, pathlib, shutil
folders = map(pathlib.Path, ("/root/.cache", "/tmp", "/var/cache/apt/archives", "/var/lib/apt/lists"))
print(json.dumps({
    "compilers": [name for name in ("cc", "gcc", "g++", "clang", "make", "ld") if shutil.which(name)],
    "caches": [str(p) for folder in folders for p in folder.rglob("*") if p.is_file() and p.name != "lock"],
    "packages": [name for name in ("pip", "mlflow", "sklearn", "pandas", "training") if importlib.util.find_spec(name)],
}))
"""


def test_nothing_is_in_it_that_it_does_not_need(image, engine, capsys):
    _, found = image
    everywhere = ["--user=0", "--network=none", *LIMITS]
    seen = json.loads(ran(*engine, "run", "--rm", *everywhere, "--entrypoint=python", NAME, "-c", LOOK))
    assert seen == {"compilers": [], "caches": [], "packages": []}
    with capsys.disabled():
        print(f"\nsize of the image: {found['Size'] / 1e6:.0f} MB")


class Container(NamedTuple):
    """A running container: its name, the service in it, and a request with the right answer."""

    name: str
    service: Service
    rows: list
    expected: list


@contextmanager
def container(engine, project, folder):
    """The image as production runs it: read-only, without capabilities, with the project's models read-only."""
    port, keys = free_port(), folder / "api-keys.json"
    python = project / ".venv/bin/python"
    key = run(project, python, "-m", "service", "keys", "create", "test", SERVICE_API_KEYS=keys).strip()
    signing, hashing, trail = folder / "audit-key.pem", folder / "audit-input-key", folder / "audit"
    run(project, python, "-m", "service", "audit", "keys", SERVICE_AUDIT_KEY=signing, SERVICE_AUDIT_INPUT_KEY=hashing)
    for path in (keys, signing, hashing):
        path.chmod(0o644)  # the image's user is another one
    trail.mkdir()
    trail.chmod(0o777)
    mounts = {
        project / "models": "/models",
        project / ".local/approvers.toml": "/config/approvers.toml",
        keys: "/config/api-keys.json",
        signing: "/config/audit-key.pem",
        hashing: "/config/audit-input-key",
    }
    volumes = [f"--volume={trail}:/audit", *(f"--volume={path}:{target}:ro" for path, target in mounts.items())]
    settings = ["--env=SERVICE_HOST=127.0.0.1", f"--env=SERVICE_PORT={port}"]
    name = ran(*engine, "run", "--detach", "--network=host", *LIMITS, *LOCKED, *volumes, *settings, NAME)
    golden = json.loads((project / "models/current/bundle/golden.json").read_text(encoding="utf-8"))
    try:
        until(lambda: listening(port) or ran(*engine, "inspect", "--format={{.State.Status}}", name) == "exited")
        assert listening(port), subprocess.run([*engine, "logs", name], capture_output=True, text=True)
        yield Container(name, Service(f"http://127.0.0.1:{port}", key), golden["rows"], golden["expected"])
    finally:
        subprocess.run([*engine, "rm", "--force", name], capture_output=True, check=True)


class Request:
    """A request for predictions of which the service has accepted the headers, and waits for the body."""

    def __init__(self, service, rows):
        self.body = json.dumps({"rows": rows}).encode()
        self.connection = http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=60)
        self.connection.putrequest("POST", "/v1/predict")
        headers = {"X-API-Key": service.key, "Content-Length": len(self.body), "Expect": "100-continue"}
        for header, value in headers.items():
            self.connection.putheader(header, value)
        self.connection.endheaders()
        assert self.connection.sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"

    def answer(self):
        """Sends the body; gives the probabilities that come back."""
        self.connection.send(self.body)
        response = self.connection.getresponse()
        document = json.loads(response.read())
        self.connection.close()
        assert response.status == 200, document
        return [list(prediction["probabilities"].values()) for prediction in document["predictions"]]


PUBLIC = "audit-key.pem.pub"
WRITABLE = """
import os
print(os.getuid(), [folder for folder in ("/", "/opt/app", "/models", "/config") if os.access(folder, os.W_OK)])
"""


def test_it_can_write_nowhere(image, engine, demo, tmp_path):
    with container(engine, demo.folder, tmp_path) as made:
        assert ran(*engine, "exec", made.name, "python", "-c", WRITABLE) == "10001 []"
        assert ran(*engine, "exec", "--user=0", made.name, "python", "-c", WRITABLE) == "0 []"


def test_it_answers_and_ends_without_losing_a_request(image, engine, demo, tmp_path):
    """SIGTERM comes when requests are accepted and not yet read; each gets its whole right answer."""
    with container(engine, demo.folder, tmp_path) as made:
        assert json.loads(made.service.get("/readyz"))
        ran(*engine, "exec", made.name, "python", "-m", "service", "health")
        answer = Request(made.service, made.rows).answer()
        assert answer == [pytest.approx(row, abs=1e-6) for row in made.expected]

        times = [1, 1, 1, 1, 10_000 // len(made.rows)]
        requests = [Request(made.service, made.rows * n) for n in times]
        began = time.monotonic()
        ran(*engine, "kill", "--signal=TERM", made.name)
        until(lambda: not listening(int(made.service.address.rpartition(":")[2])))
        for n, request in zip(times, requests, strict=True):
            assert request.answer() == [pytest.approx(row, abs=1e-6) for row in made.expected] * n
        assert ran(*engine, "wait", made.name) == "0"
        assert time.monotonic() - began < 25, "SERVICE_DRAIN_SECONDS and SERVICE_GRACE_SECONDS"
    python = demo.folder / ".venv/bin/python"
    proof = run(demo.folder, python, "-m", "service", "audit", "verify", tmp_path / "audit", "--key", tmp_path / PUBLIC)
    assert f"{1 + len(times)} decisions by 1 writers" in proof
    assert proof.endswith("sound\n")
