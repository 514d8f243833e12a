"""A project's service as it runs in production, its logs read, and load on it: what chaos and fuzz tests share."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from project import end, run, start, until

HERE = Path(__file__).parent
CONNECTIONS = 64
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


class Pressure:
    """Verified load in a process of its own, while the test does something to the service; see ``chaos.py``."""

    def __init__(self, material, port):
        plan = {"port": port, "connections": CONNECTIONS, "rows": material.rows}
        plan |= {"expected": material.expected, "key": material.key}
        command = [sys.executable, HERE / "chaos.py", json.dumps(plan)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.now = {"answered": 0, "versions": {}}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.now = json.loads(line)

    def goes_on(self, answers=1000, version=None):
        """Waits until so many more requests were answered, by a version if one is given."""
        before = self.count(version)
        until(lambda: self.count(version) >= before + answers)

    def count(self, version=None):
        assert self.process.poll() is None, "the load ended"
        return self.now["versions"].get(version, 0) if version else self.now["answered"]

    def switch(self, key):
        """Lets all requests from now on have another key; waits until none is on its way with an older one."""
        self.process.stdin.write(json.dumps({"key": key}) + "\n")
        self.process.stdin.flush()
        until(lambda: self.now["key"] == key and not self.now["older"])

    def finish(self):
        """Ends it; what came of all that was sent."""
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self._reader.join(timeout=60)
        assert "ids" in self.now, "the load failed"
        outcome = Outcome(self.now)
        print(outcome)
        return outcome


class Outcome:
    """What came of the requests of a load; as text, a table."""

    def __init__(self, totals):
        self.sent, self.answered, self.lost = (totals[name] for name in ("sent", "answered", "lost"))
        self.refused, self.wrong, self.ids = totals["refused"], totals["wrong"], totals["ids"]

    @property
    def none_lost_or_wrong(self):
        return self.promised(lost=0)

    def promised(self, lost, refusals=()):
        """Whether no answer was wrong, at most so many were lost, and refusals were of these kinds only."""
        whole = self.sent == self.answered + sum(self.refused.values()) + self.lost
        return whole and not self.wrong and self.lost <= lost and set(self.refused) <= set(refusals)

    def __str__(self):
        table = {"sent": self.sent, "answered": self.answered, "lost": self.lost, "wrong": len(self.wrong)}
        table |= {f"refused: {told}": number for told, number in self.refused.items()}
        lines = [f"{name:40} {number:>9,}" for name, number in table.items()]
        return "\n".join(["", *lines, *self.wrong[:5]])


@contextmanager
def pressure(material, port):
    """Load on a service at a port; it is there when the block begins."""
    load = Pressure(material, port)
    try:
        load.goes_on()
        yield load
    finally:
        load.process.kill()
        load.process.wait()
