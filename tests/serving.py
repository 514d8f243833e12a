"""A project's service as it runs in production, and its logs: what chaos and fuzz tests share."""

import http.client
import json
import os
import re
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

from project import end, run, start, until

HERE = Path(__file__).parent
REQUEST = b'"logger":"service.access"'
"""In the log lines of single requests."""


class Material:
    """Releases with known answers, and keys; see ``material.py``.

    Attributes:
        folder: holds them.
        rows: rows, each with an answer of its own.
        expected: the answers by version.
        key: lets predict.
    """

    def __init__(self, project, python, folder):
        self.project, self.python, self.folder = project, python, folder
        self.made = json.loads((folder / "material.json").read_text())
        self.rows, self.expected, self.keys = (self.made[name] for name in ("rows", "expected", "keys"))
        self.key, self.mixed = self.keys["tester"], self.made["mixed"]

    @classmethod
    def make(cls, project, python, folder):
        folder.mkdir()
        path = f"{project}/src{os.pathsep}{project}/tests"
        run(project, python, HERE / "material.py", folder, PYTHONPATH=path)
        return cls(project, python, folder)

    def copy(self, folder):
        """The same elsewhere, for a test that changes it."""
        shutil.copytree(self.folder, folder)
        return Material(self.project, self.python, folder)

    def settings(self, **changes):
        """The environment of a service that answers from ``first``; ``changes`` are settings."""
        at = self.folder
        settings = {"port": 0, "bundle": at / "first", "approvers": at / "approvers.toml", "audit": at / "audit"}
        settings |= {"api_keys": at / "api-keys.json", "audit_key": at / "audit.pem"}
        settings |= {"audit_input_key": at / "audit-input", "reload_seconds": 0.1, "drain_seconds": 0, **changes}
        return {"TMPDIR": str(at), **{f"SERVICE_{name.upper()}": value for name, value in settings.items()}}

    def command(self, *words, **changes):
        """What ``python -m service`` with these arguments prints."""
        return run(self.project, self.python, "-m", "service", *words, **self.settings(**changes))

    @contextmanager
    def served(self, *before, **changes):
        """Runs the service, behind a command if one is given. It must end well when told to."""
        with tempfile.NamedTemporaryFile(suffix=".log", dir=self.folder, delete=False) as log:
            command = [*before, self.python, "-m", "service"]
            process = start(self.project, *command, output=log, **self.settings(**changes))
        running = Running(process, Path(log.name), self.key)
        try:
            until(lambda: running.logged("ready") or process.poll() is not None)
            assert process.poll() is None, running.said()
            yield running
            assert running.stop() == 0, running.said()
        finally:
            end(process)


class Running:
    """A running service: one process, or a supervisor with its workers."""

    def __init__(self, process, log, key):
        self.process, self.key = process, key
        self.pid = process.pid
        self.log, self._at, self._lines = log, 0, []

    @property
    def port(self):
        return int(self.logged("ready")[0]["url"].rpartition(":")[2])

    def logged(self, message):
        """Its log lines with a message, but for those that tell of single requests."""
        return [line for line in self.lines() if line["message"] == message]

    def said(self):
        """All its log lines but those that tell of single requests, as text."""
        return "\n".join(map(json.dumps, self.lines()))

    def lines(self):
        """All its log lines but those that tell of single requests."""
        with self.log.open("rb") as log:
            log.seek(self._at)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                if REQUEST not in line:
                    self._lines.append(json.loads(line) if line[:1] == b"{" else {"message": line.decode()})
        return self._lines

    def ask(self, method, path, body=None, key=None):
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {"X-API-Key": key or self.key})
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def predict(self, row, key=None):
        return self.ask("POST", "/v1/predict", json.dumps({"rows": [row]}), key)

    def metric(self, name):
        """The sum of a metric's samples; its labels may be part of the name."""
        _, text = self.ask("GET", "/metrics")
        found = re.findall(rf"^{re.escape(name)}(?:{{.*}})? (\S+)$", text.decode(), re.MULTILINE)
        return sum(map(float, found))

    def workers(self):
        """The newest process of each worker."""
        return {line["worker"]: line["pid"] for line in self.logged("worker ready")}

    def stop(self):
        """Tells it to end; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)
