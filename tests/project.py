"""What the tests do with a generated project: make targets, a running service, a look at what is left behind."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

NOT_THE_USERS = re.compile(
    r"(CI|DO_NOT_TRACK|MFLAGS|VIRTUAL_ENV)$|DVC|GITHUB|MAKE|MLFLOW|PYTEST|PYTHON|RUFF|SERVICE|TRAINING"
)
"""Variables of the tests' own shell. A user has none of them, and telemetry keeps quiet where it sees CI or pytest."""
LOCAL = {"SERVICE_ENVIRONMENT": "local", "SERVICE_APPROVERS": ".local/approvers.toml"}


def share(project, python):
    """Makes the shared environment the project's own .venv, so that make finds nothing to set up.

    Links to its parts, and a time stamp beside them: the environment itself stays as it is.
    """
    venv = project / ".venv"
    venv.mkdir()
    for part in python.parents[1].iterdir():
        if not part.name.startswith(".ready"):
            (venv / part.name).symlink_to(part)
    (venv / ".ready").touch()


def environment(project, **settings):
    """The variables of a user's shell. A shared environment cannot know where each project's own code is."""
    users = {name: value for name, value in os.environ.items() if not NOT_THE_USERS.match(name)}
    return {**users, "PYTHONPATH": str(project / "src"), **{name: str(value) for name, value in settings.items()}}


def start(project, *command, output=subprocess.PIPE, **settings):
    """Starts a command as the head of a process group, as a terminal does; its output is one stream of text.

    Ctrl-C works in it even if the tests themselves were started with Ctrl-C ignored.
    """
    return subprocess.Popen(
        [str(word) for word in command],
        cwd=project,
        env=environment(project, **settings),
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run(project, *command, **settings):
    """Runs a command that must succeed; returns what it printed."""
    process = start(project, *command, **settings)
    try:
        said, _ = process.communicate(timeout=900)
    finally:
        end(process)
    assert process.returncode == 0, f"{command} ended with {process.returncode}:\n{said}"
    return said


def end(process):
    """Kills whatever is left of a process that start() started, and of its children."""
    if group_lives(process):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def group_lives(process):
    """Whether any process of the group is still there."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition, seconds=60):
    """Waits for a condition; returns what it gives."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.02)
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def half_written(project):
    """Files and folders under temporary names, and bundles without their list of files."""
    homes = [project.glob("*"), *((project / name).rglob("*") for name in ("build", "models", ".local"))]
    left = [path for home in homes for path in home if ".tmp" in path.name]
    for bundle in [project / "build/bundle", *project.glob("models/*/bundle")]:
        if bundle.exists() and not (bundle / "manifest.json").exists():
            left.append(bundle)
    return left


class Demo(NamedTuple):
    """A project after its `make demo`: where it is, and what the command printed."""

    folder: Path
    said: str


class Service(NamedTuple):
    """A running service: where it answers, and a key that it knows."""

    address: str
    key: str

    def get(self, path):
        """The body of a page."""
        request = urllib.request.Request(self.address + path, headers={"X-API-Key": self.key})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()


@contextmanager
def served(project, **settings):
    """Runs the project's service on a free port, in local mode unless told otherwise. It must end well when told to."""
    port = free_port()
    python = project / ".venv" / "bin" / "python"
    with tempfile.TemporaryFile("w+") as log:  # a pipe would be full some time, and the service wait for a reader
        process = start(project, python, "-m", "service", output=log, **{**LOCAL, "SERVICE_PORT": port, **settings})

        def told():
            log.seek(0)
            return log.read()

        try:
            until(lambda: listening(port) or process.poll() is not None)
            assert process.poll() is None, told()
            service = Service(f"http://127.0.0.1:{port}", (project / ".local/api-key").read_text())
            service.get("/readyz")
            yield service
            process.terminate()
            assert process.wait(timeout=30) == 0, told()
            assert not listening(port)
        finally:
            end(process)
